import Logging
import ParleyCore
import ParleyMetrics

/// Writes one reply: executes what ``ReplyStateMachine`` decides, against the ports.
///
/// Runs in the registry's task group. When its task is cancelled it stops at once, as a crash would: what is committed stays,
/// and the lease runs out.
struct ReplyRunner: Sendable {
    /// The ports.
    let ports: ChatPorts
    /// The turn as it began.
    let turn: Turn
    /// The right to write the reply.
    let lease: ReplyLease
    /// How it is to be answered.
    let options: TurnOptions
    /// Who asked: the history is read as they see it.
    let identity: Identity

    var logger: Logger {
        var logger = ports.logger
        logger[metadataKey: LogKey.conversation] = "\(lease.conversationID)"
        logger[metadataKey: LogKey.message] = "\(lease.messageID)"
        return logger
    }

    /// Writes the reply to its end; returns when that is committed, or can't be.
    ///
    /// - Returns: How it ended, where that is committed.
    @discardableResult
    func run(_ inbox: ReplyInbox) async -> ReplyOutcome? {
        let closing = await write(inbox, clock: ports.stopwatch)
        ports.metrics.ended(closing)
        switch closing {
        case .finished(let outcome):
            await record(outcome)
            return outcome
        case .leaseLost: logger.info("The reply was deleted or taken over while it was written")
        case .gaveUp:
            logger.error("The store did not take the reply; it keeps what was committed and will be interrupted")
        case nil: logger.info("The reply was cut off by the end of the process; it will be marked interrupted")
        }
        return nil
    }

    private func write<C: Clock>(
        _ inbox: ReplyInbox,
        clock: C
    ) async -> ReplyStateMachine.Closing? where C.Duration == Duration {
        let start = clock.now
        var machine = ReplyStateMachine(model: options.model, usesTools: options.usesTools)
        let (providerLife, endProvider) = AsyncStream.makeStream(of: Never.self)
        await withDiscardingTaskGroup { group in
            // The times at which a child will post that it woke; all in the future.
            var wakes: [Duration] = []
            var events: [ReplyStateMachine.Event] = []
            repeat {
                for event in events { machine.receive(event, at: start.duration(to: clock.now)) }
                while let action = machine.nextAction(at: start.duration(to: clock.now)) {
                    switch action {
                    case .callProvider: group.addTask { await callProvider(inbox, while: providerLife) }
                    case .endProvider: endProvider.finish()
                    case .ask(let request):
                        let answer = await ask(request)
                        machine.receive(answer, at: start.duration(to: clock.now))
                    }
                }
                guard machine.closing == nil else { break }
                inbox.settle(uncommittedBytes: machine.uncommittedBytes)
                let now = start.duration(to: clock.now)
                wakes.removeAll { $0 <= now }
                if let wakeAt = machine.wakeAt, !wakes.contains(where: { $0 <= wakeAt }) {
                    wakes.append(max(wakeAt, now))
                    group.addTask {
                        // A sleep fails when it is cancelled: then nobody waits for it.
                        if (try? await clock.sleep(until: start.advanced(by: wakeAt), tolerance: nil)) != nil {
                            inbox.post(.woken)
                        }
                    }
                }
                events = await inbox.next()
            } while !events.isEmpty
            inbox.close()
            endProvider.finish()
            group.cancelAll()
        }
        return machine.closing
    }

    private func ask(_ request: ReplyStateMachine.Request) async -> ReplyStateMachine.Event {
        do {
            switch request {
            case .commit(let piece, let index):
                return .stored(try await ports.store.appendPieces([piece], at: index, under: lease))
            case .renew:
                return .stored(try await ports.store.renew(lease))
            case .finish(let outcome):
                _ = try await ports.store.finishReply(outcome, under: lease)
                return .finished
            }
        } catch {
            logger.debug("The store refused a step of a reply", metadata: [LogKey.error: "\(error)"])
            switch (error as? ParleyError)?.code {
            case .notFound?: return await wasFinished(by: request) ? .finished : .refused(.leaseLost)
            case .unavailable?, .internalError?, nil:
                return .refused(.unavailable)
            default: return .refused(.broken)
            }
        }
    }

