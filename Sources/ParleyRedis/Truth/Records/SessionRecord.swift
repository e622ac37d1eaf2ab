internal import ParleyCore
internal import RedisWire

/// A conversation's hash.
///
/// What has its default does not stand in it: `title`, `owner`, `revision`, `message_count`, `created_at`, `updated_at`
/// and `tag` always do.
struct SessionRecord: Sendable {
    /// The fields; the preview is made when it is read.
    var fields: Conversation
    /// Of what its create was given; none where a turn or an import made it.
    var fingerprint: Fingerprint?
    /// The revision that the last improved title took.
    var titledRevision: Int?
    /// The name of this version of the log: what a commit compares.
    var tag: LogTag
    /// The running reply, and the fence of its lease.
    var running: (message: MessageID, fence: Int)?
    /// Whether somebody asked for the running reply to be stopped.
    var isStopRequested = false
    /// Whether some message has an earlier `created_at` than one before it.
    var isUnordered = false

    /// The record of a conversation that is made now.
    init(_ fields: Conversation, fingerprint: Fingerprint? = nil) {
        self.fields = fields
        self.fingerprint = fingerprint
        tag = LogTag(bits: 0)
    }

    /// Reads what `HGETALL` answers.
    init(_ id: ConversationID, in project: ProjectID, _ reply: RedisReply) throws {
        let hash = RedisHash(reply)
        guard let title = hash["title"], let owner = hash["owner"], let revision = hash.integer("revision"),
            let count = hash.integer("message_count"), let createdAt = hash.time("created_at"),
            let updatedAt = hash.time("updated_at"), let tag = hash["tag"].flatMap(LogTag.init(text:))
        else { throw UnreadableRecord(what: "session") }
        let metadata = try hash["metadata"].map { try JSON(parsing: $0).objectValue ?? JSONObject() }
        fields = Conversation(
            id: id,
            projectID: project,
            owner: EmailAddress(normalized: owner),
            title: title,
            description: hash["description"],
            status: hash["status"].flatMap(ConversationStatus.init(rawValue:)) ?? .active,
            isPinned: hash["pinned"] != nil,
            metadata: metadata ?? JSONObject(),
            messageCount: count,
            revision: revision,
            createdAt: createdAt,
            updatedAt: updatedAt,
            lastMessageAt: hash.time("last_message_at"),
            forkedFrom: hash["forked_from"].flatMap(ForkOrigin.init(stored:)),
            hasGivenTitle: hash["given_title"] != nil
        )
        fingerprint = hash["fingerprint"].flatMap { Int64($0) }.map(Fingerprint.init(value:))
        titledRevision = hash.integer("titled_revision")
        self.tag = tag
        if let running = hash["running"].flatMap({ MessageID($0) }) {
            self.running = (running, hash.integer("fence") ?? 0)
        }
        isStopRequested = hash["stop"] != nil
        isUnordered = hash["unordered"] != nil
    }

    /// The hash's fields: those with a value, and those without.
    var stored: (present: [(name: String, value: RedisArgument)], absent: [String]) {
        let optional: [(String, RedisArgument?)] = [
            ("title", .string(fields.title)), ("owner", .string(fields.owner.value)),
            ("revision", .integer(fields.revision)), ("message_count", .integer(fields.messageCount)),
            ("created_at", .integer(fields.createdAt.microseconds)),
            ("updated_at", .integer(fields.updatedAt.microseconds)),
            ("last_message_at", fields.lastMessageAt.map { .integer($0.microseconds) }),
            ("description", fields.description.map { .string($0) }),
            ("status", fields.status == .active ? nil : .string(fields.status.rawValue)),
            ("pinned", fields.isPinned ? "1" : nil),
            ("metadata", fields.metadata.isEmpty ? nil : .bytes(JSON.object(fields.metadata).serialized)),
            ("forked_from", fields.forkedFrom.map { "\($0.conversationID):\($0.seq)" }),
            ("given_title", fields.hasGivenTitle ? "1" : nil),
            ("fingerprint", fingerprint.map { .integer($0.value) }),
            ("titled_revision", titledRevision.map { .integer($0) }),
            ("running", running.map { "\($0.message)" }), ("fence", running.map { .integer($0.fence) }),
            ("stop", isStopRequested ? "1" : nil), ("unordered", isUnordered ? "1" : nil),
        ]
        return (
            optional.compactMap { name, value in value.map { (name, $0) } },
            optional.filter { $0.1 == nil }.map(\.0)
        )
    }

    /// Refuses a write that was meant for another revision, unless a program's title is all that came since.
    func requireRevision(_ expected: Int?) throws {
        guard let expected, expected != fields.revision else { return }
        if titledRevision == fields.revision, expected == fields.revision - 1 { return }
        throw ParleyError.stale(revision: fields.revision)
    }

    /// Refuses a write that a running reply is in the way of.
    func requireNoRunningReply() throws {
        if running != nil { throw ParleyError.replyInProgress }
    }
}

extension LogTag {
    /// Reads the stored form, 16 hexadecimal digits.
    init?(text: String) {
        guard text.utf8.count == 16, let bits = UInt64(text, radix: 16) else { return nil }
        self.init(bits: bits)
    }

    /// The stored form.
    var stored: String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// A name that no version had.
    static func random() -> LogTag { LogTag(bits: .random(in: 1 ... .max)) }
}

extension ForkOrigin {
    fileprivate init?(stored text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let id = ConversationID(parts[0]), let seq = Int(parts[1]) else { return nil }
        self.init(conversationID: id, seq: seq)
    }
}

/// The fields of a hash by name.
struct RedisHash: Sendable {
    private var values: [String: String] = [:]

    /// Reads names and values in turn.
    init(_ reply: RedisReply) {
        var name: String?
        for element in reply.elements {
            if let key = name {
                values[key] = element.string
                name = nil
            } else {
                name = element.string
            }
        }
    }

    /// Whether there is nothing, as for a key that isn't there.
    var isEmpty: Bool { values.isEmpty }

    /// All names.
    var names: [String] { Array(values.keys) }

    subscript(name: String) -> String? { values[name] }

    func integer(_ name: String) -> Int? { values[name].flatMap { Int($0) } }

    func time(_ name: String) -> Timestamp? {
        values[name].flatMap { Int64($0) }.map(Timestamp.init(microseconds:))
    }
}
