internal import ParleyCore

/// A message as an old web app kept it in its browser's storage.
struct LegacyMessage {
    /// What it says.
    var input: NewMessage
    /// The id it had, where it had one.
    let id: String?
    let author: EmailAddress?
    let status: MessageStatus
    let isEdited: Bool
    let latencyMilliseconds: Int?
    /// When it was written, where that is known.
    let createdAt: Timestamp?
    let updatedAt: Timestamp?

    /// How many members a record may have: each that has no field is kept among the metadata, which has room for less.
    static let maximumMembers = 256

    /// Reads a record; what has no field here is kept in its metadata under `legacy`, as it was.
    ///
    /// Its author is named only where it says that it is the importer's own: whoever used that browser is unknown.
    init(_ record: JSON, under key: String, importer: EmailAddress, now: Timestamp) throws(Unfit) {
        guard case .object(let object) = record else { throw Unfit(.notAnObject) }
        guard object.members.count <= Self.maximumMembers else { throw Unfit(.tooLarge) }
        var reader = LegacyReader(object)
        let role = try Self.role(&reader)
        let content = try Self.content(&reader)
        status = try Self.status(&reader, of: role)
        isEdited = reader.take("isEdited", \.boolValue) ?? false
        let created = reader.takeTime("createdAt", "created_at", "timestamp", notAfter: now)
        createdAt = created
        updatedAt = reader.takeTime("updatedAt", "updated_at", notAfter: now)
            .flatMap { time in created.map { max(time, $0) } }
        reader.drop("reactions") { $0.arrayValue?.isEmpty == true }
        id = reader.peek("id")?.legacyID
        let owner = reader.peek("userId")?.stringValue.flatMap(EmailAddress.init)
        author = role == .user && owner == importer ? owner : nil

        var details = LegacyReader(reader.takeObject("metadata"))
        guard details.object.members.count <= Self.maximumMembers else { throw Unfit(.tooLarge) }
        var metadata = JSONObject()
        input = NewMessage(role: role, content: content)
        input.confidence = details.takeShare("confidence")
        input.model = details.take("model") { value in
            value.stringValue.flatMap { (try? Rules.model($0)) == nil ? nil : $0 }
        }
        latencyMilliseconds = details.peek("processingTime").flatMap(Self.milliseconds)
        metadata["verification_required"] = details.take("verificationRequired", \.boolValue).map(JSON.bool)
        if role == .assistant { input.aiResponse = Self.answer(&details, confidence: input.confidence) }
        if !details.object.isEmpty { reader.object["metadata"] = .object(details.object) }

        var legacy: JSONObject = ["source": "localStorage", "key": .string(key)]
        for member in reader.object.members { legacy[member.name] = member.value }
        if createdAt == nil { legacy["time"] = "estimated" }
        metadata["legacy"] = .object(legacy)
        input.metadata = metadata
        try Self.check(input)
    }

    /// Who spoke, by the member `role`, else `type`.
    static func role(_ reader: inout LegacyReader) throws(Unfit) -> MessageRole {
        let name = reader.peek("role")?.stringValue ?? reader.peek("type")?.stringValue
        let used = reader.peek("role")?.stringValue == nil ? "type" : "role"
        let role: MessageRole? =
            switch name {
            case "user", "human": .user
            case "assistant", "ai", "ai_pm", "bot": .assistant
            case "system": .system
            case "tool": .tool
            default: nil
            }
        guard let role else { throw Unfit(.unknownRole) }
        reader.object[used] = nil
        // The other name says the same, or is kept.
        let other = used == "role" ? "type" : "role"
        if reader.peek(other) == .string(role == .assistant ? "ai" : role.rawValue) { reader.object[other] = nil }
        return role
    }

    private static func content(_ reader: inout LegacyReader) throws(Unfit) -> String {
        switch reader.peek("content") {
        case nil, .null: throw Unfit(.noContent)
        case .string(let text):
            guard !text.isEmpty else { throw Unfit(.noContent) }
            reader.object["content"] = nil
            return text
        default: throw Unfit(.contentNotText)
        }
    }

    /// Where it ended; the word is kept where it says more than that.
    static func status(_ reader: inout LegacyReader, of role: MessageRole) throws(Unfit) -> MessageStatus {
        switch reader.peek("status")?.stringValue?.lowercased() {
        case "delivered", "sent", "complete", "completed", "done", "read", "success":
            reader.drop("status") { $0.stringValue == "delivered" }
            return .delivered
        case "failed", "error": return .failed
        case "streaming", "typing", "pending", "sending", "processing", "loading", "interrupted":
            return role == .assistant ? .interrupted : .delivered
        case "deleted": throw Unfit(.wasDeleted)
        default: return .delivered
        }
    }

    /// An answer in parts, as Parley keeps them.
    private static func answer(_ details: inout LegacyReader, confidence: Double?) -> JSON? {
        var answer = JSONObject()
        answer["user_explanation"] = details.take("summary", \.nonEmptyString).map(JSON.string)
        answer["technical_instruction"] = details.take("instructions", \.nonEmptyString).map(JSON.string)
        guard !answer.isEmpty else { return nil }
        answer["confidence"] = confidence.flatMap { JSONNumber($0) }.map(JSON.number)
        return .object(answer)
    }

    /// A duration that is milliseconds, as browsers count, unless it is a few seconds with a fraction, as servers count.
    ///
    /// The number itself stays among the metadata, since nobody knows.
    private static func milliseconds(_ value: JSON) -> Int? {
        guard case .number(let number) = value, let duration = number.doubleValue, 0...1e12 ~= duration else {
            return nil
        }
        let isSeconds = number.intValue == nil && duration != duration.rounded() && duration < 60
        return Int((isSeconds ? duration * 1000 : duration).rounded())
    }

    /// What holds for every message holds for these.
    static func check(_ input: NewMessage) throws(Unfit) {
        guard input.content.isStorable, JSON.object(input.metadata).isStorable, input.aiResponse?.isStorable != false
        else { throw Unfit(.holdsNUL) }
        guard input.content.utf8.count <= input.role.contentLimitBytes else { throw Unfit(.textTooLong) }
        do { try Rules.message(input) } catch { throw Unfit(.tooLarge) }
    }
}

/// Why a record can't be imported.
struct Unfit: Error {
    let reason: ImportReason

    init(_ reason: ImportReason) {
        self.reason = reason
    }
}
