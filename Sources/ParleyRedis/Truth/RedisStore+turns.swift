public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Commits the person's message and an empty reply with the caller's lease, in one step.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        let commit: Commit<Turn>
        if let id = request.conversationID {
            commit = try await beginTurn(request, in: id, expectedRevision: expectedRevision, as: identity)
        } else {
            commit = try await beginTurnAnywhere(request, expectedRevision: expectedRevision, as: identity)
            if !commit.isReplay { try await clearDraft(of: identity.email) }
        }
        return commit
    }

    /// A turn in a conversation that is there.
    private func beginTurn(
        _ request: TurnRequest,
        in id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        let part = request.message.id.map { SessionView.Part.ids([$0]) } ?? .none
        let noted = try await noteRunning(id)
        var (commit, preview) = try await write(to: id, part, flags: "pt", as: identity.email) { writing in
            let known = request.message.id.flatMap(writing.view.entry)
            if let known {
                try known.message.requireBeginning(of: request, madeOf: known.fingerprint)
                if let turn = writing.view.turn(begunBy: known) { return Commit<Turn>.replay(turn) }
                try known.requireNotDeleted()
            }
            try writing.view.session.requireRevision(expectedRevision)
            try writing.view.session.requireNoRunningReply()
            var changes: [Change] = []
            if let change = writing.titleByFirstMessage(request.message) { changes.append(change) }
            return begin(request, known, in: &writing, changes, as: identity)
        }
        commit.value.conversation.preview = preview
        try await note(commit, insteadOf: noted)
        return commit
    }

    /// A turn without a conversation: in the one that an earlier try made, else in a new one.
    private func beginTurnAnywhere(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        // A person's first project is made when something is to be put there, and not for what is refused.
        var target: ProjectID?
        if request.projectID != nil { target = try await project(toWriteIn: request.projectID, as: identity) }
        for _ in 0..<Self.attempts {
            var others: [Found] = []
            if let id = request.message.id {
                others = try await findAll(id, as: identity).map(\.found)
                if let found = try ownMessage(among: others, request, as: identity) {
                    var request = request
                    request.conversationID = found
                    let turn = try await beginTurn(request, in: found, expectedRevision: expectedRevision, as: identity)
                    if target == nil { _ = try await personalProject(as: identity) }
                    return turn
                }
            }
            let project: ProjectID
            if let target { project = target } else { project = try await personalProject(as: identity).id }
            target = project
            let now = clock.now()
            let conversation = Conversation(
                id: ids.make(),
                projectID: project,
                owner: identity.email,
                title: MessageText.title(for: request.message.content),
                createdAt: now,
                updatedAt: now
            )
            var writing = SessionWriting(SessionView(of: conversation), at: now, isNew: true)
            let changes = [Change.conversationCreated(conversation)]
            var commit = begin(request, nil, in: &writing, changes, as: identity)
            var more = WriteBatch()
            // Somebody who sends the same at this moment makes another conversation, but only one of the two is committed.
            if let id = request.message.id {
                let known = others.map { RedisArgument.string("\($0.message.conversationID)") }
                more.add(["?known", "\(id)"] + known)
            }
            try await noteRunning(in: project, at: now)
            do {
                commit.value.conversation.preview = try await create(writing, isGivenID: false, as: identity, more)
                return commit
            } catch Refusal.lost {
                _ = try await send(["DEL", .string(TruthKeys.session(conversation.id))])
            } catch let refusal as Refusal {
                throw refusal.error(for: .write)
            }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }

    /// Appends what a turn begins with.
    private func begin(
        _ request: TurnRequest,
        _ known: LogEntry?,
        in writing: inout SessionWriting,
        _ before: [Change],
        as identity: Identity
    ) -> Commit<Turn> {
        var changes = before
        let question: LogEntry
        if let known {
            question = known
        } else {
            question = writing.append(request.message.id ?? ids.make(), request.message, author: identity.email)
            changes.append(.messageAppended(question.message))
        }
        let input = NewMessage(role: .assistant, content: "", model: request.model)
        let entry = writing.append(ids.make(), input, author: nil, replyTo: question.message.seq)
        writing.beginReply(entry, at: leaseTime(writing.now))
        let reply = writing.view.message(entry)
        changes.append(.messageAppended(reply))
        writing.clearDraft(of: identity.email)
        let turn = Turn(
            conversation: writing.value,
            userMessage: question.message,
            reply: reply,
            lease: writing.lease(of: entry)
        )
        return Commit(turn, changes: changes)
    }

    /// Makes an ended reply `streaming` again, empty, with a lease; its text becomes a version.
    public func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        let conversation = try await find(id, for: .write, as: identity).view.session.fields.id
        let noted = try await noteRunning(conversation)
        var (commit, preview) = try await write(to: conversation, .ids([id]), flags: "pq", as: identity.email) {
            writing in
            let before = try writing.view.requireEntry(id)
            try before.requireNotDeleted()
            let question = try writing.view.question(of: before)
            try writing.view.session.requireRevision(expectedRevision)
            try writing.view.session.requireNoRunningReply()
            try before.requireRoomForVersion()
            var kept = before
            writing.keepVersion(of: &kept)
            let entry = writing.change(before) { entry in
                entry.versionCount = kept.versionCount
                entry.versionBytes = kept.versionBytes
                entry.message.clearAnswer(beginning: kept.versionCount + 1)
                entry.message.status = .streaming
                entry.fence += 1
            }
            writing.beginReply(entry, at: leaseTime(writing.now))
            let reply = writing.view.message(entry)
            let turn = Turn(
                conversation: writing.value,
                userMessage: question.message,
                reply: reply,
                lease: writing.lease(of: entry)
            )
            return Commit(turn, changes: [.messageUpdated(reply)])
        }
        commit.value.conversation.preview = preview
        try await note(commit, insteadOf: noted)
        return commit
    }
}

