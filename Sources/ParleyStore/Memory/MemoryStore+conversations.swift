public import ParleyCore

extension MemoryStore {
    /// Checks that the caller may do `access` to a conversation.
    public func authorize(_ access: Access, to conversation: ConversationID, as identity: Identity) throws {
        try read { state, _ in _ = try state.conversation(conversation, for: access, as: identity) }
    }

    /// Checks that there is such a message and that the caller may do `access` to it.
    public func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) throws {
        try read { state, _ in
            _ = try state.conversation(conversation, for: .read, as: identity).requireIndex(of: message)
            _ = try state.conversation(conversation, for: access, as: identity)
        }
    }

    /// Makes a conversation.
    public func createConversation(_ input: NewConversation, as identity: Identity) throws -> Commit<Conversation> {
        try write { state, now in
            let project = try state.project(toWriteIn: input.projectID, as: identity, ids: ids, at: now)
            let fingerprint = Fingerprint(of: input, in: project)
            if let replay = try state.replay(of: input.id, fingerprint, as: identity) { return replay }
            let conversation = Conversation(
                id: input.id ?? ids.make(),
                projectID: project,
                owner: identity.email,
                title: input.title ?? Conversation.defaultTitle,
                description: input.description,
                metadata: input.metadata,
                createdAt: now,
                updatedAt: now,
                hasGivenTitle: input.title != nil
            )
            state.conversations[conversation.id] = StoredConversation(conversation, fingerprint: fingerprint)
            return Commit(conversation, changes: [.conversationCreated(conversation)])
        }
    }

    /// Changes a conversation's own fields.
    public func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) throws -> Commit<Conversation> {
        try write { state, now in
            var stored = try state.conversation(id, for: .read, as: identity)
            if let target = changes.projectID { _ = try state.project(target, for: .read, as: identity) }
            for project in [stored.fields.projectID, changes.projectID ?? stored.fields.projectID] {
                _ = try state.project(project, for: .write, as: identity)
            }
            try stored.requireRevision(expectedRevision)
            let isMove = changes.projectID != nil && changes.projectID != stored.fields.projectID
            if isMove { try stored.requireNoRunningReply() }
            if changes.title != nil { stored.keepTitle() }
            guard stored.fields.isChanged(by: changes) else {
                // Nobody can see who titled it: that alone is no change.
                state.conversations[id] = stored
                return Commit(stored.value, changes: [])
            }
            let before = stored.fields.projectID
            let change = stored.update(at: now) { $0.apply(changes) }
            state.conversations[id] = stored
            return Commit(stored.value, changes: [change], movedFrom: isMove ? before : nil)
        }
    }

    /// Gives a conversation a better title, unless a person gave it one.
    public func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) throws -> Commit<Conversation> {
        try write { state, _ in
            var stored = try state.conversation(id, for: .write, as: identity)
            guard !stored.fields.hasGivenTitle, !stored.fields.title.isExactly(title) else {
                return Commit(stored.value, changes: [])
            }
            let change = stored.improveTitle(title)
            state.conversations[id] = stored
            return Commit(stored.value, changes: [change])
        }
    }

    /// Deletes a conversation with all that belongs to it.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) throws -> Commit<Void> {
        try write { state, now in
            let stored = try state.conversation(id, for: .write, as: identity)
            try stored.requireRevision(expectedRevision)
            return Commit((), changes: [state.delete(stored, at: now)])
        }
    }

    /// Makes a new conversation that holds copies of the first messages of another.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) throws -> Commit<Conversation> {
        try write { state, now in
            let source = try state.conversation(id, for: .write, as: identity)
            let fingerprint = Fingerprint(of: request, from: id)
            if let replay = try state.replay(of: request.id, fingerprint, as: identity) { return replay }
            guard 1...max(1, source.log.count) ~= request.seq, !source.log.isEmpty else {
                throw ParleyError.invalid("seq", "seq must be the place of one of the conversation's messages.")
            }
            try source.requireRevision(request.expectedRevision)
            let range = source.log.prefix(request.seq)
            guard !range.contains(where: { $0.running != nil }) else { throw ParleyError.replyInProgress }
            let fork = source.fork(
                range,
                fields: Conversation(
                    id: request.id ?? ids.make(),
                    projectID: source.fields.projectID,
                    owner: identity.email,
                    title: request.title ?? source.fields.title,
                    messageCount: request.seq,
                    revision: request.seq + 1,
                    createdAt: now,
                    updatedAt: now,
                    lastMessageAt: range.last?.message.createdAt,
                    forkedFrom: ForkOrigin(conversationID: id, seq: request.seq),
                    hasGivenTitle: source.fields.hasGivenTitle || request.title != nil
                ),
                fingerprint: fingerprint,
                ids: ids
            )
            state.conversations[fork.fields.id] = fork
            return Commit(fork.value, changes: [.conversationCreated(fork.value)])
        }
    }
}

