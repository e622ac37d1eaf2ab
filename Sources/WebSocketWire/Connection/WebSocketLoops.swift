public import NIOCore
internal import Synchronization

/// The ``WebSocketLoop`` of every event loop that has sockets; made on first use and kept.
public final class WebSocketLoops: Sendable {
    /// Holds for all sockets.
    public let configuration: WebSocketConfiguration
    private let loops = Mutex<[ObjectIdentifier: NIOLoopBound<WebSocketLoop>]>([:])

    /// Makes an empty set.
    public init(configuration: WebSocketConfiguration) {
        self.configuration = configuration
    }

    /// The one of an event loop; must be called on that loop.
    public func loop(of eventLoop: any EventLoop) -> WebSocketLoop {
        eventLoop.preconditionInEventLoop()
        return loops.withLock { loops in
            if let known = loops[ObjectIdentifier(eventLoop)] { return known }
            let made = NIOLoopBound(
                WebSocketLoop(eventLoop: eventLoop, configuration: configuration),
                eventLoop: eventLoop
            )
            loops[ObjectIdentifier(eventLoop)] = made
            return made
        }.value
    }
}
