/// A JSON value that goes out as it came in: members keep their order, numbers keep their digits.
///
/// Needed because metadata, parts and answers of other people's programs pass through Parley and must come back unchanged,
/// and because Foundation's decoder takes what RFC 8259 refuses (a trailing comma) and reorders what it reads.
public enum JSON: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number, as its digits were written; see ``JSONNumber``.
    case number(JSONNumber)
    /// A string.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object.
    case object(JSONObject)
}

/// A number's lexeme, as RFC 8259 section 6 defines it.
///
/// Compared by its digits: `1.0` and `1` differ.
public struct JSONNumber: Hashable, Sendable {
    /// The digits as they were written.
    public let lexeme: String

    /// Takes a lexeme that the parser has checked.
    init(checked lexeme: String) {
        self.lexeme = lexeme
    }

    /// An integer's lexeme.
    public init(_ value: some BinaryInteger) {
        lexeme = String(value)
    }

    /// A finite double's shortest lexeme; `nil` for an infinity or NaN, which JSON cannot say.
    public init?(_ value: Double) {
        guard value.isFinite else { return nil }
        lexeme = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }

    /// The value as an integer, where the lexeme is one and fits.
    public var intValue: Int? { Int(lexeme) }

    /// The value as a double; `nil` where it would overflow.
    public var doubleValue: Double? {
        guard let value = Double(lexeme), value.isFinite else { return nil }
        return value
    }
}

/// An object's members in their order.
///
/// Names are unique: of two members with one name, the last counts (RFC 8259 leaves it open). Names are compared byte by
/// byte: what differs only in its Unicode normal form is two members.
public struct JSONObject: Hashable, Sendable {
    /// A name and its value.
    public struct Member: Hashable, Sendable {
        /// The member's name.
        public let name: String
        /// The member's value.
        public var value: JSON
    }

    /// The members in order.
    public private(set) var members: [Member]

    /// Makes an empty object.
    public init() {
        members = []
    }

    /// Takes members as a parser read them.
    init(parsed members: [Member]) {
        var names = Set<ExactName>()
        // Walking back keeps the last of each name; only an object with doubled names pays for a copy.
        guard members.count > 1, !members.allSatisfy({ names.insert(ExactName($0.name)).inserted }) else {
            self.members = members
            return
        }
        names.removeAll()
        self.members = members.reversed().filter { names.insert(ExactName($0.name)).inserted }.reversed()
    }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// A member's value by name; setting `nil` removes it, setting a new name appends it.
    public subscript(name: String) -> JSON? {
        get { members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
        set {
            let index = members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

/// A member's name as its bytes: String's own equality takes canonically equivalent names for one, and would lose a member.
private struct ExactName: Hashable {
    private let name: String

    init(_ name: String) {
        self.name = name
    }

    static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.name.utf8.elementsEqual(rhs.name.utf8)
    }

    func hash(into hasher: inout Hasher) {
        // Not the string's own hash: it is the same for all canonically equivalent names, which a body can hold
        // thousands of.
        var name = name
        name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Makes an object from members in the order written.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(parsed: elements.map { Member(name: $0.0, value: $0.1) })
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A number.
    public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object with its members in the order written.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(parsed: elements.map { JSONObject.Member(name: $0.0, value: $0.1) }))
    }
}

extension JSON {
    /// The string, where the value is one.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The elements, where the value is an array.
    public var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The object, where the value is one.
    public var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The integer, where the value is a number without fraction that fits.
    public var intValue: Int? {
        if case .number(let value) = self { value.intValue } else { nil }
    }

    /// The number as a double.
    public var doubleValue: Double? {
        if case .number(let value) = self { value.doubleValue } else { nil }
    }

    /// The boolean, where the value is one.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value of an object's member; `nil` for any other kind of value.
    public subscript(name: String) -> JSON? { objectValue?[name] }
}
