import NIOCore
import NIOEmbedded

@testable import RedisWire

/// A connection without a network, on a clock that a test moves.
struct ConnectionRig {
    let connection: RedisConnection
    let channel: NIOAsyncTestingChannel

    init(
        maxCommands: Int = 100,
        maxBytes: Int = 10_000,
        limits: RESPLimits = RESPLimits(),
        onPush: (@Sendable (RedisReply) -> Void)? = nil
    ) async throws {
        let channel = NIOAsyncTestingChannel()
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: 6379)
        connection = try await channel.testingEventLoop.executeInContext {
            let outbox = Outbox(maxCommands: maxCommands, maxBytes: maxBytes)
            let handler = RESPHandler(outbox: outbox, limits: limits, onPush: onPush)
            try channel.pipeline.syncOperations.addHandler(handler)
            return RedisConnection(
                endpoint: endpoint,
                channel: channel,
                handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                outbox: outbox,
                commandTimeout: .milliseconds(50)
            )
        }
        try await channel.connect(to: SocketAddress(ipAddress: endpoint.host, port: endpoint.port)).get()
        self.channel = channel
    }

    /// The bytes of the next write.
    func written() async throws -> String {
        String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
    }

    /// Does something in one turn of the event loop, which goes on only then.
    func inOneTurn<Result: Sendable>(
        _ work: @escaping @Sendable (RedisConnection) throws -> Result
    ) async throws -> Result {
        let connection = connection
        let result = try await channel.testingEventLoop.executeInContext { try work(connection) }
        await channel.testingEventLoop.run()
        return result
    }

    /// Lets bytes come in.
    func receive(_ bytes: some Sequence<UInt8>) async throws {
        try await channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// Lets a text come in.
    func receive(_ text: String) async throws { try await receive(text.utf8) }

    /// Lets time pass.
    func advance(by milliseconds: Int64) async {
        await channel.testingEventLoop.advanceTime(by: .milliseconds(milliseconds))
    }
}

/// How a command ended.
func outcome(_ pending: PendingReply) async -> String {
    do throws(RedisError) {
        return try await pending.value().string ?? "nothing"
    } catch {
        return error.code.description
    }
}
