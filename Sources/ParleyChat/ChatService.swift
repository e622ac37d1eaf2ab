public import Logging
public import ParleyCore
public import ParleyMetrics

/// Turns with a model: begins, follows, stops and repeats replies.
///
/// Each reply is written by ``ReplyRegistry``, apart from the request that asked for it; whoever wants to see it follows it,
/// from any instance. Not a lifecycle service: it runs nothing itself.
public struct ChatService: Sendable {
    let ports: ChatPorts
    let registry: ReplyRegistry

    /// Makes a service.
    ///
    /// - Parameters:
    ///   - store: Where messages are kept. Its changes and pieces must be published on `bus` once they are committed.
    ///   - bus: What followers listen to.
    ///   - provider: Who answers.
    ///   - titles: Who finds titles for new conversations, in the background; none means that they keep what their first
    ///     message gave them.
    ///   - personas: Who may answer in a project.
    ///   - queryLog: Gets a line for each reply that has ended.
    ///   - registry: Where replies run.
    ///   - clock: The time of day.
    ///   - logger: The log; gets ids, never text.
    ///   - stopwatch: What waiting is measured by.
    ///   - metrics: Counts replies that have ended.
    public init(
        store: any ConversationStore,
        bus: any EventBus,
        provider: any ReplyProvider,
        titles: (any ReplyProvider)? = nil,
        personas: Personas = Personas(),
        queryLog: any QueryLog,
        registry: ReplyRegistry,
        clock: any WallClock,
        logger: Logger,
        stopwatch: any Clock<Duration> = ContinuousClock(),
        metrics: ReplyMetrics = ReplyMetrics()
    ) {
        ports = ChatPorts(
            store: store,
            bus: bus,
            provider: provider,
            titles: titles,
            personas: personas,
            queryLog: queryLog,
            clock: clock,
            stopwatch: stopwatch,
            logger: logger,
            metrics: metrics
        )
        self.registry = registry
    }

    /// Commits a person's message and an empty reply, and starts the reply's writing.
    ///
    /// Repeating it with the same message id joins: the turn comes back as it is now, as a replay, and the model is not asked
    /// again. Follow the reply with ``follow(_:after:completing:as:emit:)``.
    ///
    /// - Parameters:
    ///   - request: The turn; its message has passed ``Rules``.
    ///   - options: How it is to be answered; the request says which model.
    ///   - expectedRevision: The conversation's revision that the caller knows.
    ///   - identity: The caller.
    /// - Returns: The turn; its reply is `streaming`, or what it has become in the meantime.
    /// - Throws: What the store's `beginTurn` throws; ``ParleyError/Code/unavailable`` where no more replies can run, or
    ///   ``ParleyError/Code/rateLimited`` where no more of this caller's can, and nothing is committed.
    public func begin(
        _ request: TurnRequest,
        options: TurnOptions,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        var options = options
        options.model = request.model
        return try await registry.start(for: identity.email) { [options] in
            let commit = try await ports.store.beginTurn(request, expectedRevision: expectedRevision, as: identity)
            return (commit, runner(of: commit.value, options, as: identity))
        }
    }

    /// Writes an ended reply anew, keeping its text as a version.
    ///
    /// One that could use tools may use them again.
    ///
    /// - Parameters:
    ///   - id: The reply.
    ///   - options: How it is to be answered this time.
    ///   - expectedRevision: The conversation's revision that the caller knows.
    ///   - identity: The caller.
    /// - Returns: The turn, its reply `streaming` and empty.
    /// - Throws: What the store's `beginRegeneration` throws; ``ParleyError/Code/unavailable`` and
    ///   ``ParleyError/Code/rateLimited`` as with a new turn.
    public func regenerate(
        _ id: MessageID,
        options: TurnOptions,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try await registry.start(for: identity.email) {
            // Begun anew, its metadata is gone.
            let before = try await ports.store.replyProgress(of: id, after: .max, as: identity).message
            var options = options
            options.usesTools = options.usesTools || before.metadata["agent"] == true
            let commit = try await ports.store.beginRegeneration(
                of: id,
                expectedRevision: expectedRevision,
                as: identity
            )
            return (commit, runner(of: commit.value, options, as: identity))
        }
    }

    /// Ends a running reply where it is: `delivered`, and `stopped` in its metadata.
    ///
    /// One that has ended is returned as it is. Works from any instance. Waits for the end at most ``Limits/replyStopWait``; should the writer not have answered by
    /// then, the reply is returned as it is, still `streaming`, and the wish to stop stays.
    ///
    /// - Throws: What the store's `requestStop` throws.
    public func stop(_ id: MessageID, as identity: Identity) async throws -> Message {
        let message = try await ports.store.requestStop(of: id, as: identity)
        guard message.status == .streaming else { return message }
        registry.stop(message)
        let ended = try await withThrowingTaskGroup(of: Message?.self) { group in
            group.addTask { try await waitForEnd(id, as: identity) }
            group.addTask {
                try await ports.stopwatch.sleep(for: Limits.replyStopWait)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        if let ended { return ended }
        return try await ports.store.replyProgress(of: id, after: -1, as: identity).message
    }

    private func runner(of turn: Turn, _ options: TurnOptions, as identity: Identity) -> ReplyRunner? {
        turn.lease.map { lease in
            ReplyRunner(ports: ports, turn: turn, lease: lease, options: options, identity: identity)
        }
    }
}
