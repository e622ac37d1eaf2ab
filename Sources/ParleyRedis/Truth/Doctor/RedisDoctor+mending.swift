internal import ParleyCore
internal import RedisWire

extension RedisDoctor {
    /// Mends what was found of a conversation.
    func mend(
        _ id: ConversationID,
        in project: ProjectID,
        _ record: SessionRecord,
        _ finding: SessionFinding,
        isCountWrong: Bool
    ) async throws {
        let isNumberWrong = !finding.misnumbered.isEmpty || !finding.missing.isEmpty
        if isCountWrong || isNumberWrong || !finding.isListed || finding.score != record.fields.updatedAt {
            let changed = finding.changed
            _ = try await store.write(to: id, .none, for: .read, as: nil) { writing in
                // Somebody has written to it since: what was seen is not what is there.
                guard writing.view.session.tag == record.tag else { return }
                writing.batch.add(["?llen", .string(TruthKeys.messages(of: id)), .integer(finding.count)])
                writing.note { record in
                    if finding.isUnordered { record.isUnordered = true }
                    record.fields.messageCount = finding.count
                    record.fields.revision = max(record.fields.revision, finding.revision, finding.count + 1)
                    if record.fields.lastMessageAt == nil { record.fields.lastMessageAt = finding.last?.createdAt }
                }
                writing.batch.command("SADD", ":sessions", ["\(id)"])
                if isCountWrong || isNumberWrong { Self.note(changed, of: id, in: &writing) }
                Self.renumber(finding.misnumbered, in: &writing)
                for place in finding.missing {
                    guard let message = MessageID(place.id) else { continue }
                    let entry = Self.deleted(message, at: place.index, of: writing.value, finding)
                    _ = writing.change(entry) { _ in }
                }
            }
        }
        if record.running != nil, !finding.hasLease {
            // It has run out: the next that looks for abandoned replies ends it.
            let now = RedisArgument.integer(store.clock.now().microseconds)
            _ = try await store.send(["ZADD", .string(TruthKeys.project(project) + ":leases"), now, "\(id)"])
            _ = try await store.send(["ZADD", .string(TruthKeys.running), now, "\(project)"])
        }
        var batch = WriteBatch()
        for place in finding.unplaced { batch.add(["place", "\(id)", .string(place.id)]) }
        if !batch.isEmpty {
            try await store.commit(batch, in: project, RedisStore.CommitTerms(now: store.clock.now(), session: id))
        }
        if isNumberWrong {
            // Those that got a number only now are looked at again: their place in the index follows it.
            try await reindex(id, in: project)
            return
        }
        for text in finding.unindexed { try await index(text, of: id, in: project) }
        if finding.isTitleUnindexed { try await indexTitle(record.fields) }
    }

    /// Puts every text of a conversation into the index anew.
    func reindex(_ id: ConversationID, in project: ProjectID) async throws {
        let finding = try await look(at: id, in: project)
        guard let record = finding.record else { return }
        _ = try await store.run(DoctorScripts.unindex, in: project, ["\(id)"])
        for start in stride(from: 0, to: finding.count, by: Self.messagesAtOnce) {
            let view = try await store.view(
                id,
                in: project,
                .span(start + 1...start + Self.messagesAtOnce),
                for: .read,
                as: nil,
                at: store.clock.now()
            )
            for entry in view.entries {
                let value = try await store.send([
                    "GET",
                    .string(TruthKeys.project(project) + TruthKeys.message(entry.message.id, of: id)),
                ])
                let place = SessionFinding.Place(
                    index: entry.message.seq - 1,
                    id: "\(entry.message.id)",
                    value: value.withText { Array($0) }
                )
                try await index(
                    .init(place: place, terms: entry.terms, createdAt: entry.message.createdAt),
                    of: id,
                    in: project
                )
            }
        }
        try await indexTitle(record.fields)
    }

    private func index(_ text: SessionFinding.Text, of id: ConversationID, in project: ProjectID) async throws {
        try await index(
            in: project,
            [
                "\(id)", .string(text.place.id), .integer(text.place.index + 1),
                .integer(text.createdAt.microseconds), .string(text.terms), .bytes(text.place.value),
            ]
        )
    }

    /// One that was changed meanwhile has just been put there by whoever did so.
    private func index(in project: ProjectID, _ arguments: [RedisArgument]) async throws {
        do {
            _ = try await store.run(DoctorScripts.index, in: project, arguments)
        } catch Refusal.lost {
            return
        }
    }

    private func indexTitle(_ conversation: Conversation) async throws {
        try await index(
            in: conversation.projectID,
            [
                "\(conversation.id)", "", 0, 0, .string(TermIndex.terms(of: conversation.title)),
                .string(conversation.title),
            ]
        )
    }

