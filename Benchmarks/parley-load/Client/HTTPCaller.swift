import NIOCore
import NIOPosix
import ParleyCore

/// One HTTP/1.1 connection; requests may be sent before those before them are answered.
final class HTTPCaller: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Answered = (Result<ByteBuffer, LoadFailure>) -> Void

    private var context: ChannelHandlerContext?
    private var arrived = ByteBuffer()
    private var waiting = CircularBuffer<Answered>()
    private var failure: LoadFailure?

    /// Connects.
    static func open(_ endpoint: Endpoint, on eventLoop: any EventLoop) -> EventLoopFuture<NIOLoopBound<HTTPCaller>> {
        ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HTTPCaller())
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .flatMapThrowing { channel in
                NIOLoopBound(
                    try channel.pipeline.syncOperations.handler(type: HTTPCaller.self),
                    eventLoop: channel.eventLoop
                )
            }
    }

    /// Sends a request, and calls back with the body of its answer; on the event loop only.
    func send(_ request: ByteBuffer, _ answered: @escaping Answered) {
        if let failure { return answered(.failure(failure)) }
        waiting.append(answered)
        context?.writeAndFlush(Self.wrapOutboundOut(request), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        arrived.writeBuffer(&bytes)
        do throws(LoadFailure) {
            while let (status, body) = try Self.answer(in: &arrived) {
                let result: Result<ByteBuffer, LoadFailure> =
                    200..<300 ~= status ? .success(body) : .failure(.status(status, String(buffer: body)))
                waiting.popFirst()?(result)
            }
        } catch {
            failure = error
            context.close(promise: nil)
        }
        arrived.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let failure = failure ?? .closed("an HTTP connection")
        self.failure = failure
        self.context = nil
        while let next = waiting.popFirst() { next(.failure(failure)) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? .closed("\(error)")
        context.close(promise: nil)
    }

    private static func answer(in bytes: inout ByteBuffer) throws(LoadFailure) -> (status: Int, body: ByteBuffer)? {
        let view = bytes.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: view[..<end.lowerBound], as: UTF8.self)
        let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
            .flatMap { Int($0.dropFirst("content-length: ".count)) }
        guard let status = Int(head.dropFirst("HTTP/1.1 ".count).prefix(3)), let length else {
            throw .unreadable(head)
        }
        guard view.distance(from: end.upperBound, to: view.endIndex) >= length else { return nil }
        bytes.moveReaderIndex(forwardBy: view.distance(from: view.startIndex, to: end.upperBound))
        return (status, bytes.readSlice(length: length) ?? ByteBuffer())
    }
}

/// A request as it stands on the wire.
enum RequestText {
    static func make(_ method: String, _ path: String, token: String, _ body: JSON? = nil) -> ByteBuffer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(token)\r\n"
        let text = body?.text ?? ""
        if body != nil { head += "Content-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n" }
        return ByteBuffer(string: head + "\r\n" + text)
    }
}
