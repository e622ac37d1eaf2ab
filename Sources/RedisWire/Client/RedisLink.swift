import Logging

/// Keeps one connection up: connects, waits for its end, and connects again, with longer and longer pauses between.
struct RedisLink: Sendable {
    let connector: RedisConnector
    let configuration: RedisConfiguration
    let time: RedisTime
    let random: any RandomNumberGenerator & Sendable
    let logger: Logger

    /// Runs until the task is cancelled, and then ends the connection.
    ///
    /// - Parameters:
    ///   - use: Is given each connection, and cancelled when that has ended.
    ///   - ended: Is told why a connection has ended or could not be made.
    func run(
        use: @escaping @Sendable (RedisConnection) async -> Void,
        ended: (RedisError) -> Void
    ) async {
        var backoff = configuration.backoff
        var random = random
        var isLost = false
        while !Task.isCancelled {
            let start = time.now
            let reason: RedisError
            do throws(RedisError) {
                let connection = try await connector.connect()
                if isLost { logger.notice("Connected to Redis again", metadata: name) }
                isLost = false
                await hold(connection, use)
                reason = connection.end ?? RedisError(.connectionLost, "The connection ended.")
                // One that breaks at once again and again is no success.
                if time.now - start > backoff.maximum { backoff.reset() }
            } catch {
                reason = error
            }
            guard !Task.isCancelled else { return ended(RedisError(.closed, "The client was shut down.")) }
            ended(reason)
            let wait = backoff.wait(using: &random)
            // Once for each time that it is away, not for each attempt.
            logger.log(
                level: isLost ? .debug : .warning,
                "There is no connection to Redis",
                metadata: name.merging(["redis.reason": "\(reason)", "redis.retry_in": "\(wait)"]) { $1 }
            )
            isLost = true
            // A sleep fails when the task is cancelled: the loop's condition sees to that.
            try? await time.sleep(for: wait)
        }
        ended(RedisError(.closed, "The client was shut down."))
    }

    private var name: Logger.Metadata { ["redis.client": "\(configuration.clientName ?? "")"] }

    private func hold(_ connection: RedisConnection, _ use: @escaping @Sendable (RedisConnection) async -> Void) async {
        await withTaskGroup { group in
            group.addTask { await use(connection) }
            switch configuration.url.target {
            case .server: break
            case .sentinels(let sentinels, let name):
                group.addTask { await watchMaster(name, sentinels, connection) }
            case .cluster(let nodes):
                group.addTask { await watchCluster(nodes, connection) }
            }
            await connection.waitUntilClosed()
            group.cancelAll()
        }
    }

    /// Ends the connection when the Sentinels name another master.
    ///
    /// A master that is cut off from the others doesn't know that it is none any more, and answers as before.
    private func watchMaster(_ name: String, _ sentinels: [RedisEndpoint], _ connection: RedisConnection) async {
        // Fails when the connection has ended meanwhile.
        while (try? await time.sleep(for: configuration.checkInterval)) != nil {
            // Sentinels that can't be asked are no reason to leave a server that answers.
            guard let endpoint = try? await connector.master(name, byAnyOf: sentinels),
                endpoint != connection.endpoint
            else { continue }
            connection.close(RedisError(.connectionLost, "The Sentinels name another master: \(endpoint)."))
            return
        }
    }

    /// Ends the connection when its node has lost the cluster and another has not.
    ///
    /// A node that is cut off hears nothing of what is published on the others, and doesn't say so.
    private func watchCluster(_ nodes: [RedisEndpoint], _ connection: RedisConnection) async {
        let others = nodes.filter { $0 != connection.endpoint }
        // Fails when the connection has ended meanwhile.
        while (try? await time.sleep(for: configuration.checkInterval)) != nil {
            // A node that doesn't answer in time has ended the connection by that.
            guard (try? await connection.seesClusterWell(within: configuration.connectTimeout)) == false,
                let better = await connector.seesClusterWell(anyOf: others)
            else { continue }
            connection.close(RedisError(.connectionLost, "The node has lost the cluster; \(better) has not."))
            return
        }
    }
}
