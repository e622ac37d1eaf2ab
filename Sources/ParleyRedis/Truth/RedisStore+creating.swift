internal import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Moves a key's value on, if it is still the one that was read.
    private static let exchange = RedisScript(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], ARGV[2])
        return 1
        """
    )

    /// Changes what a conversation's key says; says whether it was still as it was.
    func exchange(_ id: ConversationID, _ before: String, for after: String) async throws -> Bool {
        let reply = try await run(
            Self.exchange,
            keys: [.string(TruthKeys.session(id))],
            arguments: [.string(before), .string(after)]
        )
        return reply.integer == 1
    }

    /// The project a new conversation goes to, where the caller may write.
    func project(toWriteIn id: ProjectID?, as identity: Identity) async throws -> ProjectID {
        guard let id else { return try await personalProject(as: identity).id }
        return try await readProject(id, for: .write, as: identity).project.id
    }

    /// Makes a conversation with all that `writing` holds.
    ///
    /// `isGivenID` says whether its id comes from a client, so that others may come with the same. Returns the preview;
    /// ``Refusal/exists`` is thrown where there is one with this id, wherever it is and whoever may see it.
    func create(
        _ writing: SessionWriting,
        isGivenID: Bool,
        as identity: Identity,
        _ more: WriteBatch = WriteBatch()
    ) async throws -> String? {
        let id = writing.id
        let project = writing.view.session.fields.projectID
        // What leads to it comes first, and is harmless where it leads nowhere.
        if isGivenID {
            try await claim(id, for: project)
        } else {
            _ = try await send(["SET", .string(TruthKeys.session(id)), "\(project)"])
        }
        var terms = CommitTerms(email: identity.email, now: writing.now, session: id)
        terms.isNewSession = true
        terms.nextTag = .random()
        terms.flags = "p"
        var batch = writing.finished(isNew: true)
        batch.append(more)
        while true {
            do {
                let preview = try await commit(batch, in: project, terms)
                if isGivenID, try await place(of: id)?.project != project {
                    // Somebody else made one with this id, in another project, at the same moment: theirs counts.
                    try await retract(id, in: project, at: writing.now)
                    throw Refusal.exists
                }
                known[id] = project
                return preview
            } catch Refusal.trash {
                try await sweepTrash(project)
            }
        }
    }

    /// Whether there is a conversation with an id, wherever it is and whoever may see it.
    func isTaken(_ id: ConversationID) async throws -> Bool {
        guard let place = try await place(of: id) else { return false }
        if place.target != nil { return true }
        let project = TruthKeys.project(place.project)
        if try await send(["EXISTS", .string(project + TruthKeys.session(in: id))]).integer == 1 { return true }
        return try await send(["HEXISTS", .string(project + ":moving"), "\(id)"]).integer == 1
    }

    /// Makes an id's key lead to a project.
    ///
    /// ``Refusal/exists`` where it leads to a conversation elsewhere.
    private func claim(_ id: ConversationID, for project: ProjectID) async throws {
        for _ in 0..<Self.attempts {
            let key = RedisArgument.string(TruthKeys.session(id))
            if try await !send(["SET", key, "\(project)", "NX"]).isNull { return }
            guard let place = try await place(of: id) else { continue }
            if place.target == nil, place.project == project { return }
            if try await isTaken(id) { throw Refusal.exists }
            if try await exchange(id, place.text, for: "\(project)") { return }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }

    private func retract(_ id: ConversationID, in project: ProjectID, at now: Timestamp) async throws {
        let view = try await view(id, in: project, .none, as: nil, at: now)
        var batch = WriteBatch()
        batch.trash(view.session.fields)
        try await commit(batch, in: project, CommitTerms(now: now, session: id, flags: "m"))
        try await sweepTrash(project)
    }
}

extension WriteBatch {
    /// Makes a conversation disappear; its messages are taken away later.
    mutating func trash(_ conversation: Conversation) {
        let id = RedisArgument.string("\(conversation.id)")
        add(["title", id, .string(TermIndex.terms(of: conversation.title)), ""])
        add(["trash", id])
    }
}
