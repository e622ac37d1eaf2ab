public import ParleyCore

extension PostgresStore {
    /// Commits the person's message and an empty reply with the caller's lease, in one step.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try await write { transaction in
            let db = transaction.db
            var (state, known, isNew) = try await transaction.place(of: request, as: identity)
            if let known {
                if let turn = try await db.turn(begunBy: known, in: state) { return .replay(turn) }
                try known.requireNotDeleted()
            }
            var changes: [Change] = []
            var steps: [LogStep] = []
            var isTitled = false
            if isNew {
                changes.append(.conversationCreated(try await db.conversation(state.id)))
            } else {
                try state.requireRevision(expectedRevision)
                try await db.requireNoRunningReply(state.id)
                if let change = try await transaction.title(&state, by: request.message) {
                    changes.append(change)
                    isTitled = true
                }
            }
            let userMessage: Message
            if let known {
                userMessage = known.message
            } else {
                let draft = MessageDraft(
                    id: request.message.id ?? transaction.ids.make(),
                    input: request.message,
                    author: identity.email
                )
                let appended = try await transaction.append(draft, to: &state)
                userMessage = appended.message
                changes.append(.messageAppended(userMessage))
                steps.append(appended.step)
            }
            let reply = try await transaction.appendReply(to: userMessage.seq, model: request.model, in: &state)
            changes.append(.messageAppended(reply.message))
            steps.append(reply.step)
            try await transaction.save(state, isAppend: true, isTitled: isTitled)
            try await db.deleteDraft(of: identity.email, in: state.id)
            if request.conversationID == nil { try await db.deleteDraft(of: identity.email, in: nil) }
            let turn = Turn(
                conversation: try await db.conversation(state.id),
                userMessage: userMessage,
                reply: reply.message,
                lease: reply.lease
            )
            var commit = Commit(turn, changes: changes)
            commit.steps = steps
            return commit
        }
    }

    /// Makes an ended reply `streaming` again, empty, with a lease; its text becomes a version.
    public func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try await write { transaction in
            let db = transaction.db
            var (state, before) = try await transaction.locate(id, for: .write, as: identity)
            try before.requireNotDeleted()
            let question = try await db.question(of: before, in: state)
            try state.requireRevision(expectedRevision)
            try await db.requireNoRunningReply(state.id)
            let version = try await transaction.keepVersion(of: before) + 1
            let reply = try await transaction.update(before, in: &state) { entry in
                entry.message.clearAnswer(beginning: version)
                entry.message.status = .streaming
                entry.message.nextIndex = 0
                entry.fence += 1
            }
            let lease = try await transaction.grantLease(of: reply, fence: before.fence + 1, in: state)
            let turn = Turn(
                conversation: try await db.conversation(state.id),
                userMessage: question.message,
                reply: reply,
                lease: lease
            )
            return Commit(turn, changes: [.messageUpdated(reply)])
        }
    }
}

extension WriteTransaction {
    /// Where a turn goes: an existing conversation or one that is made for it, and the person's message where it is there.
    fileprivate func place(
        of request: TurnRequest,
        as identity: Identity
    ) async throws -> (state: ConversationState, known: StoredMessage?, isNew: Bool) {
        let fingerprint = Fingerprint(of: request.message)
        if let id = request.conversationID {
            let state = try await lock(id, for: .write, as: identity)
            guard let messageID = request.message.id else { return (state, nil, false) }
            let known = try await db.message(messageID, in: state)
            try known?.message.requireBeginning(of: request, madeOf: known?.fingerprint.map(Fingerprint.init(value:)))
            return (state, known, false)
        }
        if let id = request.message.id {
            // There is no conversation to lock yet: of the same turn, sent several times at once, one goes first.
            try await db.run("SELECT pg_advisory_xact_lock(20563, hashtext($1))", ["\(id)"])
        }
        let project = try await project(toWriteIn: request.projectID, as: identity)
        if let id = request.message.id,
            let conversation = try await db.ownMessage(id, fingerprint, in: request.projectID, as: identity)
        {
            let state = try await lock(conversation, for: .write, as: identity)
            return (state, try await db.requireMessage(id, in: state), false)
        }
        let conversation = Conversation(
            id: ids.make(),
            projectID: project,
            owner: identity.email,
            title: MessageText.title(for: request.message.content),
            createdAt: now,
            updatedAt: now
        )
        guard try await insert(conversation, fingerprint: nil) else { throw ParleyError.overtaken }
        return (try await state(of: conversation.id), nil, true)
    }

    /// Titles a conversation that is empty and that nobody has titled; ``save(_:isAppend:isTitled:)`` must follow.
    fileprivate func title(_ state: inout ConversationState, by message: NewMessage) async throws -> Change? {
        let title = MessageText.title(for: message.content)
        guard state.messageCount == 0, !state.titleIsGiven, !state.title.isExactly(title) else { return nil }
        bump(&state)
        state.title = title
        var conversation = try await db.conversation(state.id)
        conversation.title = title
        conversation.revision = state.revision
        conversation.updatedAt = state.now
        return .conversationUpdated(conversation)
    }
}

extension Querying {
    /// The conversation where the caller's own message of an id stands that was made of the same content, and in the
    /// project that the caller names, if any.
    fileprivate func ownMessage(
        _ id: MessageID,
        _ fingerprint: Fingerprint,
        in project: ProjectID?,
        as identity: Identity
    ) async throws -> ConversationID? {
        let own = try await all(
            """
            SELECT c.id, c.project_id, m.fingerprint FROM message m JOIN conversation c ON c.id = m.conversation_id
            JOIN project_member p ON p.project_id = c.project_id AND p.email = $2
            WHERE m.id = $1 AND m.author = $2 AND \(Retention.keeps())
            ORDER BY c.id
            """,
            [id, identity.email]
        ) { columns in
            (
                conversation: try columns.next(ConversationID.self),
                project: try columns.next(ProjectID.self),
                fingerprint: try columns.nextIfPresent(Int64.self)
            )
        }
        if own.isEmpty { return nil }
        let same = own.first { $0.fingerprint == fingerprint.value && (project == nil || $0.project == project) }
        guard let same else { throw ParleyError.idempotencyConflict }
        return same.conversation
    }

    /// The turn that a message began, as it is now.
    fileprivate func turn(begunBy message: StoredMessage, in state: ConversationState) async throws -> Turn? {
        guard let reply = try await reply(to: message.message.seq, in: state) else { return nil }
        return Turn(
            conversation: try await conversation(state.id),
            userMessage: message.message,
            reply: reply.message,
            lease: nil
        )
    }

    /// The message that a reply answers.
    fileprivate func question(of reply: StoredMessage, in state: ConversationState) async throws -> StoredMessage {
        let refusal = ParleyError.invalid("message_id", "Only an answer to a person's message can be regenerated.")
        if let seq = reply.replyTo {
            guard let question = try await message(seq: seq, in: state) else { throw refusal }
            try question.requireNotDeleted()
            return question
        }
        guard reply.message.role == .assistant, reply.message.seq > 1,
            let question = try await message(seq: reply.message.seq - 1, in: state), question.message.role == .user
        else { throw refusal }
        try question.requireNotDeleted()
        return question
    }
}
