public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Checks that the caller may do `access` to a conversation.
    public func authorize(_ access: Access, to conversation: ConversationID, as identity: Identity) async throws {
        _ = try await view(conversation, .none, for: access, as: identity)
    }

    /// Checks that there is such a message and that the caller may do `access` to it.
    public func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        let view = try await view(conversation, .ids([message]), as: identity)
        _ = try view.requireEntry(message)
        guard view.role?.allows(access) == true else { throw access.refusal }
    }

    /// Makes a conversation.
    public func createConversation(
        _ input: NewConversation,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        if input.projectID == nil, let id = input.id, try await isTaken(id), try await personalID(of: identity) == nil {
            // What is refused makes no project for the caller; and what is there was made in none of theirs.
            _ = try await view(id, .none, as: identity)
            throw ParleyError.idempotencyConflict
        }
        let project = try await project(toWriteIn: input.projectID, as: identity)
        let now = clock.now()
        let fingerprint = Fingerprint(of: input, in: project)
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
        let writing = SessionWriting(SessionView(of: conversation, fingerprint: fingerprint), at: now, isNew: true)
        do {
            _ = try await create(writing, isGivenID: input.id != nil, as: identity)
            return Commit(conversation, changes: [.conversationCreated(conversation)])
        } catch Refusal.exists {
            return try await replay(of: conversation.id, fingerprint, as: identity)
        } catch let refusal as Refusal {
            throw refusal.error(for: .write)
        }
    }

    /// What an earlier create with this id made.
    func replay(
        of id: ConversationID,
        _ fingerprint: Fingerprint,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        let view = try await view(id, .none, flags: "p", as: identity)
        guard view.session.fingerprint == fingerprint else { throw ParleyError.idempotencyConflict }
        return .replay(view.conversation)
    }

    /// Changes a conversation's own fields.
    public func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        if let target = changes.projectID {
            let source = try await view(id, .none, as: identity)
            let before = try await readProject(target, for: .read, as: identity).project
            for role in [source.role, before.role(of: identity.email)] where role?.allows(.write) != true {
                throw Access.write.refusal
            }
            if target != source.session.fields.projectID {
                return try await move(id, to: target, changes, expectedRevision: expectedRevision, as: identity)
            }
        }
        var (commit, preview) = try await write(to: id, .none, flags: "p", as: identity.email) { writing in
            try writing.view.session.requireRevision(expectedRevision)
            // A move that somebody else made first.
            var changes = changes
            changes.projectID = nil
            let before = writing.view.session.fields
            if changes.title != nil, !before.hasGivenTitle {
                // Nobody can see who titled it: that alone is no change.
                writing.note { $0.fields.hasGivenTitle = true }
            }
            guard before.isChanged(by: changes) else { return Commit(writing.value, changes: []) }
            let change = writing.update { $0.apply(changes) }
            return Commit(writing.value, changes: [change])
        }
        commit.value.preview = preview
        return commit
    }

    /// Gives a conversation a better title, unless a person gave it one.
    public func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        var (commit, preview) = try await write(to: id, .none, flags: "p", as: identity.email) { writing in
            let fields = writing.view.session.fields
            guard !fields.hasGivenTitle, !fields.title.isExactly(title) else {
                return Commit(writing.value, changes: [])
            }
            let change = writing.improveTitle(title)
            return Commit(writing.value, changes: [change])
        }
        commit.value.preview = preview
        return commit
    }

    /// Deletes a conversation with all that belongs to it.
    public func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void> {
        let (last, _) = try await write(to: id, .none, flags: "p", as: identity.email) { writing in
            try writing.view.session.requireRevision(expectedRevision)
            var last = writing.value
            last.revision += 1
            last.updatedAt = writing.now
            writing.batch.trash(writing.view.session.fields)
            return last
        }
        try await forget(id, in: last.projectID)
        return Commit((), changes: [.conversationDeleted(last)])
    }

    /// Takes away what is left of a conversation that has been deleted.
    func forget(_ id: ConversationID, in project: ProjectID) async throws {
        known[id] = nil
        try await forgetSession(id, of: project)
        try await sweepTrash(project)
    }

    /// Removes an id's key, unless somebody has made another conversation with the id elsewhere.
    func forgetSession(_ id: ConversationID, of project: ProjectID) async throws {
        let key = RedisArgument.string(TruthKeys.session(id))
        let reply = try await run(Self.forgetSession, keys: [key], arguments: ["\(project)"])
        // It was just being moved away.
        if let place = reply.string.flatMap(SessionPlace.init) { try await forgetMove(of: id, place) }
    }

    private static let forgetSession = RedisScript(
        """
        local place = redis.call('GET', KEYS[1])
        if place and (place == ARGV[1] or string.sub(place, 1, #ARGV[1] + 1) == ARGV[1] .. '>') then
            redis.call('DEL', KEYS[1])
            return place
        end
        return false
        """
    )
}

extension SessionView {
    /// Of a conversation that is being made.
    init(of conversation: Conversation, fingerprint: Fingerprint? = nil) {
        role = nil
        session = SessionRecord(conversation, fingerprint: fingerprint)
        entries = []
        pieces = []
        preview = nil
    }
}

extension Conversation {
    mutating func apply(_ changes: ConversationChanges) {
        if let title = changes.title {
            self.title = title
            hasGivenTitle = true
        }
        if let description = changes.description { self.description = description }
        if let status = changes.status { self.status = status }
        if let isPinned = changes.isPinned { self.isPinned = isPinned }
        if let metadata = changes.metadata { self.metadata = metadata }
        if let projectID = changes.projectID { self.projectID = projectID }
    }

    func isChanged(by changes: ConversationChanges) -> Bool {
        var after = self
        after.apply(changes)
        let isSame =
            title.isExactly(after.title) && description.isExactly(after.description)
            && status == after.status && isPinned == after.isPinned && projectID == after.projectID
            && metadata.isExactly(after.metadata)
        return !isSame
    }
}
