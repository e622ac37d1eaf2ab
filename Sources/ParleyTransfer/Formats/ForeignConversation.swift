internal import ParleyCore

/// A conversation of another program: a tree of messages, of which one path is the conversation.
struct ForeignConversation {
    /// What it was known by there, which its ids are made of.
    var key: String
    var title: String?
    var createdAt: Timestamp?
    var updatedAt: Timestamp?
    var isArchived = false
    var isPinned = false
    /// What is known of it beyond the fields.
    var metadata = JSONObject()
    /// In the order of the source.
    var nodes: [ForeignNode] = []
    /// Where the path ends that was on screen; none means with the newest message.
    var current: String?
}

/// A place in the tree.
struct ForeignNode {
    var id: String
    var parent: String?
    /// Who speaks, or why nothing is brought from here; what follows it then follows its parent.
    var content: Content

    enum Content {
        case message(ForeignMessage)
        case none(ImportItemOutcome, ImportReason)
    }
}

/// A message of another program.
struct ForeignMessage {
    var input: NewMessage
    var status = MessageStatus.delivered
    var isEdited = false
    var tokensUsed: TokenUsage?
    var latencyMilliseconds: Int?
    var createdAt: Timestamp?
    var updatedAt: Timestamp?

    init(_ input: NewMessage) {
        self.input = input
    }

    /// What holds for every message holds for these.
    func node(_ id: String, parent: String?) -> ForeignNode {
        ForeignNode(id: id, parent: parent, content: content)
    }

    private var content: ForeignNode.Content {
        guard input.content.isStorable else { return .none(.quarantined, .holdsNUL) }
        guard input.content.utf8.count <= input.role.contentLimitBytes else { return .none(.quarantined, .textTooLong) }
        do {
            let message = ImportedMessage(
                id: MessageID(high: 0, low: 0),
                input: input,
                status: status,
                createdAt: Timestamp(microseconds: 0)
            )
            try Rules.imported(message)
        } catch { return .none(.quarantined, .tooLarge) }
        return .message(self)
    }
}

/// What is kept of a record that has no field here, as far as there is room.
struct ForeignMetadata {
    private var kept: JSONObject
    private var left: [JSON] = []
    private var bytes: Int

    /// Half of what metadata may take, so that there is room for what comes later.
    private static let maximumBytes = Limits.metadataBytes / 2
    private static let maximumDepth = Limits.metadataDepth - 8

    init(_ source: ImportFormat, id: String?) {
        kept = ["source": .string(source.rawValue)]
        bytes = 64
        keep("id", id.map(JSON.string))
    }

    /// Keeps a value where there is room; else its name, so that nobody thinks it had none.
    mutating func keep(_ name: String, _ value: JSON?) {
        guard let value, value.saysSomething else { return }
        let size = value.serialized.count + name.utf8.count
        guard bytes + size <= Self.maximumBytes, value.levels <= Self.maximumDepth, value.isStorable else {
            return leaveOut(name)
        }
        bytes += size
        kept[name] = value
    }

    /// Notes that something had no room.
    mutating func leaveOut(_ name: String) {
        if left.count < 64 { left.append(.string(String(name.prefix(64)).storable)) }
    }

    /// The metadata: one member, `imported`.
    func object(_ more: (name: String, value: JSON)...) -> JSONObject {
        var kept = kept
        for (name, value) in more { kept[name] = value }
        if !left.isEmpty { kept["left_out"] = .array(left) }
        return ["imported": .object(kept)]
    }
}

extension JSON {
    /// Whether it is more than nothing, an empty text, list or object.
    var saysSomething: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let object): !object.isEmpty
        case .number: true
        }
    }

    /// How many containers stand around the innermost value.
    var levels: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.levels).max() ?? 0)
        case .object(let object): 1 + (object.members.map(\.value.levels).max() ?? 0)
        case .null, .bool, .number, .string: 0
        }
    }

    /// A time that is not later than now.
    func time(notAfter now: Timestamp) -> Timestamp? {
        Timestamp(legacy: self).flatMap { $0 <= now ? $0 : nil }
    }

    /// A model's name that may be one here.
    var modelName: String? {
        stringValue.flatMap { name in (try? Rules.model(name)) == nil ? nil : name }
    }

    /// A count of something.
    var count: Int? {
        guard let value = doubleValue, 0...1e15 ~= value else { return nil }
        return Int(value)
    }
}
