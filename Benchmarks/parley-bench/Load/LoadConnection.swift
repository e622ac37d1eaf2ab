import Histogram
import NIOCore

/// One caller: sends its requests in turn over one connection, and records how long each answer took.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Latencies = Histogram<UInt64>

    /// Tells a connection to begin.
    struct Start: Sendable {
        let until: ContinuousClock.Instant
    }

    /// What the generator keeps of a connection.
    struct Handle: Sendable {
        let channel: any Channel
        let latencies: EventLoopFuture<Latencies>
    }

    private let requests: [ByteBuffer]
    private let result: EventLoopPromise<Latencies>
    private var answers = AnswerScanner()
    private var latencies = Latencies.latencies
    private var next = 0
    private var sentAt = ContinuousClock.now
    private var end = ContinuousClock.now

    init(_ requests: [ByteBuffer], result: EventLoopPromise<Latencies>) {
        self.requests = requests
        self.result = result
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let start = event as? Start else { return context.fireUserInboundEventTriggered(event) }
        end = start.until
        send(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            guard let status = try answers.scan(unwrapInboundIn(data)) else { return }
            guard 200..<300 ~= status else { throw LoadError.status(status) }
            let now = ContinuousClock.now
            latencies.record(now - sentAt)
            if now < end { return send(context) }
            result.succeed(latencies)
        } catch {
            result.fail(error)
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Without effect where the result is there already.
        result.fail(LoadError.disconnected)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        result.fail(error)
        context.close(promise: nil)
    }

    private func send(_ context: ChannelHandlerContext) {
        let request = requests[next % requests.count]
        next += 1
        sentAt = .now
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }
}

/// Why a figure can't be had.
enum LoadError: Error {
    /// A server answered with something else than a success.
    case status(Int)
    /// A server closed a connection.
    case disconnected
    /// An answer's head is not one that this client understands.
    case head(String)
}
