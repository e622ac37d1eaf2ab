package import ParleyCore

/// What an element of an entry says of itself.
package struct CachedHeader: Hashable, Sendable {
    /// The conversation's revision when the element was made.
    package let revision: Int
    /// The log's version when the element was made.
    package let tag: LogTag
    /// The message's place in the log.
    package let seq: Int

    package init(revision: Int, tag: LogTag, seq: Int) {
        self.revision = revision
        self.tag = tag
        self.seq = seq
    }
}

/// What to think of an entry.
package enum EntryVerdict: Hashable, Sendable {
    /// It is what the truth would answer.
    case usable
    /// There is none.
    case missing
    /// It is of another version.
    case stale
    /// It says that it is of this version, but holds something else.
    case broken
    /// Of this version no entry can be used: its reply grows.
    case streaming
}

/// When an entry may be used in place of the truth, and when one may be made.
///
/// Used by ``CachedStore``, and stepped by the tests that go through every interleaving.
package struct EntryRule: Sendable {
    /// By what an entry is known to be of a version; only `tag` is right, the others show what it is for.
    package enum Sameness: Sendable {
        case tag
        case revision
        case nothing
    }

    /// How many messages an entry holds.
    package let limit: Int
    package let sameness: Sameness
    /// Whether a log is left alone while a reply is written in it; only `true` is right.
    package let heedsReplies: Bool

    package init(limit: Int, sameness: Sameness = .tag, heedsReplies: Bool = true) {
        self.limit = limit
        self.sameness = sameness
        self.heedsReplies = heedsReplies && sameness != .nothing
    }

    /// Whether an entry, newest first, is the newest part of a version's log.
    package func verdict(on entry: [CachedHeader], against version: LogVersion) -> EntryVerdict {
        if heedsReplies, version.isStreaming { return .streaming }
        guard let newest = entry.first else { return .missing }
        switch sameness {
        case .tag: guard newest.tag == version.tag else { return .stale }
        case .revision: guard newest.revision == version.revision else { return .stale }
        case .nothing: return .usable
        }
        let isWhole = entry.count == min(limit, version.messageCount)
        let isInOrder = entry.indices.allSatisfy { entry[$0].seq == version.messageCount - $0 }
        return isWhole && isInOrder ? .usable : .broken
    }

    /// Whether the newest messages of a version, read from the truth, may become an entry.
    ///
    /// Not while a reply is written; and not of an empty log, since an empty list is no list, nor needed: that a log is empty
    /// is said by its version.
    package func mayKeep(messages count: Int, of version: LogVersion) -> Bool {
        guard count > 0 else { return false }
        if heedsReplies, version.isStreaming { return false }
        return sameness == .nothing || count == min(limit, version.messageCount)
    }
}
