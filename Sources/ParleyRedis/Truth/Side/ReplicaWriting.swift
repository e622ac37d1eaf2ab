import ParleyCore
import RedisWire

/// The writes that make a conversation, and some of its messages, what their records say.
struct ReplicaWriting {
    let id: ConversationID
    /// The version that it is written over; `nil` where there is none.
    let tag: LogTag?
    private(set) var batch = WriteBatch()

    /// Works them out, over what is there, with those of the messages that are.
    ///
    /// It fails with `laterReplica` or `divergedReplica` where the record can't be what this conversation becomes.
    init(
        _ record: ConversationRecord,
        _ messages: [MessageRecord],
        isWhole: Bool,
        over present: SessionView?
    ) throws {
        id = record.fields.id
        tag = present?.session.tag
        let before = present?.session.fields
        if let before {
            guard before.revision <= record.fields.revision else { throw ParleyError.laterReplica }
            guard before.owner == record.fields.owner else { throw ParleyError.divergedReplica }
        }
        var session = SessionRecord(record.fields, fingerprint: record.fingerprint.map(Fingerprint.init(value:)))
        session.fields.preview = nil
        session.titledRevision = record.titledRevision
        session.running = present?.session.running
        session.isStopRequested = present?.session.isStopRequested ?? false
        session.isUnordered = present?.session.isUnordered ?? false
        session.fields.messageCount = before?.messageCount ?? 0
        session.fields.lastMessageAt = before?.lastMessageAt

        var log = WriteBatch()
        for (place, message) in messages.enumerated() {
            let next = place + 1 < messages.count ? messages[place + 1] : nil
            try Self.put(message, next: next, in: &session, over: present, &log)
        }
        if isWhole {
            guard session.fields.messageCount == record.fields.messageCount else { throw ParleyError.divergedReplica }
            session.fields.lastMessageAt = record.fields.lastMessageAt
        } else {
            session.fields.revision = before?.revision ?? 0
        }
        let isAhead = messages.contains { $0.message.createdAt > record.fields.updatedAt }
        if isAhead { batch.command("SADD", ":ahead", ["\(id)"]) }
        put(session, over: present)
        put(record)
        batch.append(log)
    }

    private static func put(
        _ record: MessageRecord,
        next: MessageRecord?,
        in session: inout SessionRecord,
        over present: SessionView?,
        _ log: inout WriteBatch
    ) throws {
        let (message, id) = (record.message, session.fields.id)
        let before = present?.entry(message.id)
        let isNew = before == nil
        if let before {
            guard before.message.seq == message.seq else { throw ParleyError.divergedReplica }
        } else {
            guard message.seq == session.fields.messageCount + 1 else { throw ParleyError.divergedReplica }
            session.fields.messageCount += 1
            if let last = session.fields.lastMessageAt, message.createdAt < last { session.isUnordered = true }
            session.fields.lastMessageAt = max(session.fields.lastMessageAt ?? message.createdAt, message.createdAt)
            log.command("RPUSH", TruthKeys.messages(of: id), ["\(message.id)"])
            log.add(["place", "\(id)", "\(message.id)"])
        }
        let entry = LogEntry(record)
        log.command(
            "SET",
            TruthKeys.message(message.id, of: id),
            [.bytes(entry.encoded(owner: session.fields.owner))]
        )
        let versions = TruthKeys.versions(of: message.id, in: id)
        if !isNew { log.command("DEL", versions) }
        log.command("RPUSH", versions, each: record.versions.map { .bytes($0.stored) })
        putReply(record, in: &session, isNew: isNew, &log)
        let changed = TruthKeys.changed(of: id)
        if record.hasChanged(before: next) {
            log.command("ZADD", changed, [.integer(message.revision), .integer(message.seq)])
        } else if !isNew {
            log.command("ZREM", changed, [.integer(message.seq)])
        }
        let (terms, termsBefore) = (entry.terms, before?.terms ?? "")
        guard terms != termsBefore else { return }
        log.add([
            "index", "\(id)", "\(message.id)", .integer(message.seq), .integer(message.createdAt.microseconds),
            .string(termsBefore), .string(terms),
        ])
    }

    /// What there is of a message only while it is written.
    private static func putReply(
        _ record: MessageRecord,
        in session: inout SessionRecord,
        isNew: Bool,
        _ log: inout WriteBatch
    ) {
        let (message, id) = (record.message, session.fields.id)
        let pieces = TruthKeys.pieces(of: message.id, in: id)
        if !isNew { log.command("DEL", pieces) }
        if let running = record.running {
            session.running = (message.id, record.fence)
            session.isStopRequested = running.isStopRequested
            log.command("RPUSH", pieces, each: running.pieces.map { .string($0) })
            log.command("ZADD", ":leases", [.integer(running.leaseEnd.microseconds), "\(id)"])
        } else if session.running?.message == message.id {
            session.running = nil
            session.isStopRequested = false
            log.command("ZREM", ":leases", ["\(id)"])
        }
    }

    private mutating func put(_ session: SessionRecord, over present: SessionView?) {
        let key = TruthKeys.session(in: id)
        let (values, absent) = session.stored
        batch.command("HSET", key, values.flatMap { [.string($0.name), $0.value] })
        if present == nil {
            batch.command("SADD", ":sessions", ["\(id)"])
        } else {
            batch.command("HDEL", key, absent.map { .string($0) })
        }
        batch.command("ZADD", ":recent", [.integer(session.fields.updatedAt.microseconds), "\(id)"])
        let title = present?.session.fields.title
        guard title.map({ !$0.isExactly(session.fields.title) }) ?? true else { return }
        batch.add([
            "title", "\(id)", .string(title.map(TermIndex.terms) ?? ""),
            .string(TermIndex.terms(of: session.fields.title)),
        ])
    }

    /// What people have typed and read there, and what imports did.
    private mutating func put(_ record: ConversationRecord) {
        let drafts = record.drafts.flatMap { email, draft -> [RedisArgument] in
            [.string(email.value), .string(draft.stored)]
        }
        let marks = record.readMarks.flatMap { email, seq -> [RedisArgument] in [.string(email.value), .integer(seq)] }
        let imports = record.imports.flatMap { item -> [RedisArgument] in ["\(item.batch)", .string(item.stored)] }
        for (key, values) in [
            (TruthKeys.drafts(of: id), drafts), (TruthKeys.readMarks(of: id), marks),
            (TruthKeys.imports(of: id), imports),
        ] {
            batch.command("DEL", key)
            batch.command("HSET", key, each: values, size: 2)
        }
    }
}

extension LogEntry {
    fileprivate init(_ record: MessageRecord) {
        var message = record.message
        message.nextIndex = nil
        if record.running != nil { message.content = "" }
        self.init(
            message,
            fingerprint: record.fingerprint.map(Fingerprint.init(value:)),
            contentAuthor: record.contentAuthor,
            contentAt: record.contentAt,
            replyTo: record.replyTo,
            fence: record.fence
        )
        versionCount = record.versions.count
        versionBytes = record.versions.reduce(0) { $0 + $1.content.utf8.count }
    }
}

extension MessageRecord {
    /// Whether it changed after it was appended, as far as that can be told: those of which it is not said have revisions
    /// that rise with `seq`.
    fileprivate func hasChanged(before next: MessageRecord?) -> Bool {
        guard message.revision != message.seq + 1 else { return false }
        if let next, next.message.revision < message.revision { return true }
        return message.updatedAt != message.createdAt || message.isEdited || !versions.isEmpty || replyTo != nil
            || !message.reactions.isEmpty || message.status != .delivered
    }
}
