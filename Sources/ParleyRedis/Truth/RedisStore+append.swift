public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Appends messages, all or none: by one script in one round trip, unless one of them is there already.
    public func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        // Who works something out in two steps would never come to an end among many who append in one.
        try await turns.wait(for: conversation)
        let now = clock.now()
        let drafts = messages.map { AppendDraft($0, id: $0.id ?? ids.make(), of: identity, at: now) }
        do {
            return try await inProject(of: conversation, for: .write) { project in
                try await append(drafts, to: conversation, in: project, expectedRevision, identity, now)
            }
        } catch is KnownMessage {
            return try await appendMissing(drafts, to: conversation, expectedRevision: expectedRevision, as: identity)
        }
    }

    private func append(
        _ drafts: [AppendDraft],
        to id: ConversationID,
        in project: ProjectID,
        _ expectedRevision: Int?,
        _ identity: Identity,
        _ now: Timestamp
    ) async throws -> Commit<[Message]> {
        var arguments: [RedisArgument] = [
            .string(identity.email.value), .integer(now.microseconds), "\(id)",
            .string(expectedRevision.map(String.init) ?? ""),
            drafts.contains { $0.input.role == .user } ? "1" : "",
        ]
        for draft in drafts { arguments += draft.arguments }
        let answer: [RedisReply]
        do {
            answer = try await run(TruthScripts.append, in: project, arguments)
        } catch Refusal.known {
            throw KnownMessage()
        }
        guard answer.count == 4, let revision = answer[0].integer.map({ Int($0) }),
            let count = answer[1].integer.map({ Int($0) }), let tag = answer[2].string.flatMap(LogTag.init(text:))
        else { throw ParleyError(.internalError, "What is stored could not be read.") }
        let stored = drafts.enumerated().map { index, draft in
            draft.message(in: id, of: project, seq: count + index + 1, revision: revision + index + 1, at: now)
        }
        var commit = Commit(stored, changes: stored.map(Change.messageAppended))
        var before = tag
        for draft in drafts {
            commit.steps.append(LogStep(before: before, after: draft.tag))
            before = draft.tag
        }
        return commit
    }

    /// Appends those that are not there yet, after a look at those that are.
    private func appendMissing(
        _ drafts: [AppendDraft],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]> {
        let part = SessionView.Part.ids(drafts.map(\.id))
        return try await write(to: conversation, part, as: identity.email) { writing in
            let before = writing.view
            let known = try drafts.map { draft -> Message? in
                guard let entry = before.entry(draft.id) else { return nil }
                guard entry.fingerprint == Fingerprint(of: draft.input) else { throw ParleyError.idempotencyConflict }
                return before.message(entry)
            }
            guard known.contains(where: { $0 == nil }) else { return .replay(known.compactMap(\.self)) }
            try before.session.requireRevision(expectedRevision)
            var changes: [Change] = []
            var isSaid = false
            let results = zip(drafts, known).map { draft, known in
                if let known { return known }
                let message = writing.append(draft.id, draft.input, author: draft.author).message
                isSaid = isSaid || draft.input.role == .user
                changes.append(.messageAppended(message))
                return message
            }
            if isSaid { writing.clearDraft(of: identity.email) }
            return Commit(results, changes: changes)
        }.value
    }
}

/// One of the messages is there already.
private struct KnownMessage: Error {}

/// A message on its way into a log, which gives it `seq` and revision.
private struct AppendDraft: Sendable {
    let id: MessageID
    let input: NewMessage
    let author: EmailAddress?
    let tag = LogTag.random()
    /// What ``TruthScripts/append`` is told of it.
    let arguments: [RedisArgument]

    init(_ input: NewMessage, id: MessageID, of identity: Identity, at now: Timestamp) {
        self.id = id
        self.input = input
        author = input.role == .user ? identity.email : nil
        var writer = JSONWriter(capacity: input.content.utf8.count + 128)
        writer.object { writer in
            if input.role != .user { writer.member("role", input.role.rawValue) }
            writer.time("created_at", now)
            if !input.content.isEmpty { writer.member("content", input.content) }
            writer.attachments(
                content: input.content,
                parts: input.parts,
                metadata: input.metadata,
                contexts: input.contexts,
                aiResponse: input.aiResponse,
                confidence: input.confidence,
                model: input.model
            )
        }
        var authorship: [UInt8] = []
        if let author {
            var writer = JSONWriter(capacity: 64)
            writer.object { $0.address("author", author) }
            authorship = Self.members(of: writer.bytes)
        }
        arguments = [
            "\(id)", input.id == nil ? "" : "1", .bytes(authorship), .bytes(Self.members(of: writer.bytes)),
            .string(TermIndex.terms(of: input.content)), .string(tag.stored),
        ]
    }

    /// An object's members, for behind others.
    private static func members(of object: [UInt8]) -> [UInt8] {
        var members = object
        members[0] = UInt8(ascii: ",")
        members.removeLast()
        return members
    }

    func message(
        in conversation: ConversationID,
        of project: ProjectID,
        seq: Int,
        revision: Int,
        at now: Timestamp
    ) -> Message {
        Message(
            id: id,
            conversationID: conversation,
            projectID: project,
            seq: seq,
            revision: revision,
            role: input.role,
            author: author,
            content: input.content,
            parts: input.parts,
            metadata: input.metadata,
            contexts: input.contexts,
            aiResponse: input.aiResponse,
            confidence: input.confidence,
            model: input.model,
            createdAt: now,
            updatedAt: now
        )
    }
}

extension SessionWriting {
    /// Removes what a person has typed there: it has been said.
    mutating func clearDraft(of email: EmailAddress) {
        batch.command("HDEL", TruthKeys.drafts(of: id), [.string(email.value)])
    }
}
