import Histogram
import NIOCore

/// One caller: sends its requests in turn over one connection, and records how long each answer took, or its first delta.
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

    private enum Scanner {
        case wholes(AnswerScanner)
        case streams(StreamScanner)
    }

    private let requests: [ByteBuffer]
    private let result: EventLoopPromise<Latencies>
    private var scanner: Scanner
    private var latencies = Latencies.latencies
    private var next = 0
    private var sentAt = ContinuousClock.now
    private var end = ContinuousClock.now

    /// Makes a caller; with `marks` its answers are streams, and how long the first delta took is recorded.
    init(_ requests: [ByteBuffer], marks: StreamMarks?, result: EventLoopPromise<Latencies>) {
        self.requests = requests
        scanner = marks.map { .streams(StreamScanner($0)) } ?? .wholes(AnswerScanner())
        self.result = result
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let start = event as? Start else { return context.fireUserInboundEventTriggered(event) }
        end = start.until
        send(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            let (isRecorded, isComplete) = try scan(unwrapInboundIn(data))
            let now = ContinuousClock.now
            if isRecorded { latencies.record(now - sentAt) }
            guard isComplete else { return }
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

    private func scan(_ arrived: ByteBuffer) throws -> (isRecorded: Bool, isComplete: Bool) {
        switch scanner {
        case .streams(var streams):
            defer { scanner = .streams(streams) }
            let (isFirst, isComplete) = try streams.scan(arrived)
            return (isFirst, isComplete)
        case .wholes(var answers):
            defer { scanner = .wholes(answers) }
            guard let status = try answers.scan(arrived) else { return (false, false) }
            guard 200..<300 ~= status else { throw LoadError.status(status) }
            return (true, true)
        }
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
