public import ParleyCore

extension MemoryStore {
    /// Commits the person's message and an empty reply with the caller's lease, in one step.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) throws -> Commit<Turn> {
        try write { state, now in
            let place = try state.place(of: request, as: identity, ids: ids, at: now)
            var stored = place.conversation
            var changes: [Change] = []
            if let index = place.known {
                if let turn = stored.turn(begunBy: index) { return .replay(turn) }
                try stored.log[index].requireNotDeleted()
            }
            if place.isNew {
                changes.append(.conversationCreated(stored.value))
            } else {
                try stored.requireRevision(expectedRevision)
                try stored.requireNoRunningReply()
                if let change = stored.titleByFirstMessage(request.message, at: now) { changes.append(change) }
            }
            let userMessage: Message
            if let index = place.known {
                userMessage = stored.message(at: index)
            } else {
                let draft = MessageDraft(
                    id: request.message.id ?? ids.make(),
                    input: request.message,
                    author: identity.email
                )
                userMessage = stored.append(draft, at: now)
                changes.append(.messageAppended(userMessage))
            }
            let input = NewMessage(role: .assistant, content: "", model: request.model)
            let reply = stored.append(
                MessageDraft(id: ids.make(), input: input, author: nil, answers: userMessage.id),
                at: now
            )
            changes.append(.messageAppended(reply))
            state.drafts[MemoryState.DraftKey(email: identity.email, conversation: stored.fields.id)] = nil
            if request.conversationID == nil {
                state.drafts[MemoryState.DraftKey(email: identity.email, conversation: nil)] = nil
            }
            state.conversations[stored.fields.id] = stored
            let turn = Turn(
                conversation: stored.value,
                userMessage: userMessage,
                reply: reply,
                lease: stored.lease(at: stored.log.count - 1)
            )
            return Commit(turn, changes: changes)
        }
    }

    /// Makes an ended reply `streaming` again, empty, with a lease; its text becomes a version.
    public func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) throws -> Commit<Turn> {
        try write { state, now in
            let found = try state.message(id, for: .write, as: identity)
            var stored = found.conversation
            let index = found.index
            try stored.log[index].requireNotDeleted()
            let question = try stored.question(ofReplyAt: index)
            try stored.requireRevision(expectedRevision)
            try stored.requireNoRunningReply()
            try stored.log[index].requireRoomForVersion()
            let reply = stored.updateMessage(at: index, now: now) { entry in
                entry.keepVersion()
                entry.message.clearAnswer(beginning: entry.versions.count + 1)
                entry.beginReply(leaseEnd: now + Limits.replyLease)
            }
            state.conversations[stored.fields.id] = stored
            let turn = Turn(
                conversation: stored.value,
                userMessage: stored.message(at: question),
                reply: reply,
                lease: stored.lease(at: index)
            )
            return Commit(turn, changes: [.messageUpdated(reply)])
        }
    }
}

extension MemoryState {
    /// Where a turn goes: an existing conversation or one that is made for it, and the person's message if it is there already.
    fileprivate mutating func place(
        of request: TurnRequest,
        as identity: Identity,
        ids: any IDMaker,
        at now: Timestamp
    ) throws -> (conversation: StoredConversation, known: Int?, isNew: Bool) {
        let fingerprint = Fingerprint(of: request.message)
        if let id = request.conversationID {
            let stored = try conversation(id, for: .write, as: identity)
            let known = request.message.id.flatMap(stored.index(of:))
            if let known {
                try stored.message(at: known).requireBeginning(of: request, madeOf: stored.log[known].fingerprint)
            }
            return (stored, known, false)
        }
        let project = try project(toWriteIn: request.projectID, as: identity, ids: ids, at: now)
        if let id = request.message.id, let found = try ownMessage(id, fingerprint, in: request.projectID, as: identity)
        {
            let stored = try conversation(found.conversation.fields.id, for: .write, as: identity)
            return (stored, found.index, false)
        }
        let conversation = Conversation(
            id: ids.make(),
            projectID: project,
            owner: identity.email,
            title: MessageText.title(for: request.message.content),
            createdAt: now,
            updatedAt: now
        )
        return (StoredConversation(conversation, fingerprint: nil), nil, true)
    }

    /// The caller's own message of an id that was made of the same content, wherever it stands or in the project that the
    /// caller names.
    private func ownMessage(
        _ id: MessageID,
        _ fingerprint: Fingerprint,
        in project: ProjectID?,
        as identity: Identity
    ) throws -> (conversation: StoredConversation, index: Int)? {
        let own = try visibleConversations(in: nil, as: identity)
            .sorted { $0.fields.id < $1.fields.id }
            .compactMap { stored in stored.index(of: id).map { (conversation: stored, index: $0) } }
            .filter { $0.conversation.log[$0.index].message.author == identity.email }
        guard !own.isEmpty else { return nil }
        let same = own.first { found in
            found.conversation.log[found.index].fingerprint == fingerprint
                && (project == nil || found.conversation.fields.projectID == project)
        }
        guard let same else { throw ParleyError.idempotencyConflict }
        return same
    }
}

extension StoredConversation {
    /// The turn that a message began, as it is now.
    fileprivate func turn(begunBy index: Int) -> Turn? {
        guard let reply = log.firstIndex(where: { $0.answers == log[index].message.id }) else { return nil }
        return Turn(
            conversation: value,
            userMessage: message(at: index),
            reply: message(at: reply),
            lease: nil
        )
    }

    /// Titles a conversation that is empty and that nobody has titled.
    fileprivate mutating func titleByFirstMessage(_ input: NewMessage, at now: Timestamp) -> Change? {
        let title = MessageText.title(for: input.content)
        guard log.isEmpty, !fields.hasGivenTitle, !title.isExactly(fields.title) else { return nil }
        return update(at: now) { $0.title = title }
    }

    /// Where the message stands that a reply answers.
    fileprivate func question(ofReplyAt index: Int) throws -> Int {
        let entry = log[index]
        if let question = entry.answers.flatMap(self.index(of:)) {
            try log[question].requireNotDeleted()
            return question
        }
        guard entry.message.role == .assistant, index > 0, log[index - 1].message.role == .user else {
            throw ParleyError.invalid("message_id", "Only an answer to a person's message can be regenerated.")
        }
        try log[index - 1].requireNotDeleted()
        return index - 1
    }

    /// The lease of the reply that has just begun.
    fileprivate func lease(at index: Int) -> ReplyLease {
        ReplyLease(
            projectID: fields.projectID,
            conversationID: fields.id,
            messageID: log[index].message.id,
            fence: log[index].fence
        )
    }
}
