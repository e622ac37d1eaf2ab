internal import ParleyCore

/// What a key's value is, before it is decided what becomes of it.
struct OldValue: Sendable {
    /// A record that may be a message.
    struct Record: Sendable {
        let place: MigrationPlace
        /// The name of its key, or the id that it has within one.
        let keyName: String?
        /// What it says, or why it is none.
        let message: Result<OldMessage, Unfit>
    }

    /// A session's own fields.
    struct Session: Sendable {
        let id: String
        var project: String?
        var title: String?
        var createdAt: Timestamp?
        var updatedAt: Timestamp?
        /// What has no field of its own, as it was.
        var metadata: JSONObject = ["legacy": ["source": "redis"]]
        /// Why the fields can't be kept, where they can't.
        var flaw: Unfit?
    }

    /// What a key holds.
    enum Content: Sendable {
        /// Nothing that is to be moved.
        case leftAlone(String)
        /// Nothing that can be moved.
        case quarantined(String)
        /// One message of a project, or the two of an interaction.
        case memory(project: String, session: String?)
        /// A session with its messages.
        case session(Session)
    }

    let key: MigrationKey
    let content: Content
    /// The messages in order.
    let records: [Record]

    /// How many records it holds: messages, and one for a session or for what is no message.
    var count: Int {
        switch content {
        case .leftAlone, .quarantined: 1
        case .memory: records.count
        case .session: records.count + 1
        }
    }

    private init(_ key: MigrationKey, _ content: Content, _ records: [Record] = []) {
        self.key = key
        self.content = content
        self.records = records
    }

    /// Types of memory that are made for messages, whatever stands there.
    static let chatTypes: Set<String> = [
        "ai_pm", "ai_response", "assistant", "chat", "chat_history", "chat_message", "conversation",
        "conversation_history", "history", "interaction", "message", "messages", "query", "response", "user",
        "user_message",
    ]

    /// What a key is that holds something else than a string.
    init(wrongTypeUnder key: MigrationKey) {
        switch key.kind {
        case .memory(_, let type, _) where !Self.chatTypes.contains(type):
            self.init(key, .leftAlone(ImportReason.notMessageData.rawValue))
        default: self.init(key, .quarantined(MigrationReason.wrongType.rawValue))
        }
    }

    /// A key that was there and is not any more.
    init(goneFrom key: MigrationKey) {
        self.init(key, .leftAlone(MigrationReason.gone.rawValue))
    }

    init(_ key: MigrationKey, _ bytes: [UInt8], now: Timestamp) {
        do throws(Unfit) {
            switch key.kind {
            case .unreadable: self.init(key, .quarantined(MigrationReason.notText.rawValue))
            case .memory(let project, let type, let name):
                self = try Self.memory(key, project, type, name, bytes, now)
            case .session(let id): self = try Self.session(key, id, bytes, now)
            }
        } catch {
            self.init(key, .quarantined(error.reason.rawValue))
        }
    }
}

extension OldValue {
    /// Memory: a message, an interaction, or something that is none.
    ///
    /// What a type is made for decides, and where that is unknown, what the value looks like.
    private static func memory(
        _ key: MigrationKey,
        _ project: String,
        _ type: String,
        _ name: String,
        _ bytes: [UInt8],
        _ now: Timestamp
    ) throws(Unfit) -> OldValue {
        let other = OldValue(key, .leftAlone(ImportReason.notMessageData.rawValue))
        let isChat = chatTypes.contains(type)
        let value: JSON
        do {
            value = try decoded(bytes)
        } catch {
            guard isChat else { return other }
            throw error
        }
        guard isChat || looksLikeMessage(value) else { return other }
        guard case .object(let object) = value else { throw Unfit(.notAnObject) }
        let place = MigrationPlace(key: key.shown)
        let records = records(of: value, at: place, named: name, now)
        let details = object["metadata"]
        let session = [object["session_id"], object["sessionId"], details?["session_id"]]
            .lazy.compactMap { $0?.legacyID }.first { namesSession($0) }
        return OldValue(key, .memory(project: project, session: session), records)
    }

    /// A session with the messages that stand within it.
    private static func session(
        _ key: MigrationKey,
        _ id: String,
        _ bytes: [UInt8],
        _ now: Timestamp
    ) throws(Unfit) -> OldValue {
        guard namesSession(id) else { throw Unfit(.noSession) }
        let value = try decoded(bytes)
        var session = Session(id: id)
        var list: JSON?
        switch value {
        case .array: list = value
        case .object(let object):
            list = object["messages"]
            session.read(object, under: key, now)
        default: throw Unfit(.notAnObject)
        }
        var records: [Record] = []
        if let list, list != .null {
            guard case .array(let elements) = try content(of: list) else { throw Unfit(.notAnArray) }
            for (index, element) in elements.enumerated() {
                let place = MigrationPlace(key: key.shown, index: index)
                let value = (try? content(of: element)) ?? element
                records += Self.records(of: value, at: place, named: nil, now)
            }
        }
        return OldValue(key, .session(session), records)
    }

