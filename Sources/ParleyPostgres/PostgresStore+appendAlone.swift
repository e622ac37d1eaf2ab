internal import ParleyCore

extension PostgresStore {
    /// Appends messages in a transaction of their own, whatever they are and whatever is there already.
    func appendMessagesAlone(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        try await write { transaction in
            let db = transaction.db
            var state = try await transaction.lock(conversation, for: .write, as: identity)
            let stored = try await db.messages(messages.compactMap(\.id), in: state)
            // None for what is still to be appended.
            let known = try messages.map { input in
                try stored.first { $0.message.id == input.id }.map { stored in
                    guard stored.fingerprint == Fingerprint(of: input).value else {
                        throw ParleyError.idempotencyConflict
                    }
                    return stored.message
                }
            }
            guard known.contains(where: { $0 == nil }) else { return .replay(known.compactMap(\.self)) }
            try state.requireRevision(expectedRevision)
            var results: [Message] = []
            var commit = Commit(results, changes: [])
            for (input, known) in zip(messages, known) {
                if let known {
                    results.append(known)
                    continue
                }
                let draft = MessageDraft(
                    id: input.id ?? transaction.ids.make(),
                    input: input,
                    author: input.role == .user ? identity.email : nil
                )
                let (message, step) = try await transaction.append(draft, to: &state)
                results.append(message)
                commit.changes.append(.messageAppended(message))
                commit.steps.append(step)
            }
            try await transaction.save(state, isAppend: true)
            let isSaid = zip(messages, known).contains { input, known in known == nil && input.role == .user }
            if isSaid { try await db.deleteDraft(of: identity.email, in: conversation) }
            commit.value = results
            return commit
        }
    }
}
