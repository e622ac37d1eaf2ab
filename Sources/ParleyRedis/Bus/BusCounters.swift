/// What a bus tells those who count; each closure is called once for each thing that happened, from any task.
public struct BusCounters: Sendable {
    /// A frame was published, a beacon too.
    public var frameSent: @Sendable () -> Void
    /// A frame could not be published, or events found no room to wait for one; subscribers elsewhere will be told.
    public var publishFailed: @Sendable () -> Void
    /// Another instance's frame came.
    public var frameReceived: @Sendable () -> Void
    /// A frame came that is none, or is of a version from the future.
    public var frameRefused: @Sendable () -> Void
    /// Something may have been missed, and subscribers were told.
    public var gap: @Sendable () -> Void

    /// Counts what is asked for, and nothing else.
    public init(
        frameSent: @escaping @Sendable () -> Void = {},
        publishFailed: @escaping @Sendable () -> Void = {},
        frameReceived: @escaping @Sendable () -> Void = {},
        frameRefused: @escaping @Sendable () -> Void = {},
        gap: @escaping @Sendable () -> Void = {}
    ) {
        self.frameSent = frameSent
        self.publishFailed = publishFailed
        self.frameReceived = frameReceived
        self.frameRefused = frameRefused
        self.gap = gap
    }
}
