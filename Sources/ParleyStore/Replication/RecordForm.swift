internal import ParleyCore

/// A record as bytes, the same for the same record whatever store it comes from: to compare and to hash.
///
/// Byte by byte, since `==` takes texts for one that are different to the byte. Each value says by its first byte whether it
/// is there, and texts say how long they are, so that no two records have the same form.
struct RecordForm {
    private(set) var bytes: [UInt8] = []

    private mutating func put(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    private mutating func put(_ value: Int64?) {
        put(value != nil)
        guard let value else { return }
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func put(_ value: Int?) { put(value.map(Int64.init)) }

    private mutating func put(_ time: Timestamp?) { put(time?.microseconds) }

    private mutating func put(_ text: String?) {
        put(text?.utf8.count)
        if let text { bytes.append(contentsOf: text.utf8) }
    }

    private mutating func put<Entity>(_ id: ID<Entity>?) {
        put(id.map { Int64(bitPattern: $0.high) })
        put(id.map { Int64(bitPattern: $0.low) })
    }

    private mutating func put(_ email: EmailAddress?) { put(email?.value) }

    private mutating func put(_ json: JSON?) { put(json?.text) }

    private mutating func put(_ draft: Draft?) {
        put(draft?.text)
        put(draft?.updatedAt)
    }
}

extension RecordForm {
    /// Of a project with its members.
    init(_ record: ProjectRecord) {
        let project = record.project
        put(project.id)
        put(project.name)
        put(project.description)
        put(project.persona)
        put(project.retentionDays)
        put(project.isPersonal)
        put(project.createdAt)
        put(project.updatedAt)
        put(record.fingerprint)
        for member in project.members.sorted(by: { $0.email < $1.email }) {
            put(member.email)
            put(member.role.rawValue)
        }
    }

    /// Of a conversation without its messages.
    init(_ record: ConversationRecord) {
        put(record.fields)
        put(record.fingerprint)
        put(record.titledRevision)
        put(record.drafts.count)
        for (email, draft) in record.drafts.sorted(by: { $0.key < $1.key }) {
            put(email)
            put(draft)
        }
        put(record.readMarks.count)
        for (email, seq) in record.readMarks.sorted(by: { $0.key < $1.key }) {
            put(email)
            put(seq)
        }
        put(record.imports.count)
        for item in record.imports.sorted(by: { $0.batch < $1.batch }) { put(item) }
    }

    private mutating func put(_ fields: Conversation) {
        put(fields.id)
        put(fields.projectID)
        put(fields.owner)
        put(fields.title)
        put(fields.description)
        put(fields.status.rawValue)
        put(fields.isPinned)
        put(JSON.object(fields.metadata))
        put(fields.messageCount)
        put(fields.revision)
        put(fields.createdAt)
        put(fields.updatedAt)
        put(fields.lastMessageAt)
        put(fields.forkedFrom?.conversationID)
        put(fields.forkedFrom?.seq)
        put(fields.hasGivenTitle)
    }

    private mutating func put(_ item: ImportedItem) {
        put(item.batch)
        put(item.importer)
        put(item.createdAt)
        put(item.isNew)
        put(item.added.count)
        for id in item.added { put(id) }
    }

    /// Of a message.
    ///
    /// When a running reply's lease ends, and whether it is to stop, is not part of it: neither takes a revision, and both
    /// go with the reply.
    init(_ record: MessageRecord) {
        put(record.message)
        put(record.fingerprint)
        put(record.contentAuthor)
        put(record.contentAt)
        put(record.replyTo)
        put(record.fence)
        put(record.versions.count)
        for version in record.versions {
            put(version.content)
            put(version.author)
            put(version.createdAt)
        }
        put(record.running?.pieces.joined())
        put(record.running?.pieces.count)
    }

    private mutating func put(_ message: Message) {
        put(message.id)
        put(message.projectID)
        put(message.seq)
        put(message.revision)
        put(message.role.rawValue)
        put(message.author)
        put(message.content)
        put(message.parts.map(JSON.array))
        put(message.status.rawValue)
        put(message.isEdited)
        put(message.reactions.count)
        for reaction in message.reactions {
            put(reaction.emoji)
            put(reaction.users.count)
            for user in reaction.users { put(user) }
        }
        put(JSON.object(message.metadata))
        put(message.contexts.map(JSON.array))
        put(message.aiResponse)
        put(message.confidence.map { Int64(bitPattern: $0.bitPattern) })
        put(message.model)
        put(message.tokensUsed?.prompt)
        put(message.tokensUsed?.completion)
        put(message.latencyMilliseconds)
        put(message.createdAt)
        put(message.updatedAt)
    }

    /// Of what is kept of a person, without sign-ins that have ended by then: a store forgets them when it likes.
    init(_ record: PersonRecord, at now: Timestamp) {
        put(record.email)
        put(record.account?.name)
        put(record.account?.department)
        put(record.account?.passwordHash)
        put(record.account?.createdAt)
        put(record.draft)
        for session in record.loginSessions where session.expiresAt > now {
            bytes.append(contentsOf: session.tokenHash)
            put(session.createdAt)
            put(session.expiresAt)
        }
    }

    /// Of a line of the query log.
    init(_ line: QueryLogEntry) {
        put(line.time)
        put(line.email)
        put(line.department)
        put(line.sessionID)
        put(line.conversationID)
        put(line.messageID)
        put(line.model)
        put(line.latencyMilliseconds)
        put(line.firstTokenMilliseconds)
        put(line.tokensUsed?.prompt)
        put(line.tokensUsed?.completion)
        put(line.status.rawValue)
    }
}
