extension RedisConnector {
    /// Connects to one of these nodes of a cluster: to one that sees the cluster well where there is one, else to any that
    /// answers.
    func connect(toAnyOf nodes: [RedisEndpoint]) async throws(RedisError) -> RedisConnection {
        var spare: RedisConnection?
        var failure = RedisError(.notConnected, "No node of the cluster is named.")
        for node in nodes {
            do throws(RedisError) {
                let (connection, isWell) = try await look(at: node)
                if isWell {
                    spare?.close()
                    return connection
                }
                if spare == nil { spare = connection } else { connection.close() }
            } catch {
                failure = error
            }
        }
        guard let spare else { throw RedisError(.notConnected, "No node of the cluster answers.", cause: failure) }
        return spare
    }

    /// Whether one of these nodes sees the cluster well.
    func seesClusterWell(anyOf nodes: [RedisEndpoint]) async -> RedisEndpoint? {
        for node in nodes {
            // One that can't be asked is no reason for anything.
            guard let (connection, isWell) = try? await look(at: node) else { continue }
            connection.close()
            if isWell { return node }
        }
        return nil
    }

    private func look(at node: RedisEndpoint) async throws(RedisError) -> (RedisConnection, isWell: Bool) {
        let connection = try await aimed(at: node).connect()
        do throws(RedisError) {
            return (connection, try await connection.seesClusterWell(within: connectTimeout))
        } catch {
            connection.close()
            throw error
        }
    }
}

extension RedisConnection {
    /// Whether the node sees enough of the others to answer for its slots.
    func seesClusterWell(within timeout: Duration) async throws(RedisError) -> Bool {
        try await send(["CLUSTER", "INFO"], within: timeout).saysClusterIsWell
    }
}