    /// Makes the fields anew of what the messages say.
    func makeRecord(
        of id: ConversationID,
        in project: ProjectID,
        _ finding: SessionFinding
    ) async throws {
        let base = TruthKeys.project(project)
        guard finding.count > 0 else { return try await discard(id, in: project) }
        guard try await !isElsewhere(id, than: project) else { return }
        let members = RedisHash(try await store.send(["HGETALL", .string(base + ":members")]))
        guard let owner = members.names.sorted().first(where: { members[$0] == Role.owner.rawValue }) else { return }
        let now = store.clock.now()
        var found = SessionFinding()
        found.count = finding.count
        var fields = Conversation(
            id: id,
            projectID: project,
            owner: EmailAddress(normalized: owner),
            title: Conversation.defaultTitle,
            messageCount: finding.count,
            revision: finding.count + 1,
            createdAt: now,
            updatedAt: now
        )
        for start in stride(from: 0, to: finding.count, by: Self.messagesAtOnce) {
            try await lookAtMessages(start, of: fields, &found)
        }
        fields.revision = max(fields.revision, found.revision)
        fields.updatedAt = found.last?.createdAt ?? now
        fields.lastMessageAt = found.last?.createdAt
        if let first = found.first, first.role == .user { fields.title = MessageText.title(for: first.content) }
        var writing = SessionWriting(SessionView(of: fields), at: now, isNew: true)
        writing.note { record in
            record.isUnordered = found.isUnordered
            // Nobody has its lease: the next that looks for abandoned replies ends it.
            record.running = found.running
        }
        Self.note(found.changed, of: id, in: &writing)
        var terms = RedisStore.CommitTerms(now: now, session: id)
        terms.isNewSession = true
        terms.nextTag = .random()
        try await store.commit(writing.finished(isNew: true), in: project, terms)
    }

    /// What stands in the place of a message that is lost.
    private static func deleted(
        _ id: MessageID,
        at index: Int,
        of conversation: Conversation,
        _ finding: SessionFinding
    ) -> LogEntry {
        let time = finding.last?.createdAt ?? conversation.createdAt
        let message = Message(
            id: id,
            conversationID: conversation.id,
            projectID: conversation.projectID,
            seq: index + 1,
            revision: index + 2,
            role: .assistant,
            author: nil,
            content: "",
            status: .deleted,
            createdAt: time,
            updatedAt: time
        )
        return LogEntry(message, fingerprint: nil, contentAuthor: nil, contentAt: time)
    }

    /// Notes which messages changed after they were appended.
    private static func note(
        _ changed: [(seq: Int, revision: Int)],
        of id: ConversationID,
        in writing: inout SessionWriting
    ) {
        let key = TruthKeys.changed(of: id)
        writing.batch.command("DEL", key)
        let words = changed.flatMap { [RedisArgument.integer($0.revision), .integer($0.seq)] }
        writing.batch.command("ZADD", key, each: words, size: 2)
    }

    /// Gives messages the numbers of their places; they keep their revisions, and replies what they answer.
    private static func renumber(_ places: [SessionFinding.Place], in writing: inout SessionWriting) {
        let fields = writing.view.session.fields
        let entries = places.compactMap { place in
            MessageID(place.id).flatMap { try? LogEntry(place.value, $0, in: fields) }.map { (place.index + 1, $0) }
        }
        // Of two that had the same number, nobody can tell which was meant.
        let numbers = Dictionary(entries.map { ($1.message.seq, Optional($0)) }) { _, _ in nil }
        for (number, var entry) in entries {
            entry.message = Self.message(entry.message, at: number)
            if let answered = entry.replyTo, let number = numbers[answered] ?? nil { entry.replyTo = number }
            let key = TruthKeys.message(entry.message.id, of: fields.id)
            writing.batch.command("SET", key, [.bytes(entry.encoded(owner: fields.owner))])
        }
    }

    /// The same message at another place.
    private static func message(_ message: Message, at seq: Int) -> Message {
        Message(
            id: message.id,
            conversationID: message.conversationID,
            projectID: message.projectID,
            seq: seq,
            revision: message.revision,
            role: message.role,
            author: message.author,
            content: message.content,
            parts: message.parts,
            status: message.status,
            isEdited: message.isEdited,
            reactions: message.reactions,
            metadata: message.metadata,
            contexts: message.contexts,
            aiResponse: message.aiResponse,
            confidence: message.confidence,
            model: message.model,
            tokensUsed: message.tokensUsed,
            latencyMilliseconds: message.latencyMilliseconds,
            createdAt: message.createdAt,
            updatedAt: message.updatedAt
        )
    }
}
