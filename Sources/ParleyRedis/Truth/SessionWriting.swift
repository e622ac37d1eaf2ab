internal import ParleyCore
internal import RedisWire

/// A change of a conversation that is being worked out: what it becomes, and the writes that bring that about.
///
/// All changes go through it, so that revisions and `seq`s stay gapless.
struct SessionWriting: Sendable {
    /// The conversation and what was read of it, as it becomes.
    var view: SessionView
    /// When it happens.
    let now: Timestamp
    /// The writes, beside the conversation's own hash.
    var batch = WriteBatch()
    /// Whether the conversation's own hash is to be written.
    private(set) var isChanged = false
    /// The title that the index has; empty where it has none.
    private let indexedTitle: String

    init(_ view: SessionView, at now: Timestamp, isNew: Bool = false) {
        self.view = view
        self.now = now
        indexedTitle = isNew ? "" : view.session.fields.title
        isChanged = isNew
    }

    var id: ConversationID { view.session.fields.id }

    /// The conversation as a caller reads it; its preview may be one of before.
    var value: Conversation { view.conversation }

    /// Changes the hash's own members, which takes no revision.
    mutating func note(_ body: (inout SessionRecord) -> Void) {
        body(&view.session)
        isChanged = true
    }

    /// Changes the conversation's own fields.
    mutating func update(_ body: (inout Conversation) -> Void) -> Change {
        body(&view.session.fields)
        advance()
        return .conversationUpdated(value)
    }

    /// Changes the title to a program's: nothing that anybody did, so the conversation keeps its time.
    mutating func improveTitle(_ title: String) -> Change {
        view.session.fields.title = title
        view.session.fields.revision += 1
        view.session.titledRevision = view.session.fields.revision
        isChanged = true
        return .conversationUpdated(value)
    }

    /// Appends a message that is said, or a reply that begins, now.
    mutating func append(_ id: MessageID, _ input: NewMessage, author: EmailAddress?, replyTo: Int? = nil) -> LogEntry {
        advance()
        noteOrder(of: now)
        view.session.fields.messageCount += 1
        view.session.fields.lastMessageAt = now
        let message = Message(
            id: id,
            conversationID: view.session.fields.id,
            projectID: view.session.fields.projectID,
            seq: view.session.fields.messageCount,
            revision: view.session.fields.revision,
            role: input.role,
            author: author,
            content: input.content,
            parts: input.parts,
            status: replyTo == nil ? .delivered : .streaming,
            metadata: input.metadata,
            contexts: input.contexts,
            aiResponse: input.aiResponse,
            confidence: input.confidence,
            model: input.model,
            createdAt: now,
            updatedAt: now
        )
        let entry = LogEntry(
            message,
            fingerprint: replyTo == nil ? Fingerprint(of: input) : nil,
            contentAuthor: author,
            contentAt: now,
            replyTo: replyTo,
            fence: replyTo == nil ? 0 : 1
        )
        add(entry)
        return entry
    }

    /// Puts an entry at the end of the log, with all that leads to it.
    mutating func add(_ entry: LogEntry, versions: [MessageVersion] = []) {
        isChanged = true
        view.entries.append(entry)
        let message = entry.message
        put(entry)
        batch.command("RPUSH", TruthKeys.messages(of: id), ["\(message.id)"])
        batch.add(["place", "\(id)", "\(message.id)"])
        index(entry, before: "")
        batch.command(
            "RPUSH",
            TruthKeys.versions(of: message.id, in: id),
            each: versions.map { .bytes($0.stored) }
        )
    }

    /// Changes a message of the log; a revision later it is another.
    mutating func change(_ before: LogEntry, _ body: (inout LogEntry) -> Void) -> LogEntry {
        advance()
        var entry = before
        entry.keepFingerprint()
        body(&entry)
        entry.message.revision = view.session.fields.revision
        entry.message.updatedAt = now
        put(entry)
        batch.command(
            "ZADD",
            TruthKeys.changed(of: id),
            [.integer(entry.message.revision), .integer(entry.message.seq)]
        )
        index(entry, before: before.terms)
        if let place = view.entries.firstIndex(where: { $0.message.id == entry.message.id }) {
            view.entries[place] = entry
        }
        return entry
    }

    /// Puts the present text of a message among its versions.
    mutating func keepVersion(of entry: inout LogEntry) {
        let version = MessageVersion(
            content: entry.message.content,
            author: entry.contentAuthor,
            createdAt: entry.contentAt
        )
        batch.command("RPUSH", TruthKeys.versions(of: entry.message.id, in: id), [.bytes(version.stored)])
        entry.versionCount += 1
        entry.versionBytes += version.content.utf8.count
    }

    /// Notes that a reply is being written from now on.
    mutating func beginReply(_ entry: LogEntry, at leaseTime: RedisArgument) {
        note {
            $0.running = (entry.message.id, entry.fence); $0.isStopRequested = false
        }
        view.pieces = []
        batch.command("DEL", TruthKeys.pieces(of: entry.message.id, in: id))
        batch.add(["lease", leaseTime, .integer(Limits.replyLease.microseconds)])
    }

    /// Notes that the running reply is written no more.
    mutating func endReply(_ id: MessageID) {
        note {
            $0.running = nil; $0.isStopRequested = false
        }
        batch.command("DEL", TruthKeys.pieces(of: id, in: self.id))
        batch.command("ZREM", ":leases", ["\(self.id)"])
    }

    /// Notes the time of a message that is appended: the search for the newest messages relies on their order.
    mutating func noteOrder(of time: Timestamp) {
        if let last = view.session.fields.lastMessageAt, time < last { view.session.isUnordered = true }
    }

    /// The writes of everything, with the conversation's own hash.
    func finished(isNew: Bool = false) -> WriteBatch {
        guard isChanged else { return batch }
        var all = WriteBatch()
        let key = TruthKeys.session(in: id)
        let (present, absent) = view.session.stored
        all.command("HSET", key, present.flatMap { [.string($0.name), $0.value] })
        if !isNew { all.command("HDEL", key, absent.map { .string($0) }) }
        if isNew { all.command("SADD", ":sessions", ["\(id)"]) }
        let fields = view.session.fields
        all.command("ZADD", ":recent", [.integer(fields.updatedAt.microseconds), "\(id)"])
        if view.session.isUnordered || fields.lastMessageAt.map({ $0 > fields.updatedAt }) ?? false {
            all.command("SADD", ":ahead", ["\(id)"])
        }
        if !fields.title.isExactly(indexedTitle) || isNew {
            let before = isNew ? "" : TermIndex.terms(of: indexedTitle)
            all.add(["title", "\(id)", .string(before), .string(TermIndex.terms(of: fields.title))])
        }
        all.append(batch)
        return all
    }

    private mutating func put(_ entry: LogEntry) {
        let value = entry.encoded(owner: view.session.fields.owner)
        batch.command("SET", TruthKeys.message(entry.message.id, of: id), [.bytes(value)])
    }

    private mutating func index(_ entry: LogEntry, before: String) {
        let terms = entry.terms
        guard terms != before else { return }
        let message = entry.message
        batch.add([
            "index", "\(id)", "\(message.id)", .integer(message.seq), .integer(message.createdAt.microseconds),
            .string(before), .string(terms),
        ])
    }

    private mutating func advance() {
        view.session.fields.revision += 1
        view.session.fields.updatedAt = now
        isChanged = true
    }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