    // An end whose acknowledgement was lost leaves no lease to repeat it under; the reply itself tells.
    private func wasFinished(by request: ReplyStateMachine.Request) async -> Bool {
        guard case .finish(let outcome) = request else { return false }
        // Not readable: then it is as if the lease was lost, and nothing but a line of the query log is.
        let progress = try? await ports.store.replyProgress(of: lease.messageID, after: -1, as: identity)
        guard let message = progress?.message, message.status == outcome.status,
            message.latencyMilliseconds == outcome.latencyMilliseconds
        else { return false }
        // The store published nothing with an answer that did not come.
        await ports.bus.publish([Event(.messageUpdated(message))])
        return true
    }

    private func callProvider(_ inbox: ReplyInbox, while life: AsyncStream<Never>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    let (prompt, persona) = try await prompt()
                    inbox.post(.prompted(bytes: prompt.contentBytes))
                    try await provider(as: persona).reply(to: prompt) { chunk in try await inbox.put(chunk) }
                    inbox.post(.providerEnded)
                } catch {
                    // Cancelled from outside: nothing may be told to the store any more.
                    if Task.isCancelled { return }
                    logFailure(error)
                    inbox.post(.providerFailed(ReplyFailure(error)))
                }
            }
            group.addTask { for await _ in life {} }
            await group.next()
            group.cancelAll()
        }
    }

    /// Who answers this turn: with tools that see what the person who asked may see, where it has any.
    ///
    /// Between two calls of tools a model may write a whole answer, so that each round is read by itself.
    private func provider(as persona: Persona?) -> any ReplyProvider {
        let provider = persona?.readable(ports.provider) ?? ports.provider
        guard options.usesTools else { return provider }
        let tools = ConversationTools(store: ports.store, identity: identity, question: turn.userMessage.id)
        return AgentProvider(
            base: provider,
            tools: tools.all,
            guidance: ConversationTools.guidance,
            logger: logger,
            stopwatch: ports.stopwatch
        )
    }

    private func prompt() async throws -> (Prompt, Persona?) {
        let pacing = ReplyPacing()
        var refusals = 0
        while true {
            do {
                let messages = try await PromptHistory(store: ports.store).messages(
                    upTo: turn.userMessage,
                    as: identity
                )
                var prompt = Prompt(messages: messages, model: options.model, filters: options.filters)
                let persona = try await persona()
                persona?.apply(to: &prompt)
                return (prompt, persona)
            } catch let error as ParleyError where error.code == .unavailable {
                guard let delay = pacing.retryDelay(after: refusals) else { throw error }
                refusals += 1
                try await ports.stopwatch.sleep(for: delay)
            }
        }
    }

    private func persona() async throws -> Persona? {
        guard let name = try await ports.store.project(lease.projectID, as: identity).persona else { return nil }
        guard let persona = ports.personas[name] else {
            logger.warning(
                "The project names a persona that this server does not know",
                metadata: [LogKey.project: "\(lease.projectID)"]
            )
            return nil
        }
        return persona
    }

    // A cause is a status, a connection's or a parser's error; a server's own words may quote what it was asked.
    private func logFailure(_ error: any Error) {
        let failure = error as? ParleyError
        let cause =
            failure.map { failure in failure.cause.map { "\($0)" } ?? "\(failure.code)" } ?? "\(type(of: error))"
        logger.warning(
            "The model's reply failed",
            metadata: [LogKey.status: "\(failure?.code ?? .upstreamError)", LogKey.error: "\(cause)"]
        )
        logger.debug("What the model's reply failed with", metadata: [LogKey.error: "\(error)"])
    }

    private func record(_ outcome: ReplyOutcome) async {
        let latency = outcome.latencyMilliseconds ?? 0
        logger.debug(
            "A reply has ended",
            metadata: [LogKey.status: "\(outcome.status.rawValue)", LogKey.latency: "\(latency)"]
        )
        let entry = QueryLogEntry(
            time: ports.clock.now(),
            email: identity.email,
            department: identity.department,
            sessionID: identity.sessionID,
            conversationID: lease.conversationID,
            messageID: lease.messageID,
            model: outcome.model,
            latencyMilliseconds: latency,
            firstTokenMilliseconds: outcome.firstTokenMilliseconds,
            tokensUsed: outcome.tokensUsed,
            status: outcome.status
        )
        do {
            try await ports.queryLog.record(entry)
        } catch {
            logger.warning("A turn is missing in the query log", metadata: [LogKey.error: "\(error)"])
        }
    }
}