extension RedisStore {
    /// Everything with an id that the caller sees, by conversation.
    func findAll(_ id: MessageID, as identity: Identity) async throws -> [(found: Found, role: Role)] {
        let now = clock.now()
        let all = try await inProjects(of: identity) { [self] project -> [(found: Found, role: Role)] in
            let arguments: [RedisArgument] = [.string(identity.email.value), .integer(now.microseconds), "\(id)"]
            let answer = try await run(TruthScripts.find, in: project, arguments)
            guard answer.count == 2, let role = answer[0].string.flatMap(Role.init(rawValue:)) else { return [] }
            do {
                return try Found.all(answer[1], in: project).map { ($0, role) }
            } catch {
                throw RedisFault.translate(error, logger: logger)
            }
        }
        return all.joined().sorted { $0.found.view.session.fields.id < $1.found.view.session.fields.id }
    }

    /// A message looked up by its id alone, among what the caller sees, for which they may do `access`.
    ///
    /// Clients make ids too, so two conversations may hold the same one; then a running reply counts, else the conversation
    /// with the least id.
    func find(_ id: MessageID, for access: Access, as identity: Identity) async throws -> Found {
        let all = try await findAll(id, as: identity)
        let running = all.first { $0.found.entry.message.status == .streaming }
        guard let result = running ?? all.first else { throw ParleyError.notFound }
        guard result.role.allows(access) else { throw access.refusal }
        return result.found
    }

    /// The conversation of the caller's own message of an id that was made of the same content, wherever it stands or in the
    /// project that the caller names.
    private func ownMessage(
        among found: [Found],
        _ request: TurnRequest,
        as identity: Identity
    ) throws -> ConversationID? {
        let own = found.filter { $0.message.author == identity.email }
        guard !own.isEmpty else { return nil }
        let fingerprint = Fingerprint(of: request.message)
        let same = own.first { own in
            own.entry.fingerprint == fingerprint
                && (request.projectID == nil || own.message.projectID == request.projectID)
        }
        guard let same else { throw ParleyError.idempotencyConflict }
        return same.message.conversationID
    }

    /// Notes that replies may be running in a conversation's project, before they do; says which that is.
    private func noteRunning(_ id: ConversationID) async throws -> ProjectID {
        var project = known[id]
        if project == nil { project = try await place(of: id)?.project }
        guard let project else { throw ParleyError.notFound }
        try await noteRunning(in: project, at: clock.now())
        return project
    }

    /// Notes it again where the conversation turned out to have been moved.
    private func note(_ turn: Commit<Turn>, insteadOf noted: ProjectID) async throws {
        let project = turn.value.conversation.projectID
        if project != noted { try await noteRunning(in: project, at: clock.now()) }
    }

    /// Notes that replies may be running in a project.
    func noteRunning(in project: ProjectID, at now: Timestamp) async throws {
        _ = try await send(["ZADD", .string(TruthKeys.running), .integer(now.microseconds), "\(project)"])
    }
}

extension SessionView {
    /// The turn that a message began, as it is now.
    fileprivate func turn(begunBy question: LogEntry) -> Turn? {
        guard let reply = entries.first(where: { $0.replyTo == question.message.seq }) else { return nil }
        return Turn(conversation: conversation, userMessage: question.message, reply: message(reply), lease: nil)
    }

    /// The message that a reply answers.
    fileprivate func question(of reply: LogEntry) throws -> LogEntry {
        if let answered = reply.replyTo, let question = entries.first(where: { $0.message.seq == answered }) {
            try question.requireNotDeleted()
            return question
        }
        guard reply.message.role == .assistant,
            let question = entries.first(where: { $0.message.seq == reply.message.seq - 1 }),
            question.message.role == .user
        else { throw ParleyError.invalid("message_id", "Only an answer to a person's message can be regenerated.") }
        try question.requireNotDeleted()
        return question
    }
}

extension SessionWriting {
    /// Titles a conversation that is empty and that nobody has titled.
    fileprivate mutating func titleByFirstMessage(_ input: NewMessage) -> Change? {
        let fields = view.session.fields
        let title = MessageText.title(for: input.content)
        guard fields.messageCount == 0, !fields.hasGivenTitle, !title.isExactly(fields.title) else { return nil }
        return update { $0.title = title }
    }

    /// The lease of the reply that has just begun.
    fileprivate func lease(of entry: LogEntry) -> ReplyLease {
        ReplyLease(
            projectID: view.session.fields.projectID,
            conversationID: id,
            messageID: entry.message.id,
            fence: entry.fence
        )
    }
}
