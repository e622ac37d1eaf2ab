import NIOCore
import NIOPosix

/// A model's server that says two words to every request and then nothing more, as long as the connection stands.
struct SilentModel: Sendable {
    /// What it says.
    static let words = "So far"

    private static let answer = """
        HTTP/1.1 200 OK\r
        Content-Type: text/event-stream\r
        Connection: close\r
        \r
        data: {"choices":[{"index":0,"delta":{"content":"\(words)"}}]}


        """

    /// Its base URL, as `model.url` takes it.
    let url: String

    /// Runs a test beside such a server.
    static func with<Result>(_ test: (SilentModel) async throws -> Result) async throws -> Result {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answering()) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await test(SilentModel(url: "http://127.0.0.1:\(listener.localAddress?.port ?? 0)/v1"))
            try await listener.close()
            return result
        } catch {
            // The first error is the one to tell.
            try? await listener.close()
            throw error
        }
    }

    /// Answers the first bytes of a connection, whatever they ask.
    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var hasAnswered = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard !hasAnswered else { return }
            hasAnswered = true
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: SilentModel.answer)), promise: nil)
        }
    }
}
