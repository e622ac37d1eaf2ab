public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Deletes a project and all its conversations: one script, after which nobody sees anything of it; the rest is swept.
    public func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void> {
        let now = clock.now()
        let gone: (members: [EmailAddress], conversations: [Conversation])
        do {
            let stored = try await stored(id, for: .administer, as: identity)
            guard !stored.project.isPersonal else { throw ParleyError.personalProject }
            gone = try await removeProject(id, as: identity, at: now)
        } catch let refusal as Refusal {
            throw refusal.error(for: .administer)
        }
        try await sweepProject(id, gone.members, gone.conversations.map(\.id))
        let changes = gone.conversations.sorted { $0.id < $1.id }.map(Change.conversationDeleted)
        return Commit((), changes: changes, notices: [.projectDeleted(id)])
    }

    /// Makes a project disappear with its conversations, whose messages are swept later; `nil` asks for nobody's right.
    func removeProject(
        _ id: ProjectID,
        as identity: Identity?,
        at now: Timestamp
    ) async throws -> (members: [EmailAddress], conversations: [Conversation]) {
        let arguments: [RedisArgument] = [
            .string(identity?.email.value ?? ""),
            .string(identity == nil ? "none" : Access.administer.rawValue), .integer(now.microseconds),
        ]
        var answer: [RedisReply]?
        for _ in 0..<Self.attempts where answer == nil {
            // The words of the titles leave the index with them.
            let titles =
                try await run(TruthScripts.titles, in: id, arguments).first?.elements.map { $0.string ?? "" } ?? []
            let words = titles.enumerated().flatMap { index, text -> [RedisArgument] in
                index % 2 == 0 ? [.string(text)] : [.string(text), .string(TermIndex.terms(of: text))]
            }
            do {
                answer = try await run(TruthScripts.deleteProject, in: id, arguments + words)
            } catch Refusal.lost {
                continue
            }
        }
        guard let answer else { throw ParleyError.unavailable("Too many change the same thing.") }
        guard answer.count == 2 else { throw ParleyError(.internalError, "What is stored could not be read.") }
        let parts = Array(answer[1].elements)
        let conversations = try stride(from: 0, to: parts.count - 2, by: 3).compactMap { at -> Conversation? in
            guard let session = parts[at].string.flatMap({ ConversationID($0) }) else { return nil }
            var conversation = try SessionRecord(session, in: id, parts[at + 1]).fields
            conversation.preview = SessionView.preview(parts[at + 2])
            conversation.revision += 1
            conversation.updatedAt = now
            return conversation
        }
        let members = answer[0].elements.compactMap { $0.string.map(EmailAddress.init(normalized:)) }
        return (members, conversations)
    }

    /// Takes away all that leads to a project that is gone, and what is left of it; it can be done again at any time.
    func sweepProject(_ id: ProjectID, _ members: [EmailAddress], _ conversations: [ConversationID]) async throws {
        _ = try await forEach(conversations) { [self] conversation in
            known[conversation] = nil
            try await forgetSession(conversation, of: id)
        }
        try await sweepTrash(id)
        let base = TruthKeys.project(id)
        for key in [":places", ":documents", ":terms", ":ahead", ":building", ":moving", ":leases"] {
            _ = try await send(["DEL", .string(base + key)])
        }
        _ = try await send(["ZREM", .string(TruthKeys.running), "\(id)"])
        // Last: whoever is interrupted before is found by these, by the erasure of a member as well as by the job.
        _ = try await forEach(members) { [self] email in
            try await send(["SREM", .string(TruthKeys.projects(of: email)), "\(id)"])
        }
        if try await send(["EXISTS", .string(base)]).integer == 0 {
            _ = try await send(["SREM", .string(TruthKeys.projects), "\(id)"])
        }
    }
}

extension TruthScripts {
    /// The titles of all conversations of a project, hidden ones, too.
    ///
    /// ARGV: address, access, now. Returns `ok`, sessions and titles in turn.
    static let titles = script(
        """
        local why = refusal(ARGV[1], ARGV[2], '', ARGV[3])
        if why then return { why } end
        local out = {}
        for _, sid in ipairs(redis.call('SMEMBERS', base .. ':sessions')) do
            out[#out + 1] = sid
            out[#out + 1] = redis.call('HGET', session(sid), 'title') or ''
        end
        return { 'ok', out }
        """
    )

    /// Deletes a project.
    ///
    /// ARGV: address, access, now, then of every conversation session, title, and the title's terms; where they are others,
    /// it is `lost`. Returns `ok`, the members, and for each conversation: session, hash, preview's source.
    ///
    /// Conversations that are hidden go, too, but nobody is told of them.
    static let deleteProject = script(
        """
        local why = refusal(ARGV[1], ARGV[2], '', ARGV[3])
        if why then return { why } end
        local out = {}
        local sessions = redis.call('SMEMBERS', base .. ':sessions')
        if #sessions ~= (#ARGV - 3) / 3 then return { 'lost' } end
        for at = 4, #ARGV, 3 do
            if redis.call('HGET', session(ARGV[at]), 'title') ~= ARGV[at + 1] then return { 'lost' } end
        end
        for _, sid in ipairs(sessions) do
            if (absence(sid, ARGV[3]) or 'moving') == 'moving' then
                out[#out + 1] = sid
                out[#out + 1] = redis.call('HGETALL', session(sid))
                out[#out + 1] = preview_source(sid)
            end
        end
        for at = 4, #ARGV, 3 do index_title(base, ARGV[at], ARGV[at + 2], '') end
        for _, sid in ipairs(sessions) do
            local key = session(sid)
            redis.call('DEL', key, key .. ':drafts', key .. ':read', key .. ':changed', key .. ':imports')
            redis.call('SADD', base .. ':trash', sid)
        end
        for _, sid in ipairs(redis.call('HKEYS', base .. ':moving')) do
            redis.call('DEL', session(sid) .. ':arriving', session(sid) .. ':drafts', session(sid) .. ':read',
                session(sid) .. ':changed', session(sid) .. ':imports')
            redis.call('SADD', base .. ':trash', sid)
        end
        local members = redis.call('HKEYS', base .. ':members')
        redis.call('DEL', base, base .. ':members', base .. ':sessions', base .. ':recent', base .. ':leases',
            base .. ':ahead', base .. ':moving')
        return { 'ok', members, out }
        """
    )
}
