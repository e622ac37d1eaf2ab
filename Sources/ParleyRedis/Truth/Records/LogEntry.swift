internal import ParleyCore
internal import RedisWire

/// A message with what no caller reads from it directly, and its stored form.
///
/// What the key says (id, conversation, project) does not stand in the value, nor what has its default: a revision that is
/// `seq` + 1, the role `user`, the conversation's owner as a user's author, the status `delivered`, and what can be found
/// out: a fingerprint that the present content has. First come `seq` and other members whose values are numbers and words
/// of Parley's own, then `content` where there is some, so that scripts find these by their first bytes.
struct LogEntry: Sendable {
    /// Where the fingerprint is from.
    private enum Origin: Sendable {
        case content
        case none
        case stored(Fingerprint)
    }

    /// The message; of a running reply without its text.
    var message: Message
    /// Who wrote the present text; none where a model did.
    var contentAuthor: EmailAddress?
    /// When the present text was written.
    var contentAt: Timestamp
    /// The `seq` of the message that it answers, where a turn began it.
    var replyTo: Int?
    /// The fence of its last lease; 0 before the first.
    var fence = 0
    /// How many texts it had before.
    var versionCount = 0
    /// How long these are together, in bytes.
    var versionBytes = 0
    private var origin: Origin

    /// Makes an entry; what was appended or imported has the fingerprint of its content, a reply has none.
    init(
        _ message: Message,
        fingerprint: Fingerprint?,
        contentAuthor: EmailAddress?,
        contentAt: Timestamp,
        replyTo: Int? = nil,
        fence: Int = 0
    ) {
        self.message = message
        self.contentAuthor = contentAuthor
        self.contentAt = contentAt
        self.replyTo = replyTo
        self.fence = fence
        origin = fingerprint.map(Origin.stored) ?? .none
    }

    /// Of what its append was given; none for a reply.
    var fingerprint: Fingerprint? {
        switch origin {
        case .content: Fingerprint(of: message.asInput)
        case .none: nil
        case .stored(let fingerprint): fingerprint
        }
    }

    /// Keeps the fingerprint while the content changes.
    mutating func keepFingerprint() {
        if let fingerprint { origin = .stored(fingerprint) }
    }

    /// Whether its text is in the index of terms.
    var isIndexed: Bool { message.status != .streaming && message.status != .deleted }

    /// The terms that the index has of it.
    var terms: String { isIndexed ? TermIndex.terms(of: message.content) : "" }

    // MARK: The stored form

    /// The value of the message's key in a conversation of `owner`.
    func encoded(owner: EmailAddress) -> [UInt8] {
        var writer = JSONWriter(capacity: message.content.utf8.count + 128)
        writer.object { writer in
            writer.member("seq", message.seq)
            if message.revision != message.seq + 1 { writer.member("revision", message.revision) }
            if message.role != .user { writer.member("role", message.role.rawValue) }
            if message.status != .delivered { writer.member("status", message.status.rawValue) }
            writer.member("reply_to", replyTo)
            if fence != (replyTo == nil ? 0 : 1) { writer.member("fence", fence) }
            writer.time("created_at", message.createdAt)
            if message.updatedAt != message.createdAt { writer.time("updated_at", message.updatedAt) }
            if contentAt != (replyTo == nil ? message.createdAt : message.updatedAt) {
                writer.time("content_at", contentAt)
            }
            if message.isEdited { writer.member("is_edited", true) }
            if versionCount > 0 {
                writer.member("versions", versionCount)
                writer.member("version_bytes", versionBytes)
            }
            if let fingerprint {
                if replyTo != nil || fingerprint != Fingerprint(of: message.asInput) {
                    writer.name("fingerprint")
                    writer.integer(fingerprint.value)
                }
            } else if replyTo == nil {
                writer.name("fingerprint")
                writer.null()
            }
            if !message.content.isEmpty { writer.member("content", message.content) }
            Self.write(message, owner, contentAuthor, to: &writer)
        }
        return writer.bytes
    }

    private static func write(
        _ message: Message,
        _ owner: EmailAddress,
        _ contentAuthor: EmailAddress?,
        to writer: inout JSONWriter
    ) {
        if message.author != (message.role == .user ? owner : nil) { writer.address("author", message.author) }
        if contentAuthor != message.author { writer.address("content_author", contentAuthor) }
        writer.attachments(
            content: message.content,
            parts: message.parts,
            metadata: message.metadata,
            contexts: message.contexts,
            aiResponse: message.aiResponse,
            confidence: message.confidence,
            model: message.model
        )
        if !message.reactions.isEmpty {
            writer.name("reactions")
            writer.array { writer in
                for reaction in message.reactions {
                    writer.array { writer in
                        writer.string(reaction.emoji)
                        for user in reaction.users { writer.string(user.value) }
                    }
                }
            }
        }
        if let tokens = message.tokensUsed {
            writer.name("tokens_used")
            writer.array { writer in
                writer.integer(tokens.prompt)
                writer.integer(tokens.completion)
            }
        }
        writer.member("latency_ms", message.latencyMilliseconds)
    }

