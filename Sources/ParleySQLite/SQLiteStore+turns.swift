internal import GRDB
public import ParleyCore

extension SQLiteStore {
    /// Commits the person's message and an empty reply with the caller's lease, in one step.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        let terms = SearchIndex.terms(of: request.message.content)
        return try await write { transaction in
            let db = transaction.db
            var (state, known, isNew) = try transaction.place(of: request, as: identity)
            if let known {
                if let turn = try db.turn(begunBy: known, in: state) { return .replay(turn) }
                try known.requireNotDeleted()
            }
            var changes: [Change] = []
            if isNew {
                changes.append(.conversationCreated(try db.conversation(state.id)))
            } else {
                try state.requireRevision(expectedRevision)
                try db.requireNoRunningReply(state.id)
                if let change = try transaction.title(&state, by: request.message) { changes.append(change) }
            }
            let userMessage: Message
            if let known {
                userMessage = known.message
            } else {
                let draft = MessageDraft(
                    id: request.message.id ?? transaction.ids.make(),
                    input: request.message,
                    author: identity.email,
                    terms: terms
                )
                userMessage = try transaction.append(draft, to: &state)
                changes.append(.messageAppended(userMessage))
            }
            let reply = try transaction.appendReply(to: userMessage.seq, model: request.model, in: &state)
            changes.append(.messageAppended(reply.message))
            try transaction.save(state)
            try db.deleteDraft(of: identity.email, in: state.id)
            if request.conversationID == nil { try db.deleteDraft(of: identity.email, in: nil) }
            let turn = Turn(
                conversation: try db.conversation(state.id),
                userMessage: userMessage,
                reply: reply.message,
                lease: reply.lease
            )
            return Commit(turn, changes: changes)
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
            var (state, before) = try db.locate(id, for: .write, as: identity)
            try before.requireNotDeleted()
            let question = try db.question(of: before, in: state)
            try state.requireRevision(expectedRevision)
            try db.requireNoRunningReply(state.id)
            let version = try transaction.keepVersion(of: before) + 1
            let reply = try transaction.update(before, in: &state) { entry in
                entry.message.clearAnswer(beginning: version)
                entry.message.status = .streaming
                entry.message.nextIndex = 0
                entry.fence += 1
            }
            let lease = try transaction.grantLease(of: id, key: before.key, fence: before.fence + 1, in: state)
            let turn = Turn(
                conversation: try db.conversation(state.id),
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
    ) throws -> (state: ConversationState, known: StoredMessage?, isNew: Bool) {
        let fingerprint = Fingerprint(of: request.message)
        if let id = request.conversationID {
            let state = try db.conversationState(id, for: .write, as: identity)
            let known = try request.message.id.flatMap { try db.message($0, in: state) }
            try known?.message.requireBeginning(of: request, madeOf: known?.fingerprint.map(Fingerprint.init(value:)))
            return (state, known, false)
        }
        let project = try project(toWriteIn: request.projectID, as: identity)
        if let id = request.message.id,
            let conversation = try db.ownMessage(id, fingerprint, in: request.projectID, as: identity)
        {
            let state = try db.conversationState(conversation, for: .write, as: identity)
            return (state, try db.requireMessage(id, in: state), false)
        }
        let conversation = Conversation(
            id: ids.make(),
            projectID: project,
            owner: identity.email,
            title: MessageText.title(for: request.message.content),
            createdAt: now,
            updatedAt: now
        )
        try insert(conversation, fingerprint: nil)
        return (try db.conversationState(conversation.id), nil, true)
    }

    /// Titles a conversation that is empty and that nobody has titled.
    fileprivate func title(_ state: inout ConversationState, by message: NewMessage) throws -> Change? {
        guard state.messageCount == 0, !state.titleIsGiven else { return nil }
        return try retitle(&state, MessageText.title(for: message.content))
    }

    /// Changes the title that nobody has given; `nil` where it is this one already.
    ///
    /// An improvement is nothing that anybody did: the conversation keeps its time, and the revision is marked.
    func retitle(
        _ state: inout ConversationState,
        _ title: String,
        isImprovement: Bool = false
    ) throws -> Change? {
        guard try !db.conversation(state.id).title.isExactly(title) else { return nil }
        state.revision += 1
        try db.run(
            """
            UPDATE conversation SET title = ?1, revision = ?2, updated_at = iif(?3, updated_at, ?4),
                titled_revision = iif(?3, ?2, titled_revision) WHERE key = ?5
            """,
            [title, state.revision, isImprovement, now, state.key]
        )
        indexTitle(title, of: state.key)
        return .conversationUpdated(try db.conversation(state.id))
    }
}

extension Database {
    /// The conversation where the caller's own message of an id stands that was made of the same content, and in the
    /// project that the caller names, if any.
    fileprivate func ownMessage(
        _ id: MessageID,
        _ fingerprint: Fingerprint,
        in project: ProjectID?,
        as identity: Identity
    ) throws -> ConversationID? {
        let own = try all(
            """
            SELECT c.id, c.project_id, m.fingerprint FROM message m CROSS JOIN conversation c ON c.id = m.conversation_id
            CROSS JOIN project_member p ON p.project_id = c.project_id AND p.email = ?2
            WHERE m.id = ?1 AND m.author = ?2 AND \(Retention.keeps()) ORDER BY c.id
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
    fileprivate func turn(begunBy message: StoredMessage, in state: ConversationState) throws -> Turn? {
        guard let reply = try reply(to: message.message.seq, in: state) else { return nil }
        return Turn(
            conversation: try conversation(state.id),
            userMessage: message.message,
            reply: reply.message,
            lease: nil
        )
    }

    /// The message that a reply answers.
    fileprivate func question(of reply: StoredMessage, in state: ConversationState) throws -> StoredMessage {
        let refusal = ParleyError.invalid("message_id", "Only an answer to a person's message can be regenerated.")
        if let seq = reply.replyTo {
            guard let question = try message(seq: seq, in: state) else { throw refusal }
            try question.requireNotDeleted()
            return question
        }
        guard reply.message.role == .assistant, reply.message.seq > 1,
            let question = try message(seq: reply.message.seq - 1, in: state), question.message.role == .user
        else { throw refusal }
        try question.requireNotDeleted()
        return question
    }
}
