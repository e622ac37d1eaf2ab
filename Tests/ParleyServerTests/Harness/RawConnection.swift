import NIOCore
import NIOPosix

/// Speaks to a server in bytes, to say what no HTTP client would.
enum RawConnection {
    /// Sends bytes over a connection of their own, and returns all that comes until the server closes it.
    static func answer(to request: String, port: Int) async throws -> String {
        let answer = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: String.self)
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Collecting(answer))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            try await channel.writeAndFlush(ByteBuffer(string: request))
        } catch {
            answer.fail(error)
        }
        return try await answer.futureResult.get()
    }

    /// Gathers what comes, and hands it over when the connection has been closed.
    private final class Collecting: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let answer: EventLoopPromise<String>
        private var gathered = ""

        init(_ answer: EventLoopPromise<String>) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            gathered += String(buffer: unwrapInboundIn(data))
        }

        func channelInactive(context: ChannelHandlerContext) {
            answer.succeed(gathered)
        }
    }
}
