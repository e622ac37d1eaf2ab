/// A node of a cluster with its client, for as long as slots belong to it.
final class ClusterNode: Sendable {
    let endpoint: RedisEndpoint
    let client: RedisClient
    private let time: RedisTime
    private let retirement: AsyncStream<Never>
    private let retiring: AsyncStream<Never>.Continuation

    /// Makes a node; nothing is connected before ``run(lingering:)``.
    init(_ endpoint: RedisEndpoint, client: RedisClient, time: RedisTime) {
        self.endpoint = endpoint
        self.client = client
        self.time = time
        (retirement, retiring) = AsyncStream.makeStream()
    }

    /// Keeps the connection up until the task is cancelled or the node is retired.
    ///
    /// - Parameter lingering: How long what is under way may still take when the node is retired.
    func run(lingering: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [client] in await client.run() }
            group.addTask { [self] in
                for await _ in retirement {}
                // Cut short when all of it is cancelled.
                if client.isConnected { try? await time.sleep(for: lingering) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Lets it end: nothing leads to it any more.
    func retire() { retiring.finish() }

    /// Waits until there is a connection, or as long as an attempt may take.
    ///
    /// - Parameter timeout: How long at most.
    func settle(within timeout: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            // Whoever asks it next sees why it is not connected.
            group.addTask { [client] in try? await client.waitUntilConnected() }
            group.addTask { [time] in try? await time.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
    }
}
