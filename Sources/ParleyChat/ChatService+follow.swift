public import ParleyCore

extension ChatService {
    /// Shows a reply from behind an index on: its committed pieces in order, each once, as `message_delta` events, and at
    /// the end one `message_updated` with the whole message, which is returned.
    ///
    /// A reply that has ended is that one event at once. Nothing is emitted that isn't committed. An `index` that the reply
    /// has not reached yet (it was begun anew) shows it from its beginning. While `emit` waits, events gather in the
    /// subscription's bounded queue; what overflows is read back from the store.
    ///
    /// - Parameters:
    ///   - id: The reply.
    ///   - index: The last piece the caller has; -1 for none.
    ///   - completes: Whether text that was not shown as pieces, because the reply had ended before it could be, is shown
    ///     as one more piece before the end: so that the pieces of one who follows from the beginning are the whole text.
    ///   - identity: The caller.
    ///   - emit: Sends an event on; what it throws ends the following, and never the reply.
    /// - Returns: The reply as it ended.
    /// - Throws: ``ParleyError/notFound`` where there is no such reply, or once the caller can't see it any more (at the
    ///   latest ``Limits/accessRecheck`` later); ``ParleyError/Code/unavailable`` where the bus shuts down before the end.
    public func follow(
        _ id: MessageID,
        after index: Int,
        completing completes: Bool = false,
        as identity: Identity,
        emit: (Event) async throws -> Void
    ) async throws -> Message {
        var shown = ShownText()
        return try await follow(id, after: index, as: identity, clock: ports.stopwatch) { event in
            if completes, case .change(.messageUpdated(let message)) = event.kind, let rest = shown.rest(of: message) {
                try await emit(self.event(of: rest, in: message))
            }
            shown.add(event)
            try await emit(event)
        }
    }

    /// Waits until a reply has ended, and returns it.
    ///
    /// Throws as ``follow(_:after:completing:as:emit:)`` does.
    public func waitForEnd(_ id: MessageID, as identity: Identity) async throws -> Message {
        try await follow(id, after: -1, as: identity) { _ in }
    }

    private func follow<C: Clock>(
        _ id: MessageID,
        after index: Int,
        as identity: Identity,
        clock: C,
        _ emit: (Event) async throws -> Void
    ) async throws -> Message where C.Duration == Duration {
        var cursor = ReplyCursor(following: id, after: index)
        // The conversation, and with it the topic, is known only now; what is committed between here and the subscription
        // is read once more within it.
        let first = try await ports.store.replyProgress(of: id, after: cursor.lastIndex, as: identity).message
        guard first.status == .streaming else {
            try await emit(Event(.messageUpdated(first)))
            return first
        }
        let topic = EventTopic.conversation(first.conversationID, in: first.projectID)
        return try await ports.bus.withSubscription(to: topic) { subscription in
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                let signals = Handoff<Signal>()
                group.addTask {
                    for await signal in subscription { try await signals.give(signal) }
                    signals.end()
                }
                // Whatever gets lost on its way, a reply that has ended is found by looking.
                group.addTask {
                    while true {
                        try await clock.sleep(until: clock.now.advanced(by: Limits.followInterval), tolerance: nil)
                        try await signals.give(.lagged)
                    }
                }
                var checkedAt = clock.now
                var step = ReplyCursor.Step.readProgress
                while true {
                    while case .readProgress = step {
                        let progress = try await ports.store.replyProgress(
                            of: id,
                            after: cursor.lastIndex,
                            as: identity
                        )
                        checkedAt = clock.now
                        step = cursor.step(to: progress)
                    }
                    switch step {
                    case .show(let deltas):
                        for delta in deltas { try await emit(event(of: delta, in: first)) }
                    case .end(let message):
                        try await emit(Event(.messageUpdated(message)))
                        return message
                    case .gone: throw ParleyError.notFound
                    case .readProgress, .wait: break
                    }
                    guard let signal = try await signals.take() else {
                        return try await lastLook(at: id, as: identity, emit: emit)
                    }
                    // What a signal says may be shown only to one who may still see it; reading says the same, and checks.
                    let isCheckDue = checkedAt.duration(to: clock.now) > Limits.accessRecheck
                    step = isCheckDue ? .readProgress : cursor.step(to: signal)
                    // The end holds the whole reply, so it is always looked up by the one who is to see it.
                    if case .end = step { step = .readProgress }
                }
            }
        }
    }

    // The bus has shut down. Replies end before it does, so the end may be there to see.
    private func lastLook(
        at id: MessageID,
        as identity: Identity,
        emit: (Event) async throws -> Void
    ) async throws -> Message {
        let message = try await ports.store.replyProgress(of: id, after: -1, as: identity).message
        guard message.status != .streaming else { throw ParleyError.unavailable("The server is shutting down.") }
        try await emit(Event(.messageUpdated(message)))
        return message
    }

    private func event(of delta: ReplyDelta, in message: Message) -> Event {
        Event(
            projectID: message.projectID,
            conversationID: message.conversationID,
            kind: .delta(delta),
            timestamp: ports.clock.now()
        )
    }
}
