internal import ParleyCore

/// A session as an old web app described it.
struct LegacySession {
    let id: String
    /// A title that a conversation may have; none where it had none.
    let title: String?
    let createdAt: Timestamp?
    let updatedAt: Timestamp?
    /// What has no field here, as it was.
    let metadata: JSONObject
    /// Messages that stand within it.
    let messages: [JSON]

    init(_ value: JSON, now: Timestamp) throws(Unfit) {
        guard case .object(let object) = value else { throw Unfit(.notAnObject) }
        guard object.members.count <= LegacyMessage.maximumMembers else { throw Unfit(.tooLarge) }
        guard let id = object["id"]?.legacyID else { throw Unfit(.noSession) }
        self.id = id
        var reader = LegacyReader(object)
        messages = reader.take("messages", \.arrayValue) ?? []
        createdAt = reader.takeTime("createdAt", "created_at", notAfter: now)
        updatedAt = reader.takeTime("updatedAt", "updated_at", notAfter: now)
        let given = reader.peek("title")?.nonEmptyString
        let isFit = given.flatMap { try? Rules.title($0) }
        // Too long, or with line breaks: cut, and kept as it was.
        title = isFit ?? given.map { MessageText.title(for: $0) }
        if let isFit, isFit == given { reader.object["title"] = nil }
        var legacy: JSONObject = ["source": "localStorage"]
        for member in reader.object.members { legacy[member.name] = member.value }
        metadata = ["legacy": .object(legacy)]
        guard JSON.object(metadata).isStorable, title?.isStorable != false else { throw Unfit(.holdsNUL) }
        do { _ = try Rules.metadata(metadata) } catch { throw Unfit(.tooLarge) }
    }
}
