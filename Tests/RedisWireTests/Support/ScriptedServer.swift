import NIOCore
import NIOPosix

@testable import RedisWire

/// A server that answers as a test says.
final class ScriptedServer: Sendable {
    /// What it does with a command.
    enum Answer: Sendable {
        case bytes(String)
        case bytesAndHangUp(String)
        case silence
        case hangUp
    }

    let port: Int
    private let channel: any Channel

    /// Listens on a free port for as long as `body` runs.
    static func with<R>(
        _ answer: @escaping @Sendable (_ command: [String]) -> Answer,
        _ body: (ScriptedServer) async throws -> R
    ) async throws -> R {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        guard let port = channel.localAddress?.port else { throw ChannelError.unknownLocalAddress }
        do {
            let result = try await body(ScriptedServer(port: port, channel: channel))
            try await channel.close()
            return result
        } catch {
            try await channel.close()
            throw error
        }
    }

    private init(port: Int, channel: any Channel) {
        self.port = port
        self.channel = channel
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: @Sendable ([String]) -> Answer
        private var parser = RESPParser()
        private var bytes = ByteBuffer()

        init(_ answer: @escaping @Sendable ([String]) -> Answer) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            bytes.writeImmutableBuffer(unwrapInboundIn(data))
            // A client that sends anything but commands would be a failure of its own.
            while let command = try? parser.next(from: &bytes) {
                switch answer(command.elements.compactMap(\.string)) {
                case .bytes(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: bytes)), promise: nil)
                case .bytesAndHangUp(let bytes):
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: bytes)), promise: nil)
                    context.close(promise: nil)
                case .silence: break
                case .hangUp: context.close(promise: nil)
                }
            }
        }
    }
}

extension ScriptedServer.Answer {
    /// What a server of RESP3 answers to the greeting.
    static let hello = Self.bytes("%1\r\n+proto\r\n:3\r\n")
}
