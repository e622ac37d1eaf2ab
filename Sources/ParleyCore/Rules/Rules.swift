/// The rules that fields keep, each of which names the field it is about.
///
/// Routes and tools call these before a store is asked; stores trust their inputs to have passed.
public enum Rules {
    /// A title: 1 to 256 scalars after trimming, in one line.
    public static func title(_ text: String, field: String = "title") throws(ParleyError) -> String {
        try line(text, field: field, maximum: Limits.titleLength)
    }

    /// A project's name: 1 to 256 scalars after trimming, in one line.
    public static func projectName(_ text: String) throws(ParleyError) -> String {
        try line(text, field: "name", maximum: Limits.projectNameLength)
    }

    /// For how many days a project keeps conversations: 1 to ``Limits/retentionDays``.
    public static func retentionDays(_ days: Int) throws(ParleyError) -> Int {
        guard (1...Limits.retentionDays).contains(days) else {
            throw .invalid("retention_days", "retention_days must be between 1 and \(Limits.retentionDays).")
        }
        return days
    }

    /// A description: up to 4 096 scalars; an empty one counts as none.
    public static func description(_ text: String) throws(ParleyError) -> String? {
        try withoutNUL(text, field: "description")
        guard text.unicodeScalars.count <= Limits.descriptionLength else {
            throw .invalid("description", "description is longer than \(Limits.descriptionLength) characters.")
        }
        return text.isEmpty ? nil : text
    }

    /// A persona's name: ASCII letters, digits, `_`, `-` and `.`; it names a file.
    public static func persona(_ text: String) throws(ParleyError) -> String {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard allowed, 1...Limits.personaBytes ~= text.utf8.count, text.first != "." else {
            throw .invalid(
                "persona",
                "persona must be 1 to \(Limits.personaBytes) letters, digits, '_', '-' or '.', not starting with '.'."
            )
        }
        return text
    }

    /// Metadata: at most 16 KiB as JSON text, at most 32 levels deep.
    public static func metadata(_ object: JSONObject, field: String = "metadata") throws(ParleyError) -> JSONObject {
        try small(.object(object), field: field)
        return object
    }

    /// What a turn passes on to the provider: as large and as deep as metadata may be.
    public static func filters(_ value: JSON) throws(ParleyError) -> JSON {
        try small(value, field: "filters")
        return value
    }

    /// A message to append.
    public static func message(
        _ message: NewMessage,
        mayBeEmpty: Bool = false,
        field: String = ""
    ) throws(ParleyError) {
        try content(
            message.content,
            of: message.role,
            mayBeEmpty: mayBeEmpty || message.parts?.isEmpty == false,
            field: field + "content"
        )
        _ = try metadata(message.metadata, field: field + "metadata")
        var attachmentBytes = 0
        let attachments: [(String, JSON?)] = [
            ("parts", message.parts.map(JSON.array)),
            ("contexts", message.contexts.map(JSON.array)),
            ("ai_response", message.aiResponse),
        ]
        for (name, value) in attachments {
            guard let value else { continue }
            try depth(of: value, field: field + name)
            try storable(value, field: field + name)
            attachmentBytes += value.serialized.count
            guard attachmentBytes <= Limits.messageAttachmentBytes else {
                throw .invalid(
                    field + name,
                    "parts, contexts and ai_response together are larger than \(Limits.messageAttachmentBytes) bytes."
                )
            }
        }
        for part in message.parts ?? [] where part["type"]?.stringValue == nil {
            throw .invalid(field + "parts", "each of parts must be an object with a type.")
        }
        guard message.contexts?.allSatisfy({ $0.objectValue != nil }) != false else {
            throw .invalid(field + "contexts", "each of contexts must be an object.")
        }
        if let confidence = message.confidence, !(0...1 ~= confidence) {
            throw .invalid(field + "confidence", "confidence must be between 0 and 1.")
        }
        if let model = message.model { _ = try self.model(model, field: field + "model") }
    }

    /// The messages of one append: 1 to 100, no id twice.
    public static func messages(_ messages: [NewMessage]) throws(ParleyError) {
        guard 1...Limits.messagesPerAppend ~= messages.count else {
            throw .invalid("messages", "messages must hold 1 to \(Limits.messagesPerAppend) entries.")
        }
        var ids = Set<MessageID>()
        for (index, message) in messages.enumerated() {
            try self.message(message, field: "messages[\(index)].")
            if let id = message.id, !ids.insert(id).inserted {
                throw .invalid("messages[\(index)].id", "This id stands twice in messages.")
            }
        }
    }

