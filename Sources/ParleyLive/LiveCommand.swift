import ParleyCore

/// What a client asks for over its socket.
enum LiveCommand: Hashable, Sendable {
    /// The changes of a conversation since a revision, and then to be kept in step with it; without one, only the latter.
    case subscribe(ConversationID, since: Int?)
    /// Not to be kept in step any more.
    case unsubscribe(ConversationID)
    /// The person is writing.
    case typing(ConversationID)
    /// Whether somebody is there.
    case ping

    /// Reads a message; what is wrong with it is ``ParleyError/Code/invalidRequest``, naming the member.
    ///
    /// Members that are not known are left alone, as everywhere.
    init(parsing text: some Collection<UInt8>) throws(ParleyError) {
        let json: JSON
        do {
            json = try JSON(parsing: text, maximumDepth: Limits.jsonDepth, refusingDuplicateNames: true)
        } catch {
            throw ParleyError(.invalidRequest, "The message is no JSON.", cause: error)
        }
        guard json.objectValue != nil else { throw ParleyError(.invalidRequest, "The message is no JSON object.") }
        switch json["type"]?.stringValue {
        case "subscribe": self = .subscribe(try Self.conversation(json), since: try Self.since(json))
        case "unsubscribe": self = .unsubscribe(try Self.conversation(json))
        case "typing": self = .typing(try Self.conversation(json))
        case "ping": self = .ping
        default: throw .invalid("type", "type must be subscribe, unsubscribe, typing or ping.")
        }
    }

    /// Knows a message that says `typing` in the shortest way, as most clients do, and no other.
    ///
    /// It comes more often than all else, and making JSON of it takes longer than sending it on.
    init?(plainTyping text: [UInt8]) {
        let (head, tail) = (Self.plainHead, Self.plainTail)
        guard text.count == head.count + 36 + tail.count, text.starts(with: head),
            text[(head.count + 36)...].elementsEqual(tail),
            let id = ConversationID(String(decoding: text[head.count..<head.count + 36], as: UTF8.self))
        else { return nil }
        self = .typing(id)
    }

    private static let plainHead = Array(#"{"type":"typing","conversation_id":""#.utf8)
    private static let plainTail = Array(#""}"#.utf8)

    /// The conversation that it is about.
    var conversation: ConversationID? {
        switch self {
        case .subscribe(let id, since: _), .unsubscribe(let id), .typing(let id): id
        case .ping: nil
        }
    }

    private static func conversation(_ json: JSON) throws(ParleyError) -> ConversationID {
        guard let member = json["conversation_id"] ?? json["session_id"] else {
            throw .invalid("conversation_id", "conversation_id is required.")
        }
        guard let text = member.stringValue else {
            throw .invalid("conversation_id", "conversation_id must be a string.")
        }
        // What is no id names nothing.
        guard let id = ConversationID(text) else { throw .notFound }
        return id
    }

    private static func since(_ json: JSON) throws(ParleyError) -> Int? {
        guard let member = json["since_revision"], member != .null else { return nil }
        guard let revision = member.intValue, revision >= 0 else {
            throw .invalid("since_revision", "since_revision must be a whole number from 0 on.")
        }
        return revision
    }
}
