import NIOCore
import NIOPosix
import ParleyTesting

/// A proxy between clients and a server that lets every request through and cuts most answers at some byte.
struct CuttingProxy: Sendable {
    /// Where clients connect to.
    let port: Int

    private typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Runs a proxy as long as `body` runs.
    ///
    /// - Parameters:
    ///   - target: The server's port.
    ///   - seed: What says where connections are cut; which connection is which depends on who comes first.
    ///   - longest: A cut comes after fewer bytes of the answer than this; one in four connections is spared.
    ///   - body: What is done beside it.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    static func run<Result: Sendable>(
        to target: Int,
        seed: UInt64,
        longest: Int,
        _ body: (CuttingProxy) async throws -> Result
    ) async throws -> Result {
        let random = Guarded(SplitMix64(seed: seed))
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .bind(host: "127.0.0.1", port: 0) { channel in wrap(channel) }
        let proxy = CuttingProxy(port: server.channel.localAddress?.port ?? 0)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { clients in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await client in clients {
                            let room = random.change { random in
                                random.oneIn(4) ? Int.max : random.place(in: longest)
                            }
                            // A connection that breaks is what this is about.
                            group.addTask { try? await pass(client, to: target, room: room) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(proxy)
        }
    }

    private static func wrap(_ channel: any NIOCore.Channel) -> EventLoopFuture<Channel> {
        channel.eventLoop.makeCompletedFuture { try Channel(wrappingChannelSynchronously: channel) }
    }

    private static func pass(_ client: Channel, to target: Int, room: Int) async throws {
        try await client.executeThenClose { requests, toClient in
            let server = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: target) { channel in wrap(channel) }
            try await server.executeThenClose { answers, toServer in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    defer { group.cancelAll() }
                    group.addTask { for try await bytes in requests { try await toServer.write(bytes) } }
                    group.addTask {
                        var room = room
                        for try await bytes in answers {
                            guard bytes.readableBytes <= room else {
                                try await toClient.write(bytes.getSlice(at: bytes.readerIndex, length: room) ?? bytes)
                                return
                            }
                            room -= bytes.readableBytes
                            try await toClient.write(bytes)
                        }
                    }
                    // Whichever side ends first ends both.
                    try await group.next()
                }
            }
        }
    }
}
