/// The bounds and the times of all sockets of a server, or of a client.
public struct WebSocketConfiguration: Sendable {
    /// Bytes of payload that one frame of the peer may have.
    ///
    /// Larger fails the connection with 1009. 64 KiB by default.
    public var maxFrameBytes = 64 << 10
    /// Bytes that one message of the peer may have, after inflating.
    ///
    /// Larger fails the connection with 1009. 64 KiB.
    public var maxMessageBytes = 64 << 10
    /// Fragments that one message may come in.
    ///
    /// More fail the connection with 1009. 256.
    public var maxFragments = 256
    /// What each fragment but the last must have.
    ///
    /// Smaller fails the connection with 1008. 1: none is empty.
    public var minFragmentBytes = 1

    /// Bytes that may wait to be sent on one socket, with those in the channel's own buffer.
    ///
    /// 1 MiB.
    public var maxWaitingBytes = 1 << 20
    /// Stands in the place of all messages that were dropped since as much waited as may; tells the peer to catch up.
    ///
    /// Nil closes the connection at once with 4008 instead.
    public var substitute: PreparedMessage?
    /// How long a peer may take nothing after that, until the connection is closed with 4008.
    ///
    /// 10 s.
    public var stallTimeout = Duration.seconds(10)

    /// After how long without a frame the peer is pinged.
    ///
    /// Nil: never. 25 s.
    public var pingInterval: Duration? = .seconds(25)
    /// How long any frame is awaited after a ping, until the connection is dropped.
    ///
    /// 8 s.
    public var pongTimeout = Duration.seconds(8)
    /// How long the peer's Close frame, and then the end of the TCP connection, is awaited.
    ///
    /// 5 s.
    public var closeTimeout = Duration.seconds(5)
    /// How long the connection is kept for a peer that was closed for taking nothing: 30 s.
    ///
    /// When it reads again, it finds the Close frame.
    public var lingerTimeout = Duration.seconds(30)
    /// How often the one timer of an event loop looks at its sockets: the grain of the times above.
    ///
    /// 1 s.
    public var tick = Duration.seconds(1)

    /// Below how many bytes in the channel's buffer it takes messages again.
    ///
    /// 32 KiB.
    public var writeBufferLowBytes = 32 << 10
    /// From how many bytes in the channel's buffer on messages wait outside of it.
    ///
    /// 64 KiB.
    public var writeBufferHighBytes = 64 << 10
    /// `SO_SNDBUF`: what the kernel may hold for a socket.
    ///
    /// Nil leaves it to the kernel, which may take megabytes.
    public var kernelSendBytes: Int?
    /// `TCP_NOTSENT_LOWAT`: how much of what the kernel holds may be unsent, so that a slow peer is noticed early.
    ///
    /// Nil: all.
    public var kernelUnsentBytes: Int?

    /// How messages are compressed where permessage-deflate was agreed on.
    public var deflate = DeflateSettings()

    /// Makes a configuration of the defaults.
    public init() {}
}
