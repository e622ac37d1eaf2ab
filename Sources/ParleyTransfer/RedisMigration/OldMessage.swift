internal import ParleyCore

/// A message as the old server kept it in Redis.
struct OldMessage: Sendable {
    /// What it says.
    var input: NewMessage
    /// The id it says it has.
    let id: String?
    /// Who wrote it, where it says so with an e-mail address.
    var author: EmailAddress?
    let status: MessageStatus
    let isEdited: Bool
    var latencyMilliseconds: Int?
    /// When it was written, where that is known.
    var createdAt: Timestamp?
    var updatedAt: Timestamp?

    /// Reads a record; what has no field here is kept in its metadata under `legacy`, as it was.
    init(_ record: JSON, under place: MigrationPlace, now: Timestamp) throws(Unfit) {
        guard case .object(let object) = record else { throw Unfit(.notAnObject) }
        guard object.members.count <= LegacyMessage.maximumMembers else { throw Unfit(.tooLarge) }
        var reader = LegacyReader(object)
        for name in ["metadata", "ai_response"] { reader.decode(name) }
        let word = reader.peek("role")?.stringValue ?? reader.peek("type")?.stringValue
        let role = try LegacyMessage.role(&reader)
        let answer = reader.take("ai_response") { $0.objectValue.map(JSON.object) }
        let content = try Self.content(&reader, answer)
        status = try LegacyMessage.status(&reader, of: role)
        isEdited = (reader.take("is_edited", \.boolValue) ?? reader.take("isEdited", \.boolValue)) ?? false
        let created = reader.takeTime("timestamp", "created_at", "createdAt", "time", notAfter: now)
        createdAt = created
        updatedAt = reader.takeTime("updated_at", "updatedAt", notAfter: now)
            .flatMap { time in created.map { max(time, $0) } }
        id = (reader.peek("id") ?? reader.peek("message_id"))?.legacyID
        let details = LegacyReader(reader.peek("metadata")?.objectValue ?? JSONObject())
        let user = reader.peek("user_id") ?? reader.peek("userId") ?? details.peek("user_id")
        author = role == .user ? user?.stringValue.flatMap(EmailAddress.init) : nil

        input = NewMessage(role: role, content: content)
        input.aiResponse = answer
        var share = LegacyReader(answer?.objectValue ?? JSONObject())
        input.confidence = share.takeShare("confidence") ?? reader.takeShare("confidence") ?? details.share
        let made = answer?["metadata"]
        let names = [
            made?["model_info"]?["model_name"], details.peek("model_info")?["model_name"], made?["model"],
            details.peek("model"), reader.peek("model"),
        ]
        input.model = names.lazy.compactMap { $0?.nonEmptyString }.first { (try? Rules.model($0)) != nil }
        let took = made?["processing_time"] ?? details.peek("processing_time") ?? reader.peek("processing_time")
        latencyMilliseconds = took.flatMap(Self.milliseconds)

        var legacy: JSONObject = ["source": "redis", "key": .string(place.key)]
        if let word, word != role.rawValue { legacy["role"] = .string(word) }
        for member in reader.object.members where member.name != "role" { legacy[member.name] = member.value }
        if createdAt == nil { legacy["time"] = "estimated" }
        input.metadata = ["legacy": .object(legacy)]
        try LegacyMessage.check(input)
    }

    /// The text; an answer that has none is what it explains.
    private static func content(_ reader: inout LegacyReader, _ answer: JSON?) throws(Unfit) -> String {
        switch reader.peek("content") {
        case .string(let text) where !text.isEmpty:
            reader.object["content"] = nil
            return text
        case nil, .null, .string:
            guard let text = answer?["user_explanation"]?.nonEmptyString else { throw Unfit(.noContent) }
            reader.object["content"] = nil
            return text
        default: throw Unfit(.contentNotText)
        }
    }

    /// A duration that is seconds where it has a fraction, as servers write them, else milliseconds.
    private static func milliseconds(_ value: JSON) -> Int? {
        guard case .number(let number) = value, let duration = number.doubleValue, 0...1e9 ~= duration else {
            return nil
        }
        return Int((number.intValue == nil && duration < 3600 ? duration * 1000 : duration).rounded())
    }
}

extension LegacyReader {
    /// Puts the value of a text in the text's place, where it is an object that was made a text of.
    fileprivate mutating func decode(_ name: String) {
        guard let value = object[name], case .string = value else { return }
        if let content = try? LocalStorageDump.content(of: value), content.objectValue != nil { object[name] = content }
    }

    /// The confidence among metadata, which stays there.
    fileprivate var share: Double? {
        var copy = self
        return copy.takeShare("confidence")
    }
}
