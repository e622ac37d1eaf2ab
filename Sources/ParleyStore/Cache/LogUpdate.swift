package import ParleyCore

/// What a committed change means for a log that may be in the cache.
package enum LogEffect: Hashable, Sendable {
    /// The conversation was made: nothing of it is in the cache.
    case made
    /// A message was appended, complete.
    case appended(seq: Int, revision: Int)
    /// Anything else.
    case other
}

/// What to do with a conversation's entry after a commit.
package enum LogUpdate: Hashable, Sendable {
    case nothing
    /// Put the messages that were appended before the others, if the entry is of the version `before` them.
    case push(before: LogTag, revision: Int)
    /// Remove it.
    case drop

    /// Decides by what one commit did to one conversation, and by which versions its appends made.
    ///
    /// The entry must follow the log from version to version. Where that is not certain it goes; and so it does where a reply
    /// begins, since no entry is used until it ends, and then the version is another.
    package init(after effects: [LogEffect], steps: [LogStep]) {
        guard !effects.contains(.made), !effects.isEmpty else {
            self = .nothing
            return
        }
        self = .drop
        guard let before = steps.first?.before, steps.count == effects.count else { return }
        var last: (seq: Int, revision: Int, tag: LogTag)?
        for (effect, step) in zip(effects, steps) {
            guard case .appended(let seq, let revision) = effect else { return }
            if let last, seq != last.seq + 1 || revision != last.revision + 1 || step.before != last.tag { return }
            last = (seq, revision, step.after)
        }
        if let last { self = .push(before: before, revision: last.revision) }
    }
}
