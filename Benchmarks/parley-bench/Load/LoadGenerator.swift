import Histogram
import NIOCore
import NIOPosix

/// Where load goes: one connection for each caller, with the requests that the caller sends in turn, over and over.
struct LoadTarget: Sendable {
    /// A port of this machine.
    let port: Int
    /// Each caller's requests, ready to be sent.
    let requests: [[ByteBuffer]]
    /// Where answers are streams: what marks their first delta and their end.
    var marks: StreamMarks?
}

/// Callers that each send a request as soon as the answer to the one before is there.
///
/// A client of its own, since a general one takes more of the processor than the server it is to measure. All connections
/// live on one event loop with its own thread, whose processor time is known and taken off the process's.
struct LoadGenerator: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// Loads a target for a time.
    ///
    /// - Throws: ``LoadError`` where an answer is not a success or a connection ends.
    func run(_ target: LoadTarget, for duration: Duration) async throws -> LoadResult {
        let connections = try await connect(target)
        let thread = try await ProcessorTime.ofThread(of: group.next())
        let process = ProcessorTime.ofProcess()
        let start = ContinuousClock.now
        for connection in connections {
            connection.channel.pipeline.fireUserInboundEventTriggered(LoadConnection.Start(until: start + duration))
        }
        var result = LoadResult()
        for connection in connections { result.latencies.add(try await connection.latencies.get()) }
        result.elapsed = ContinuousClock.now - start
        result.generator = try await ProcessorTime.ofThread(of: group.next()) - thread
        result.process = ProcessorTime.ofProcess() - process
        return result
    }

    func shutdown() async throws {
        try await group.shutdownGracefully()
    }

    private func connect(_ target: LoadTarget) async throws -> [LoadConnection.Handle] {
        var connections: [LoadConnection.Handle] = []
        for requests in target.requests {
            let promise = group.next().makePromise(of: LoadConnection.Latencies.self)
            let channel = ClientBootstrap(group: group)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            LoadConnection(requests, marks: target.marks, result: promise)
                        )
                    }
                }
                .connect(host: "127.0.0.1", port: target.port)
            channel.whenFailure { promise.fail($0) }
            connections.append(LoadConnection.Handle(channel: try await channel.get(), latencies: promise.futureResult))
        }
        return connections
    }
}
