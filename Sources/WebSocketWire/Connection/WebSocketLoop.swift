public import NIOCore

/// What the sockets of one event loop share: one timer, one flush for all that wrote, one pair of zlib's streams.
///
/// Belongs to its event loop; ``WebSocketLoops`` makes one for each.
public final class WebSocketLoop {
    /// The loop whose sockets these are.
    public let eventLoop: any EventLoop
    let configuration: WebSocketConfiguration
    let times: Times
    let makeMaskingKey: @Sendable () -> UInt32
    var zlib = LoopZlib()
    private var sockets: [WebSocketHandler] = []
    private var dirty: [WebSocketHandler] = []
    private var timer: RepeatedTask?

    /// The configuration's times as NIO takes them.
    struct Times {
        let stall: TimeAmount
        let pingInterval: TimeAmount?
        let pong: TimeAmount
        let close: TimeAmount
        let linger: TimeAmount
        let tick: TimeAmount

        init(_ configuration: WebSocketConfiguration) {
            stall = TimeAmount(configuration.stallTimeout)
            pingInterval = configuration.pingInterval.map { TimeAmount($0) }
            pong = TimeAmount(configuration.pongTimeout)
            close = TimeAmount(configuration.closeTimeout)
            linger = TimeAmount(configuration.lingerTimeout)
            tick = TimeAmount(configuration.tick)
        }
    }

    /// Makes what the sockets of an event loop share.
    ///
    /// - Parameters:
    ///   - eventLoop: everything happens on it, and its clock is the only one.
    ///   - configuration: holds for all of them.
    ///   - makeMaskingKey: the key of each frame that a client sends; by default from the system's generator, for RFC 6455
    ///     (section 5.3) wants keys that can't be foreseen.
    public init(
        eventLoop: any EventLoop,
        configuration: WebSocketConfiguration,
        makeMaskingKey: @escaping @Sendable () -> UInt32 = { UInt32.random(in: .min ... .max) }
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.makeMaskingKey = makeMaskingKey
        times = Times(configuration)
    }

    /// How many sockets there are.
    public var count: Int { sockets.count }

    func add(_ socket: WebSocketHandler) {
        socket.index = sockets.count
        sockets.append(socket)
        guard timer == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        timer = eventLoop.scheduleRepeatedTask(initialDelay: times.tick, delay: times.tick) { _ in bound.value.tick() }
    }

    func remove(_ socket: WebSocketHandler) {
        guard let index = socket.index else { return }
        socket.index = nil
        let last = sockets.removeLast()
        if index < sockets.count {
            sockets[index] = last
            last.index = index
        }
        guard sockets.isEmpty else { return }
        timer?.cancel()
        timer = nil
    }

    /// Has the socket flushed in a later task of this turn, with all others that write until then: several messages for one
    /// socket leave in one `writev`.
    func markDirty(_ socket: WebSocketHandler) {
        dirty.append(socket)
        guard dirty.count == 1 else { return }
        eventLoop.assumeIsolated().execute { self.flushDirty() }
    }

    private func flushDirty() {
        // A flush may make sockets dirty again: they are for the next task.
        let flushed = dirty
        dirty.removeAll(keepingCapacity: false)
        for socket in flushed { socket.flushNow() }
    }

    private func tick() {
        let now = eventLoop.now
        // A socket may leave during its tick, and another take its place: from the end, each is looked at once.
        var index = sockets.count
        while index > 0 {
            index -= 1
            if index < sockets.count { sockets[index].tick(now) }
        }
    }
}
