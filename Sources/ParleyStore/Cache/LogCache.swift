public import ParleyCore

/// Where the newest messages of conversations are kept for all instances: one list for each conversation, newest first.
///
/// It may lose anything at any time, and be asked and told in any order: who reads compares what was found with the truth.
/// So no call fails. Each ends within some tens of milliseconds, also where the cache can't be reached, and has then found or
/// done nothing; or it has been done, or will be, and nobody was told.
public protocol LogCache: Sendable {
    /// The entry of a conversation; `nil` where there is none, or nobody answers.
    func read(_ conversation: ConversationID) async -> CachedLog?

    /// Puts appended messages before those that are there, if the entry is of the version before them.
    ///
    /// Never makes an entry. An entry that is older goes, since there is a hole now.
    func push(_ push: LogPush, to conversation: ConversationID) async

    /// Makes the entry, in place of any other version's.
    func fill(_ fill: LogFill, of conversation: ConversationID) async

    /// Removes entries.
    func drop(_ conversations: [ConversationID]) async
}

/// No shared cache: for an instance that is alone, and has its own copies.
public struct NoLogCache: LogCache {
    /// Makes nothing.
    public init() {}

    /// Nothing.
    public func read(_ conversation: ConversationID) async -> CachedLog? { nil }
    /// Does nothing.
    public func push(_ push: LogPush, to conversation: ConversationID) async {}
    /// Does nothing.
    public func fill(_ fill: LogFill, of conversation: ConversationID) async {}
    /// Does nothing.
    public func drop(_ conversations: [ConversationID]) async {}
}

/// What was found in a cache: whatever bytes, until they have been looked at.
public struct CachedLog: Hashable, Sendable {
    /// All elements, one behind another.
    public let bytes: [UInt8]
    /// Where each of them lies in `bytes`; the first is that of the newest message.
    public let elements: [Range<Int>]

    /// Takes elements that lie in one piece of memory.
    public init(bytes: [UInt8], elements: [Range<Int>]) {
        self.bytes = bytes
        self.elements = elements
    }

    /// Takes elements one by one, newest first.
    public init(_ elements: [[UInt8]]) {
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for element in elements {
            ranges.append(bytes.count..<bytes.count + element.count)
            bytes += element
        }
        self.init(bytes: bytes, elements: ranges)
    }
}

/// Messages that were appended, as elements of an entry.
public struct LogPush: Hashable, Sendable {
    /// The version of the log before them.
    public let before: LogTag
    /// The revision that the last of them took.
    public let revision: Int
    /// The elements, oldest first; never none.
    public let elements: [[UInt8]]

    /// Makes a push.
    public init(before: LogTag, revision: Int, elements: [[UInt8]]) {
        self.before = before
        self.revision = revision
        self.elements = elements
    }
}

/// A log's newest messages, as elements of an entry.
public struct LogFill: Hashable, Sendable {
    /// The version that they are of.
    public let tag: LogTag
    /// The elements, newest first; never none.
    public let elements: [[UInt8]]

    /// Makes a fill.
    public init(tag: LogTag, elements: [[UInt8]]) {
        self.tag = tag
        self.elements = elements
    }
}
