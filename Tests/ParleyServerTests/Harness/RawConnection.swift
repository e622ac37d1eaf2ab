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

    /// A connection over which something is said, waited for, and said again.
    final class Dialogue {
        private let channel: any Channel
        private var pieces: AsyncStream<[UInt8]>.Iterator
        private var gathered: [UInt8] = []

        private init(_ channel: any Channel, _ pieces: AsyncStream<[UInt8]>) {
            self.channel = channel
            self.pieces = pieces.makeAsyncIterator()
        }

        static func open(port: Int) async throws -> Dialogue {
            let (pieces, source) = AsyncStream.makeStream(of: [UInt8].self)
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Passing(source))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            return Dialogue(channel, pieces)
        }

        func send(_ text: String) async throws {
            try await channel.writeAndFlush(ByteBuffer(string: text))
        }

        func send(bytes: [UInt8]) async throws {
            try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        }

        /// Everything that has come, once a text is in it.
        @discardableResult
        func receive(upTo text: String) async throws -> String {
            while true {
                // Frames of a socket stand between texts.
                let all = String(decoding: gathered, as: UTF8.self)
                if all.contains(text) { return all }
                guard let piece = await pieces.next(isolation: #isolation) else { throw ChannelError.eof }
                gathered += piece
            }
        }

        /// Everything that has come, once the server has closed.
        func end() async throws -> String {
            while let piece = await pieces.next(isolation: #isolation) { gathered += piece }
            return String(decoding: gathered, as: UTF8.self)
        }

        func close() async throws {
            try await channel.close()
        }
    }

    /// Passes on what comes.
    private final class Passing: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let source: AsyncStream<[UInt8]>.Continuation

        init(_ source: AsyncStream<[UInt8]>.Continuation) {
            self.source = source
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            source.yield(Array(unwrapInboundIn(data).readableBytesView))
        }

        func channelInactive(context: ChannelHandlerContext) {
            source.finish()
        }
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
