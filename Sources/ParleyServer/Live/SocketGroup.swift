import NIOCore
import ParleyLive
import ParleyMetrics
import Synchronization
import WebSocketWire

/// The sockets of one event loop: a frame reaches all of them in one task of the loop.
final class SocketGroup: LiveOutletGroup {
    /// Deliveries that may wait for a loop until those who deliver wait, too: some milliseconds of its work.
    private static let maxWaiting = 256

    private struct Waiting {
        var count = 0
        var continuations: [CheckedContinuation<Void, Never>] = []
    }

    private let eventLoop: any EventLoop
    private let metrics: LiveMetrics
    private let waiting = Mutex(Waiting())

    init(_ eventLoop: any EventLoop, metrics: LiveMetrics) {
        self.eventLoop = eventLoop
        self.metrics = metrics
    }

    func deliver(_ frame: LiveFrame, to sessions: [LiveSession]) {
        waiting.withLock { $0.count += 1 }
        eventLoop.execute { [self] in
            // Once for all of them, since each would ask the frame and the counter under their locks.
            let message = frame.socketMessage
            var count = 0
            for session in sessions {
                guard let outlet = session.outlet(for: frame) as? SocketOutlet else { continue }
                outlet.send(message)
                count += 1
            }
            if count > 0 { metrics.frames(count) }
            let continuations = waiting.withLock { waiting in
                waiting.count -= 1
                guard waiting.count <= Self.maxWaiting / 2 else { return [CheckedContinuation<Void, Never>]() }
                defer { waiting.continuations = [] }
                return waiting.continuations
            }
            for continuation in continuations { continuation.resume() }
        }
    }

    func inLine(_ body: @escaping @Sendable () -> Void) {
        eventLoop.execute(body)
    }

    func ready() async {
        guard waiting.withLock({ $0.count > Self.maxWaiting }) else { return }
        await withCheckedContinuation { continuation in
            let goesOn = waiting.withLock { waiting in
                guard waiting.count > Self.maxWaiting else { return true }
                waiting.continuations.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
    }
}
