public import ParleyCore
import RedisWire

/// What is there, as it is: for copies and mirrors.
extension RedisStore {
    /// Projects' ids behind one, ascending.
    public func replicaProjects(after id: ProjectID?, limit: Int) async throws -> [ProjectID] {
        try await allProjects().page(after: id, limit: limit)
    }

    /// A project with its members.
    public func replicaProject(_ id: ProjectID) async throws -> ProjectRecord? {
        try await storedProject(id)
    }

    /// How far a project's conversations are, by id, behind one.
    public func replicaConversations(
        in project: ProjectID,
        after id: ConversationID?,
        limit: Int
    ) async throws -> [ConversationHead] {
        var heads: [ConversationHead] = []
        var rest = try await allConversations(in: project).page(after: id, limit: .max)[...]
        while heads.count < limit, !rest.isEmpty {
            let some = rest.prefix(min(500, limit - heads.count))
            rest = rest.dropFirst(some.count)
            let reply = try await run(
                ReplicaScripts.heads,
                keys: [.string(TruthKeys.project(project))],
                arguments: some.map { "\($0)" }
            )
            for (id, revision) in zip(some, reply.elements) {
                // One that went, or left for another project, meanwhile.
                guard let revision = revision.integer else { continue }
                heads.append(ConversationHead(id: id, revision: Int(revision)))
            }
        }
        return heads
    }

    /// A conversation without its messages.
    public func replicaConversation(_ id: ConversationID) async throws -> ConversationRecord? {
        try await whereItIs(id) { try await self.conversation(id, in: $0) }
    }

    /// Messages of a conversation that have changed since a revision, behind a `seq`, by `seq`.
    public func replicaMessages(
        of conversation: ConversationID,
        changedSince revision: Int,
        afterSeq seq: Int,
        limit: Int
    ) async throws -> [MessageRecord] {
        try await whereItIs(conversation) { project in
            try await self.messages(of: conversation, in: project, changedSince: revision, afterSeq: seq, limit: limit)
        } ?? []
    }

    /// People that something is kept of beside projects, by address, behind one.
    public func replicaPeople(after email: EmailAddress?, limit: Int) async throws -> [PersonRecord] {
        var people: [PersonRecord] = []
        var last = email
        while people.count < limit {
            let page = try await send([
                "ZRANGEBYLEX", .string(SideKeys.people), .string(last.map { "(" + $0.value } ?? "-"), "+", "LIMIT", 0,
                .integer(min(200, limit)),
            ])
            .elements.compactMap(\.string).map(EmailAddress.init(normalized:))
            guard !page.isEmpty else { break }
            let found = try await forEach(page) { try await self.replicaPerson($0) }
            people += found.compactMap(\.self).prefix(limit - people.count)
            last = page.last
        }
        return people
    }

    /// One person.
    public func replicaPerson(_ email: EmailAddress) async throws -> PersonRecord? {
        var record = PersonRecord(email: email)
        let stored = try await storedAccount(email)
        record.account = stored?.account
        record.draft = try await storedDraft(of: email)
        if let stored {
            let hashes = try await send(["ZRANGE", .string(SideKeys.signIns(of: email)), 0, -1]).elements
                .compactMap { $0.string.flatMap { [UInt8](hexadecimal: $0) } }
            let signIns = try await forEach(hashes.sorted { $0.lexicographicallyPrecedes($1) }) { hash in
                try await self.storedSignIn(hash)
            }
            record.loginSessions = signIns.compactMap { $0?.generation == stored.generation ? $0?.session : nil }
        }
        return record == PersonRecord(email: email) ? nil : record
    }

    /// Lines of the query log by time and message, behind one.
    public func replicaQueryLog(after line: QueryLogEntry?, limit: Int) async throws -> [QueryLogEntry] {
        var lines: [QueryLogEntry] = []
        guard limit > 0 else { return [] }
        try await forEachQueryLogPage(from: line?.time ?? Timestamp(microseconds: 0)) { page in
            let behind = page.filter { entry in
                guard let line else { return true }
                return (entry.time, entry.messageID) > (line.time, line.messageID)
            }
            lines += behind.prefix(limit - lines.count)
            return lines.count < limit
        }
        return lines
    }