extension MemoryState {
    /// The project a new conversation goes to, where the caller may write.
    mutating func project(
        toWriteIn id: ProjectID?,
        as identity: Identity,
        ids: any IDMaker,
        at now: Timestamp
    ) throws -> ProjectID {
        guard let id else { return personalProject(of: identity, ids: ids, at: now).id }
        return try project(id, for: .write, as: identity).project.id
    }

    /// What an earlier create with this id made; none where the id is free.
    fileprivate func replay(
        of id: ConversationID?,
        _ fingerprint: Fingerprint,
        as identity: Identity
    ) throws -> Commit<Conversation>? {
        guard let id, conversations[id] != nil else { return nil }
        let stored = try conversation(id, for: .read, as: identity)
        guard stored.fingerprint == fingerprint else { throw ParleyError.idempotencyConflict }
        return .replay(stored.value)
    }

    /// Removes a conversation with its log and everybody's drafts and read marks in it.
    mutating func delete(_ stored: StoredConversation, at now: Timestamp) -> Change {
        conversations[stored.fields.id] = nil
        drafts = drafts.filter { $0.key.conversation != stored.fields.id }
        readMarks[stored.fields.id] = nil
        partialCopies[stored.fields.id] = nil
        return .conversationDeleted(stored.deleted(at: now))
    }
}

extension StoredConversation {
    /// A conversation that holds copies of some of this one's messages.
    fileprivate func fork(
        _ range: some Collection<StoredMessage>,
        fields: Conversation,
        fingerprint: Fingerprint,
        ids: any IDMaker
    ) -> StoredConversation {
        var copiedIDs: [MessageID: MessageID] = [:]
        let copies = range.map { original in
            let id: MessageID = ids.make()
            copiedIDs[original.message.id] = id
            return original.copy(
                id: id,
                in: fields,
                answers: original.answers.flatMap { copiedIDs[$0] }
            )
        }
        var fork = StoredConversation(fields, fingerprint: fingerprint)
        fork.adopt(copies)
        return fork
    }
}

extension StoredMessage {
    /// A copy for a fork that is made now.
    fileprivate func copy(id: MessageID, in fork: Conversation, answers: MessageID?) -> StoredMessage {
        let copy = Message(
            id: id,
            conversationID: fork.id,
            projectID: fork.projectID,
            seq: message.seq,
            revision: message.seq + 1,
            role: message.role,
            author: message.author,
            content: message.content,
            parts: message.parts,
            status: message.status,
            metadata: message.metadata,
            contexts: message.contexts,
            aiResponse: message.aiResponse,
            confidence: message.confidence,
            model: message.model,
            createdAt: message.createdAt,
            updatedAt: fork.createdAt
        )
        // The copy's own text is what a turn about it repeats.
        let input = NewMessage(
            role: copy.role,
            content: copy.content,
            parts: copy.parts,
            metadata: copy.metadata,
            contexts: copy.contexts,
            aiResponse: copy.aiResponse,
            confidence: copy.confidence,
            model: copy.model
        )
        return StoredMessage(
            message: copy,
            fingerprint: fingerprint == nil ? nil : Fingerprint(of: input),
            textAuthor: textAuthor,
            textTime: textTime,
            answers: answers
        )
    }
}

extension Conversation {
    fileprivate mutating func apply(_ changes: ConversationChanges) {
        if let title = changes.title { self.title = title }
        if let description = changes.description { self.description = description }
        if let status = changes.status { self.status = status }
        if let isPinned = changes.isPinned { self.isPinned = isPinned }
        if let metadata = changes.metadata { self.metadata = metadata }
        if let projectID = changes.projectID { self.projectID = projectID }
    }

    fileprivate func isChanged(by changes: ConversationChanges) -> Bool {
        var after = self
        after.apply(changes)
        let isSame =
            title.isExactly(after.title) && description.isExactly(after.description)
            && status == after.status && isPinned == after.isPinned && projectID == after.projectID
            && JSON.object(metadata).serialized == JSON.object(after.metadata).serialized
        return !isSame
    }
}