    /// The records of a value: two of an interaction, else one.
    private static func records(
        of value: JSON,
        at place: MigrationPlace,
        named name: String?,
        _ now: Timestamp
    ) -> [Record] {
        guard case .object(let object) = value, let question = object["user_message"], question != .null else {
            return [Record(place: place, keyName: name, message: message(value, place, now))]
        }
        var asked: JSONObject = ["role": "user"]
        if let fields = question.objectValue {
            for member in fields.members where member.name != "role" { asked[member.name] = member.value }
        } else {
            asked["content"] = question
        }
        let shared = ["session_id", "user_id", "userId", "timestamp", "created_at", "createdAt", "id"]
        for name in shared where asked[name] == nil { asked[name] = object[name] }
        var records = [half(.object(asked), "user_message", of: place, now)]
        guard let answer = object["ai_response"], answer != .null else { return records }
        var answered = object
        for name in ["user_message", "user_id", "userId", "type"] { answered[name] = nil }
        answered["role"] = "ai_pm"
        if let text = answer.stringValue, (try? content(of: answer))?.objectValue == nil {
            answered["ai_response"] = nil
            answered["content"] = .string(text)
        } else if answer.objectValue == nil, answer.stringValue == nil {
            answered["content"] = answer
        }
        records.append(half(.object(answered), "ai_response", of: place, now))
        return records
    }

    private static func half(_ value: JSON, _ part: String, of place: MigrationPlace, _ now: Timestamp) -> Record {
        var place = place
        place.part = part
        return Record(place: place, keyName: nil, message: message(value, place, now))
    }

    private static func message(
        _ value: JSON,
        _ place: MigrationPlace,
        _ now: Timestamp
    ) -> Result<OldMessage, Unfit> {
        Result { () throws(Unfit) in try OldMessage(value, under: place, now: now) }
    }

    /// Whether a value of a type that nobody knows is a message all the same.
    private static func looksLikeMessage(_ value: JSON) -> Bool {
        guard case .object(let object) = value else { return false }
        if object["user_message"]?.nonEmptyString != nil, object["ai_response"] != nil { return true }
        guard let role = object["role"]?.stringValue, ["user", "ai_pm", "assistant", "ai"].contains(role) else {
            return false
        }
        let speaks = object["content"]?.stringValue != nil || object["ai_response"] != nil
        let isPlaced = ["session_id", "timestamp", "created_at"].contains { object[$0] != nil }
        return speaks && isPlaced
    }

    /// Whether this is a session's id: programs without one wrote the word for nothing.
    private static func namesSession(_ id: String) -> Bool {
        1...256 ~= id.utf8.count && id.isStorable
            && !["undefined", "null", "None", "none", "[object Object]"].contains(id)
    }

    private static func decoded(_ bytes: [UInt8]) throws(Unfit) -> JSON {
        do { return try content(of: JSON(mending: bytes)) } catch { throw Unfit(.brokenJSON) }
    }

    private static func content(of value: JSON) throws(Unfit) -> JSON {
        try LocalStorageDump.content(of: value)
    }
}

extension OldValue.Session {
    /// Takes what has a field from the value; the rest is kept as it was.
    fileprivate mutating func read(_ object: JSONObject, under key: MigrationKey, _ now: Timestamp) {
        var reader = LegacyReader(object)
        reader.object["messages"] = nil
        project = (reader.take("project_id", \.legacyID) ?? reader.take("projectId", \.legacyID))
            .flatMap { $0.isStorable ? $0 : nil }
        createdAt = reader.takeTime("created_at", "createdAt", notAfter: now)
        updatedAt = reader.takeTime("updated_at", "updatedAt", "last_activity", notAfter: now)
        let given = (reader.peek("title") ?? reader.peek("name"))?.nonEmptyString
        let fit = given.flatMap { try? Rules.title($0) }
        title = fit ?? given.map { MessageText.title(for: $0.storable) }
        if let fit, fit == given, reader.peek("title") != nil { reader.object["title"] = nil }
        var legacy: JSONObject = ["source": "redis", "key": .string(key.shown)]
        guard reader.object.members.count <= LegacyMessage.maximumMembers else { return flaw = Unfit(.tooLarge) }
        for member in reader.object.members { legacy[member.name] = member.value }
        let whole: JSONObject = ["legacy": .object(legacy)]
        guard JSON.object(whole).isStorable, title?.isStorable != false else { return flaw = Unfit(.holdsNUL) }
        // A little less than all of the room: the old id may have to stand there, too.
        guard JSON.object(whole).serialized.count + 512 <= Limits.metadataBytes, (try? Rules.metadata(whole)) != nil
        else { return flaw = Unfit(.tooLarge) }
        metadata = whole
    }
}
