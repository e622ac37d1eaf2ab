internal import LibPQ
public import ParleyCore

extension PostgresStore {
    /// Appends messages, all or none.
    ///
    /// Calls that come at the same time share a statement. Where that has nothing to say to a call (a repeated id, no access,
    /// a conversation that is locked), the call is decided alone, in a transaction of its own.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        if expectedRevision == nil, let call = AppendCall(messages, to: conversation, as: identity, ids: ids) {
            let outcome = try await batched(alone: AppendOutcome.alone) {
                try await appends.perform(call, key: conversation, weight: call.weight)
            }
            if case .written(let now, let project, let places) = outcome, places.count == messages.count {
                return call.commit(of: messages, at: now, in: project, places)
            }
        }
        return try await appendMessagesAlone(
            messages,
            to: conversation,
            expectedRevision: expectedRevision,
            as: identity
        )
    }

    /// What a batch has made of a call; `alone` where the server has refused what the call itself holds.
    func batched<Outcome: Sendable>(alone: Outcome, _ body: () async throws -> Outcome) async throws -> Outcome {
        do {
            return try await body()
        } catch let error as PostgresError where error.isOfTheCall {
            return alone
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }
}

extension AppendCall {
    fileprivate func commit(
        of messages: [NewMessage],
        at now: Timestamp,
        in project: ProjectID,
        _ places: [AppendOutcome.Place]
    ) -> Commit<[Message]> {
        let appended = messages.indices.map { index in
            let input = messages[index]
            return Message(
                id: items[index].id,
                conversationID: conversationID,
                projectID: project,
                seq: places[index].seq,
                revision: places[index].revision,
                role: input.role,
                author: input.role == .user ? email : nil,
                content: input.content,
                parts: input.parts,
                metadata: input.metadata,
                contexts: input.contexts,
                aiResponse: input.aiResponse,
                confidence: input.confidence,
                model: input.model,
                createdAt: now,
                updatedAt: now
            )
        }
        var commit = Commit(appended, changes: appended.map(Change.messageAppended))
        commit.steps = places.map(\.step)
        return commit
    }
}

extension PostgresError {
    /// Whether nothing was written, for what one call holds or meets: values, constraints, limits, and others in its way.
    fileprivate var isOfTheCall: Bool {
        switch kind {
        case .argument: true
        case .refused: ["22", "23", "40", "54", "55"].contains(sqlState?.errorClass)
        default: false
        }
    }
}
