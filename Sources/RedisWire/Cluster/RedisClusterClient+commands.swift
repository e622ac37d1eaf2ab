import Synchronization

extension RedisClusterClient {
    /// How often a command follows a redirect.
    private static let maxRedirects = 8
    /// The pauses of a command whose keys are just moving.
    private static let pauses = RedisBackoff(initial: .milliseconds(2), maximum: .milliseconds(50))

    /// A node for a command, and whether it must be told that it was named for this once.
    private struct Way {
        let node: ClusterNode
        var isAsking = false
    }

    /// Sends a command to the master that has its key, the first argument behind its name (in a script the first of its keys),
    /// and waits for its answer; one of `PING`, `TIME` and `ECHO` to any master.
    ///
    /// When the task is cancelled the wait ends at once; the command may still run.
    ///
    /// - Parameters:
    ///   - command: What to send.
    ///   - timeout: How long an answer may take; `nil` for what the configuration says. Where the key is just moving, one may
    ///     come after twice that time.
    /// - Returns: The answer, which is no error.
    /// - Throws: ``RedisError/Code/server`` when a node answers with an error, ``RedisServerCode/clusterDown`` among them where
    ///   the cluster has lost a part of itself; ``RedisError/Code/invalidCommand`` where each node would answer for itself
    ///   only; else why there is no answer.
    public func send(_ command: RedisCommand, within timeout: Duration? = nil) async throws(RedisError) -> RedisReply {
        let routing = try ClusterRouting(command)
        let end = time.now + (timeout ?? configuration.commandTimeout)
        var pauses = Self.pauses
        var random = SystemRandomNumberGenerator()
        var redirects = 0
        var way = try way(routing)
        while true {
            do throws(RedisError) {
                return try await send(command, on: way, within: timeout)
            } catch {
                let next = next(after: error, from: way.node.endpoint)
                switch next {
                case .fail: throw error
                case .go(let other):
                    redirects += 1
                    guard redirects <= Self.maxRedirects else { throw error }
                    way = other
                case .pause:
                    guard time.now < end else { throw error }
                    do {
                        try await time.sleep(for: pauses.wait(using: &random))
                    } catch {
                        throw RedisError(.cancelled, "The task that waited was cancelled.")
                    }
                    way = try self.way(routing)
                }
            }
        }
    }

    /// Runs a script on the master that has its keys: by its hash, and where the node doesn't know that, by its source.
    ///
    /// - Parameters:
    ///   - script: What to run.
    ///   - keys: The keys it uses, all of one slot, one at least.
    ///   - arguments: Its other arguments.
    ///   - timeout: How long each of the two answers may take; `nil` for what the configuration says.
    /// - Returns: What the script returns.
    /// - Throws: As ``send(_:within:)``.
    public func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument] = [],
        within timeout: Duration? = nil
    ) async throws(RedisError) -> RedisReply {
        do throws(RedisError) {
            return try await send(script.call(keys: keys, arguments: arguments), within: timeout)
        } catch  where error.serverCode == .noScript {
            return try await send(script.introduction(keys: keys, arguments: arguments), within: timeout)
        }
    }

    /// Gives each master in turn to `body`: for what every node answers for itself only, such as `SCAN` and `CONFIG GET`.
    ///
    /// What is sent there follows no redirect: commands on the keys that a walk finds go through the client itself.
    ///
    /// - Returns: What `body` returns, in the masters' order.
    /// - Throws: What `body` throws; ``RedisError/Code/notConnected`` where a slot has no master, since then a walk would not
    ///   see all keys.
    public func forEachMaster<Value: Sendable>(
        _ body: (_ master: any RedisCommanding) async throws -> Value
    ) async throws -> [Value] {
        let nodes = try nodesOfAllMasters()
        var values: [Value] = []
        for node in nodes { values.append(try await body(node.client)) }
        return values
    }

    /// The keys in groups that are of one slot each, and so may stand in one command.
    public func groups(ofKeys keys: [RedisArgument]) -> [[RedisArgument]] {
        var groups: [RedisSlot: [RedisArgument]] = [:]
        for key in keys { groups[RedisSlot(ofKey: key), default: []].append(key) }
        return groups.sorted { $0.key < $1.key }.map(\.value)
    }

    private func send(
        _ command: RedisCommand,
        on way: Way,
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        let client = way.node.client
        // One that has only just been heard of is given the time of an attempt to connect.
        if !client.isConnected, client.lastFailure == nil {
            await way.node.settle(within: configuration.connectTimeout)
        }
        return try await client.send(command, isAsking: way.isAsking, within: timeout)
    }

    private func way(_ routing: ClusterRouting) throws(RedisError) -> Way {
        let outcome = state.withLock { state -> Result<Way, RedisError> in
            guard !state.isOver else { return .failure(Self.closed) }
            let topology = state.routes.topology
            let endpoint: RedisEndpoint? =
                switch routing {
                case .slot(let slot): topology.master(of: slot)
                case .anywhere:
                    topology.masters.first { state.nodes[$0]?.client.isConnected == true } ?? topology.masters.first
                }
            guard let endpoint, let node = state.nodes[endpoint] else {
                let message =
                    topology.masters.isEmpty ? "The cluster's nodes are not known." : "The slot has no master."
                return .failure(RedisError(.notConnected, message, cause: state.lastFailure))
            }
            return .success(Way(node: node))
        }
        if case .failure = outcome { wishes.wake() }
        return try outcome.get()
    }

    private enum Next {
        case fail
        case pause
        case go(Way)
    }

    /// What to do about an error: only where the command certainly did not run there is anything to do.
    private func next(after error: RedisError, from endpoint: RedisEndpoint) -> Next {
        guard error.code == .server else {
            if Self.losses.contains(error.code) { wishes.wake() }
            return .fail
        }
        switch ClusterRedirect(error, from: endpoint) {
        case nil: return .fail
        case .tryAgain: return .pause
        case .clusterDown:
            wishes.wake()
            return .fail
        case .moved(let slot, let target):
            wishes.wake()
            return detour(to: target, isAsking: false) { $0.moved(slot, to: target) }
        case .ask(let target):
            return detour(to: target, isAsking: true) { $0.asked(target) }
        }
    }

    private func detour(
        to target: RedisEndpoint,
        isAsking: Bool,
        _ hear: (inout ClusterRoutes) -> ClusterRoutes.Change?
    ) -> Next {
        state.withLock { state in
            guard let change = hear(&state.routes) else { return .fail }
            carryOut(change, &state)
            return state.nodes[target].map { .go(Way(node: $0, isAsking: isAsking)) } ?? .fail
        }
    }

    private func nodesOfAllMasters() throws(RedisError) -> [ClusterNode] {
        let (isReachable, nodes, cause) = state.withLock { state in
            (state.isReachable, state.routes.topology.masters.compactMap { state.nodes[$0] }, state.lastFailure)
        }
        guard isReachable else {
            wishes.wake()
            throw RedisError(.notConnected, "Not every slot of the cluster has a master.", cause: cause)
        }
        return nodes
    }

    private static let losses: Set<RedisError.Code> = [
        .notConnected, .connectionLost, .deadlineExceeded, .refusedByBreaker,
    ]
}