    /// A message's text, within the limit of its role, without NUL, and with something in it.
    public static func content(
        _ text: String,
        of role: MessageRole,
        mayBeEmpty: Bool = false,
        field: String = "content"
    ) throws(ParleyError) {
        try withoutNUL(text, field: field)
        guard mayBeEmpty || !text.isEmpty else { throw .invalid(field, "\(field) must not be empty.") }
        guard text.utf8.count <= role.contentLimitBytes else {
            throw .invalid(field, "\(field) is longer than \(role.contentLimitBytes) bytes.")
        }
    }

    /// A reaction: 1 to 64 bytes without control characters.
    public static func emoji(_ text: String) throws(ParleyError) -> String {
        let hasControl = text.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard 1...Limits.emojiBytes ~= text.utf8.count, !hasControl else {
            throw .invalid("emoji", "emoji must be 1 to \(Limits.emojiBytes) bytes without control characters.")
        }
        return text
    }

    /// A model's name.
    public static func model(_ text: String, field: String = "model") throws(ParleyError) -> String {
        try withoutNUL(text, field: field)
        guard 1...Limits.modelBytes ~= text.utf8.count else {
            throw .invalid(field, "\(field) must be 1 to \(Limits.modelBytes) bytes.")
        }
        return text
    }

    /// A draft's text; may be empty.
    public static func draft(_ text: String) throws(ParleyError) {
        try withoutNUL(text, field: "text")
        guard text.utf8.count <= Limits.draftBytes else {
            throw .invalid("text", "text is longer than \(Limits.draftBytes) bytes.")
        }
    }

    /// A password, as it is given; without NUL, since scrypt takes one at the end for none.
    public static func password(_ text: String) throws(ParleyError) {
        try withoutNUL(text, field: "password")
        guard Limits.passwordBytes ~= text.utf8.count else {
            throw .invalid(
                "password",
                "password must be \(Limits.passwordBytes.lowerBound) to \(Limits.passwordBytes.upperBound) bytes long."
            )
        }
    }

    /// What a person is called: 1 to 256 scalars after trimming, in one line.
    public static func accountName(_ text: String) throws(ParleyError) -> String {
        try line(text, field: "name", maximum: Limits.accountNameLength)
    }

    /// A department: 1 to 128 bytes after trimming, in one line.
    public static func department(_ text: String) throws(ParleyError) -> String {
        let department = try line(text, field: "dept", maximum: Limits.departmentBytes)
        guard department.utf8.count <= Limits.departmentBytes else {
            throw .invalid("dept", "dept must be 1 to \(Limits.departmentBytes) bytes.")
        }
        return department
    }

    private static func line(_ text: String, field: String, maximum: Int) throws(ParleyError) -> String {
        let trimmed = text.trimmed
        guard 1...maximum ~= trimmed.unicodeScalars.count else {
            throw .invalid(field, "\(field) must be 1 to \(maximum) characters.")
        }
        guard !trimmed.unicodeScalars.contains(where: breaksLine) else {
            throw .invalid(field, "\(field) must not hold control characters or line breaks.")
        }
        return trimmed
    }

    private static func breaksLine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    // PostgreSQL's text can't hold NUL; refusing it everywhere keeps every store able to take what another has.
    private static func withoutNUL(_ text: String, field: String) throws(ParleyError) {
        try storable(.string(text), field: field)
    }

    private static func storable(_ value: JSON, field: String) throws(ParleyError) {
        guard value.isStorable else { throw .invalid(field, "\(field) must not hold the character U+0000.") }
    }

    private static func small(_ value: JSON, field: String) throws(ParleyError) {
        try depth(of: value, field: field)
        try storable(value, field: field)
        guard value.serialized.count <= Limits.metadataBytes else {
            throw .invalid(field, "\(field) is larger than \(Limits.metadataBytes) bytes.")
        }
    }

    private static func depth(of value: JSON, field: String) throws(ParleyError) {
        guard value.depth <= Limits.metadataDepth else {
            throw .invalid(field, "\(field) is nested deeper than \(Limits.metadataDepth).")
        }
    }
}

extension JSON {
    /// How many containers stand around the innermost value.
    var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.map(\.value.depth).max() ?? 0)
        case .null, .bool, .number, .string: 0
        }
    }
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        var view = Substring(self)
        while view.first?.isWhitespace == true { view.removeFirst() }
        while view.last?.isWhitespace == true { view.removeLast() }
        return String(view)
    }
}
