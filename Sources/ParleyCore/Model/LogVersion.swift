/// A name for one version of a conversation's log: random, and another after every change.
///
/// Not a number that rises: after a restore or a failover to an older copy, a number comes a second time for another log,
/// a random name doesn't.
public struct LogTag: Hashable, Sendable {
    /// 64 random bits.
    public let bits: UInt64

    /// Names a version.
    public init(bits: UInt64) {
        self.bits = bits
    }
}

/// Which version of a conversation's log is the present one, as the truth says.
public struct LogVersion: Hashable, Sendable {
    /// Its name.
    public let tag: LogTag
    /// The conversation's revision.
    public let revision: Int
    /// How many messages the log holds.
    public let messageCount: Int
    /// Whether a reply is being written: its text grows without the version becoming another.
    public let isStreaming: Bool

    /// Describes a version.
    public init(tag: LogTag, revision: Int, messageCount: Int, isStreaming: Bool) {
        self.tag = tag
        self.revision = revision
        self.messageCount = messageCount
        self.isStreaming = isStreaming
    }
}

/// What an append did to a log's version.
public struct LogStep: Hashable, Sendable {
    /// The version before.
    public let before: LogTag
    /// The version that the append made; its revision is the message's.
    public let after: LogTag

    /// Describes a step.
    public init(before: LogTag, after: LogTag) {
        self.before = before
        self.after = after
    }
}
