import Logging
import Synchronization

extension RedisClusterClient {
    /// What a node says of the cluster.
    private struct View {
        let topology: ClusterTopology
        /// Whether the node sees enough of the others to answer for its slots.
        let isWell: Bool
    }

    /// Learns which master has which slots, now and whenever somebody wishes it, until the task is cancelled.
    func followTopology(_ random: any RandomNumberGenerator & Sendable) async {
        var random = random
        var backoff = configuration.backoff
        var isLost = false
        wishes.wake()
        for await _ in wishes.calls {
            let isKnown = await refresh()
            if isKnown {
                if isLost { logger.notice("The Redis cluster answers again") }
                backoff.reset()
            } else if !Task.isCancelled {
                let reason = lastFailure.map { "\($0)" } ?? ""
                // Once for each time that it is away, not for each attempt.
                logger.log(
                    level: isLost ? .debug : .warning,
                    "No node of the Redis cluster says which has which keys",
                    metadata: ["redis.reason": "\(reason)"]
                )
            }
            isLost = !isKnown
            // A cluster that moves its slots makes many wishes; and one that is away must not be asked without pause. The
            // sleep fails when the task is cancelled, which ends the loop.
            try? await time.sleep(for: isKnown ? configuration.backoff.initial : backoff.wait(using: &random))
            if !isKnown { wishes.wake() }
        }
    }

    /// Asks the nodes one after the other; `false` where none could say anything.
    private func refresh() async -> Bool {
        let sources = state.withLock { $0.routes.sources() }
        var best: ClusterTopology?
        for endpoint in sources where !Task.isCancelled {
            do throws(RedisError) {
                let view = try await ask(endpoint)
                if view.isWell {
                    learn(view.topology)
                    return true
                }
                if view.topology.coveredSlots > best?.coveredSlots ?? 0 { best = view.topology }
            } catch {
                state.withLock { $0.lastFailure = error }
            }
        }
        // A cluster that is not well, or not whole, still has the slots that it has; one without any says nothing.
        guard let best else { return false }
        learn(best)
        return true
    }

    private func ask(_ endpoint: RedisEndpoint) async throws(RedisError) -> View {
        if let client = state.withLock({ $0.nodes[endpoint] })?.client, client.isConnected {
            let slots = try await client.send(["CLUSTER", "SLOTS"], within: configuration.connectTimeout)
            let info = try await client.send(["CLUSTER", "INFO"], within: configuration.connectTimeout)
            return try view(slots, info, from: endpoint)
        }
        let connection = try await connector.aimed(at: endpoint).connect()
        defer { connection.close() }
        let slots = try await connection.send(["CLUSTER", "SLOTS"], within: configuration.connectTimeout)
        let info = try await connection.send(["CLUSTER", "INFO"], within: configuration.connectTimeout)
        return try view(slots, info, from: endpoint)
    }

    private func view(
        _ slots: RedisReply,
        _ info: RedisReply,
        from endpoint: RedisEndpoint
    ) throws(RedisError) -> View {
        View(topology: try ClusterTopology(slots: slots, from: endpoint), isWell: info.saysClusterIsWell)
    }

    private func learn(_ topology: ClusterTopology) {
        let (change, waiting, isFirst) = state.withLock { state in
            let change = state.routes.refreshed(topology)
            carryOut(change, &state)
            state.version += 1
            return (change, state.takeWaiting(), state.version == 1)
        }
        for waiter in waiting { waiter.resume() }
        guard change != ClusterRoutes.Change() else { return }
        logger.log(
            level: isFirst ? .debug : .notice,
            "The nodes of the Redis cluster are others than before",
            metadata: [
                "redis.masters": "\(topology.masters.count)", "redis.slots": "\(topology.coveredSlots)",
                "redis.started": "\(change.started)", "redis.retired": "\(change.retired)",
            ]
        )
    }
}

extension RedisReply {
    /// Whether an answer to `CLUSTER INFO` says that the node can answer for its slots.
    var saysClusterIsWell: Bool {
        string?.split(whereSeparator: \.isNewline).contains("cluster_state:ok") ?? false
    }
}
