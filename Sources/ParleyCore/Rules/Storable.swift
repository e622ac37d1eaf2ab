extension String {
    /// Whether every store can keep it: PostgreSQL's text and jsonb can't hold U+0000, and SQLite's texts end at it.
    ///
    /// What a person sends is refused instead, see ``Rules``; of what a model sends, the rest is worth keeping.
    public var isStorable: Bool { !utf8.contains(0) }

    /// The text with U+FFFD in place of U+0000.
    public var storable: String {
        guard !isStorable else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.value == 0 ? "\u{FFFD}" : $0 }))
    }
}

extension JSON {
    /// Whether every store can keep it, with all strings and names in it.
    public var isStorable: Bool {
        switch self {
        case .string(let text): text.isStorable
        case .array(let elements): elements.allSatisfy(\.isStorable)
        case .object(let object): object.members.allSatisfy { $0.name.isStorable && $0.value.isStorable }
        case .null, .bool, .number: true
        }
    }

    /// The value with U+FFFD in place of U+0000 in all strings and names in it.
    public var storable: JSON {
        guard !isStorable else { return self }
        switch self {
        case .string(let text): return .string(text.storable)
        case .array(let elements): return .array(elements.map(\.storable))
        case .object(let object):
            let members = object.members.map { JSONObject.Member(name: $0.name.storable, value: $0.value.storable) }
            return .object(JSONObject(parsed: members))
        case .null, .bool, .number: return self
        }
    }
}