    /// Reads the value of a message's key.
    init(_ bytes: [UInt8], _ id: MessageID, in conversation: Conversation) throws {
        let json = try JSON(parsing: bytes)
        guard let object = json.objectValue, let seq = json["seq"]?.intValue,
            let createdAt = object.time("created_at")
        else { throw UnreadableRecord(what: "message") }
        let role = json["role"]?.stringValue.flatMap(MessageRole.init(rawValue:)) ?? .user
        let author = object.address("author", absent: role == .user ? conversation.owner : nil)
        let updatedAt = object.time("updated_at") ?? createdAt
        let content = json["content"]?.stringValue ?? ""
        let answer = try json.storedAnswer(content: content)
        message = Message(
            id: id,
            conversationID: conversation.id,
            projectID: conversation.projectID,
            seq: seq,
            revision: json["revision"]?.intValue ?? seq + 1,
            role: role,
            author: author,
            content: content,
            parts: json["parts"]?.arrayValue,
            status: json["status"]?.stringValue.flatMap(MessageStatus.init(rawValue:)) ?? .delivered,
            isEdited: json["is_edited"]?.boolValue ?? false,
            reactions: (json["reactions"]?.arrayValue ?? []).compactMap(Reaction.init(stored:)),
            metadata: json["metadata"]?.objectValue ?? JSONObject(),
            contexts: json["contexts"]?.arrayValue,
            aiResponse: answer,
            confidence: json.storedConfidence(answer),
            model: json.storedModel(answer),
            tokensUsed: json["tokens_used"]?.arrayValue.flatMap(TokenUsage.init(stored:)),
            latencyMilliseconds: json["latency_ms"]?.intValue,
            createdAt: createdAt,
            updatedAt: updatedAt
        )
        replyTo = json["reply_to"]?.intValue
        fence = json["fence"]?.intValue ?? (replyTo == nil ? 0 : 1)
        contentAt = object.time("content_at") ?? (replyTo == nil ? createdAt : updatedAt)
        contentAuthor = object.address("content_author", absent: author)
        versionCount = json["versions"]?.intValue ?? 0
        versionBytes = json["version_bytes"]?.intValue ?? 0
        switch json["fingerprint"] {
        case .none: origin = replyTo == nil ? .content : .none
        case .some(let value): origin = value.integer64.map { .stored(Fingerprint(value: $0)) } ?? .none
        }
    }
}

extension Message {
    /// What an append of the present content would be given.
    var asInput: NewMessage {
        NewMessage(
            role: role,
            content: content,
            parts: parts,
            metadata: metadata,
            contexts: contexts,
            aiResponse: aiResponse,
            confidence: confidence,
            model: model
        )
    }
}

extension MessageVersion {
    /// Reads an element of the list of versions.
    init(stored bytes: [UInt8]) throws {
        let json = try JSON(parsing: bytes)
        guard let object = json.objectValue, let createdAt = object.time("created_at") else {
            throw UnreadableRecord(what: "version")
        }
        self.init(
            content: json["content"]?.stringValue ?? "",
            author: object.address("author", absent: nil),
            createdAt: createdAt
        )
    }

    /// An element of the list of versions.
    var stored: [UInt8] {
        var writer = JSONWriter(capacity: content.utf8.count + 64)
        writer.object { writer in
            writer.time("created_at", createdAt)
            writer.member("content", content)
            writer.member("author", author?.value)
        }
        return writer.bytes
    }
}

extension JSONWriter {
    mutating func time(_ name: StaticString, _ time: Timestamp) {
        self.name(name)
        integer(time.microseconds)
    }

    /// An address that is written also where there is none.
    mutating func address(_ name: StaticString, _ address: EmailAddress?) {
        self.name(name)
        if let address { string(address.value) } else { null() }
    }
}

extension JSONObject {
    func time(_ name: String) -> Timestamp? {
        self[name]?.integer64.map(Timestamp.init(microseconds:))
    }

    /// An address; `null` is none, and what is not there is `absent`.
    func address(_ name: String, absent: EmailAddress?) -> EmailAddress? {
        guard let value = self[name] else { return absent }
        return value.stringValue.map(EmailAddress.init(normalized:))
    }
}

extension JSON {
    fileprivate var integer64: Int64? {
        guard case .number(let number) = self else { return nil }
        return Int64(number.lexeme)
    }
}

extension Reaction {
    fileprivate init?(stored json: JSON) {
        guard let words = json.arrayValue?.compactMap(\.stringValue), let emoji = words.first else { return nil }
        self.init(emoji: emoji, users: words.dropFirst().map(EmailAddress.init(normalized:)))
    }
}

extension TokenUsage {
    fileprivate init?(stored values: [JSON]) {
        guard values.count == 2, let prompt = values[0].intValue, let completion = values[1].intValue else {
            return nil
        }
        self.init(prompt: prompt, completion: completion)
    }
}
