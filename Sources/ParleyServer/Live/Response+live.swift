import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ParleyCore
import ParleyLive
import ParleyMetrics

extension Response {
    /// A session's events as a stream that lasts until its client leaves, or may not stay.
    ///
    /// A comment comes first, and every ``Limits/streamHeartbeat`` while nothing else does: proxies close what is silent.
    static func live(
        _ session: LiveSession,
        since revision: Int?,
        for request: Request,
        in context: ServerContext,
        metrics: LiveMetrics
    ) -> Response {
        let place = SessionPlace(session)
        return Response(
            status: .ok,
            headers: streamHeaders,
            body: ResponseBody { writer in
                defer { place.leave() }
                let start = ContinuousClock.now
                let outlet = StreamOutlet(metrics: metrics) { start.duration(to: .now) }
                try await writer.write(ByteBuffer(string: ": connected\n\n"))
                session.begin(outlet, since: revision)
                var stream = writer
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await context.watch(outlet) }
                        defer { outlet.close(.failure) }
                        while let bytes = await outlet.next() { try await stream.write(bytes) }
                        group.cancelAll()
                    }
                }
                try await writer.finish(nil)
            }
        )
    }
}

/// Gives a session's place back when its stream has ended, or was never begun since the client had left before.
private final class SessionPlace: Sendable {
    private let session: LiveSession

    init(_ session: LiveSession) {
        self.session = session
    }

    deinit {
        session.ended()
    }

    func leave() {
        session.ended()
    }
}

extension ServerContext {
    /// Shows from time to time that a stream is alive, and ends the connection of a client that has stopped reading.
    fileprivate func watch(_ outlet: StreamOutlet) async throws {
        let step = Duration.seconds(5)
        var silent = Duration.zero
        while true {
            // Nothing to await: this is for the time when nothing happens.
            try await Task.sleep(for: step)
            silent += step
            if silent >= Limits.streamHeartbeat {
                silent = .zero
                outlet.showLife()
            }
            // Nobody waits for a client for longer than two of these.
            if silent == .zero { outlet.goOn() }
            guard outlet.isStalled else { continue }
            logger.debug("A client has stopped reading its stream")
            channel.close(promise: nil)
            return
        }
    }
}