    /// Reads something of a conversation in the project where it is; `nil` where it is nowhere.
    private func whereItIs<Value>(
        _ id: ConversationID,
        _ read: (ProjectID) async throws -> Value?
    ) async throws -> Value? {
        for _ in 0..<Self.attempts {
            guard let place = try await place(of: id) else { return nil }
            if let found = try await read(place.project) { return found }
            // Its key leads nowhere, or somewhere else by now.
            guard try await self.place(of: id) != place else { return nil }
        }
        throw ParleyError.unavailable("The conversation is being moved.")
    }

    /// A conversation without its messages; `nil` where it is not in the project.
    func conversation(_ id: ConversationID, in project: ProjectID) async throws -> ConversationRecord? {
        let reply = try await run(
            ReplicaScripts.conversation,
            keys: [.string(TruthKeys.project(project))],
            arguments: ["\(id)"]
        )
        let parts = Array(reply.elements)
        guard parts.count == 4 else { throw UnreadableRecord(what: "conversation") }
        guard parts[0].elements.count > 0 else { return nil }
        return try decoding { try ConversationRecord(id, in: project, parts) }
    }

    /// Messages of a conversation that have changed since a revision; `nil` where it is not in the project.
    func messages(
        of conversation: ConversationID,
        in project: ProjectID,
        changedSince revision: Int,
        afterSeq seq: Int,
        limit: Int
    ) async throws -> [MessageRecord]? {
        let reply = try await run(
            ReplicaScripts.messages,
            keys: [.string(TruthKeys.project(project))],
            arguments: [
                "\(conversation)", .integer(max(0, revision)), .integer(max(0, seq)), .integer(limit),
                .integer(Limits.bytesPerReplicaPage),
            ]
        )
        let parts = Array(reply.elements)
        guard parts.count == 3 else { throw UnreadableRecord(what: "messages") }
        guard parts[0].elements.count > 0 else { return nil }
        return try decoding { try Self.records(parts, of: conversation, in: project) }
    }

    /// Makes values of what was read.
    private func decoding<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch { throw RedisFault.translate(error, logger: logger) }
    }

    private static func records(
        _ parts: [RedisReply],
        of conversation: ConversationID,
        in project: ProjectID
    ) throws -> [MessageRecord] {
        let session = try SessionRecord(conversation, in: project, parts[0])
        let lease = parts[1].double.map { Timestamp(microseconds: Int64($0)) }
        let words = Array(parts[2].elements)
        return try stride(from: 0, to: words.count - 3, by: 4).map { at in
            guard let id = words[at].string.flatMap({ MessageID($0) }) else { throw UnreadableRecord(what: "message") }
            let entry = try LogEntry(words[at + 1].withText { Array($0) }, id, in: session.fields)
            let versions = try words[at + 2].elements.map { try MessageVersion(stored: $0.withText { Array($0) }) }
            var running: MessageRecord.Running?
            if entry.message.status == .streaming {
                running = MessageRecord.Running(
                    pieces: words[at + 3].elements.map { $0.string ?? "" },
                    leaseEnd: lease ?? session.fields.updatedAt,
                    isStopRequested: session.isStopRequested
                )
            }
            return MessageRecord(entry, versions: versions, running: running)
        }
    }
}

extension MessageRecord {
    fileprivate init(_ entry: LogEntry, versions: [MessageVersion], running: Running?) {
        self.init(
            message: entry.message,
            fingerprint: entry.fingerprint?.value,
            contentAuthor: entry.contentAuthor,
            contentAt: entry.contentAt,
            replyTo: entry.replyTo,
            fence: entry.fence,
            versions: versions,
            running: running
        )
    }
}

extension ConversationRecord {
    /// Reads what ``ReplicaScripts/conversation`` answers.
    fileprivate init(_ id: ConversationID, in project: ProjectID, _ parts: [RedisReply]) throws {
        let session = try SessionRecord(id, in: project, parts[0])
        let (drafts, marks, imports) = (RedisHash(parts[1]), RedisHash(parts[2]), RedisHash(parts[3]))
        self.init(
            fields: session.fields,
            fingerprint: session.fingerprint?.value,
            titledRevision: session.titledRevision
        )
        for name in drafts.names {
            self.drafts[EmailAddress(normalized: name)] = drafts[name].flatMap { Draft(stored: $0) }
        }
        for name in marks.names { readMarks[EmailAddress(normalized: name)] = marks.integer(name) }
        self.imports = imports.names.compactMap { name in
            ImportBatchID(name).flatMap { batch in imports[name].flatMap { ImportedItem(stored: $0, batch, in: id) } }
        }
        .sorted { $0.batch < $1.batch }
    }
}
