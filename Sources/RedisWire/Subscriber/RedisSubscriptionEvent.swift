public import NIOCore

/// What a subscription brings.
public enum RedisSubscriptionEvent: Hashable, Sendable {
    /// A message was published.
    case message(RedisMessage)
    /// Messages may be missing here: look at what they would have told about.
    case gap(RedisGap)
}

/// A message that was published.
public struct RedisMessage: Hashable, Sendable {
    /// Where it was published.
    public let channel: String
    /// What was published; a copy of its own.
    public let payload: ByteBuffer

    /// Makes a message.
    public init(channel: String, payload: ByteBuffer) {
        self.channel = channel
        self.payload = payload
    }
}

/// Why messages may be missing.
public enum RedisGap: Hashable, Sendable {
    /// Redis has confirmed the subscription: from here on every message comes, until the next gap.
    case subscribed
    /// The link is down: nothing comes until ``subscribed``.
    case linkLost
    /// More came than the queue holds: what waited was dropped; from here on messages come again.
    case overflow
}
