import ParleyCore

/// The members of a request's body, read one by one with errors that name the field.
///
/// A member that is `null` counts as left out; members nobody asks for are ignored.
struct Fields {
    let object: JSONObject
    private let prefix: String

    init(_ object: JSONObject, prefix: String = "") {
        self.object = object
        self.prefix = prefix
    }

    /// A member that may be left out, converted by `convert`, which answers `nil` for another kind of value.
    private func optional<Value>(
        _ name: String,
        _ kind: String,
        _ convert: (JSON) -> Value?
    ) throws(ParleyError) -> Value? {
        guard let value = object[name], value != .null else { return nil }
        guard let converted = convert(value) else { throw .invalid(prefix + name, "\(prefix + name) must be \(kind).") }
        return converted
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(ParleyError) -> Value {
        guard let value else { throw .invalid(prefix + name, "\(prefix + name) is required.") }
        return value
    }

    func string(_ name: String) throws(ParleyError) -> String? {
        try optional(name, "a string", \.stringValue)
    }

    func requiredString(_ name: String) throws(ParleyError) -> String {
        try required(name, string(name))
    }

    func bool(_ name: String) throws(ParleyError) -> Bool? {
        try optional(name, "true or false", \.boolValue)
    }

    func integer(_ name: String) throws(ParleyError) -> Int? {
        try optional(name, "an integer", \.intValue)
    }

    func requiredInteger(_ name: String) throws(ParleyError) -> Int {
        try required(name, integer(name))
    }

    func number(_ name: String) throws(ParleyError) -> Double? {
        try optional(name, "a number", \.doubleValue)
    }

    func array(_ name: String) throws(ParleyError) -> [JSON]? {
        try optional(name, "an array", \.arrayValue)
    }

    func object(_ name: String) throws(ParleyError) -> JSONObject? {
        try optional(name, "an object", \.objectValue)
    }

    func value(_ name: String) -> JSON? {
        object[name].flatMap { $0 == .null ? nil : $0 }
    }

    /// One of an enumeration's raw values.
    func choice<Choice>(
        _ name: String,
        of: Choice.Type = Choice.self
    ) throws(ParleyError) -> Choice? where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(prefix + name, "\(prefix + name) must be one of: \(choices).")
        }
        return choice
    }

    func requiredChoice<Choice>(
        _ name: String,
        of: Choice.Type = Choice.self
    ) throws(ParleyError) -> Choice where Choice: RawRepresentable<String> & CaseIterable {
        try required(name, choice(name))
    }

    /// The id of something to be made.
    func newID<Entity>(_ name: String = "id") throws(ParleyError) -> ID<Entity>? {
        try optional(name, "a UUID") { $0.stringValue.flatMap { ID($0) } }
    }

    /// The id of something that should exist: a string that is no id names nothing.
    func reference<Entity>(_ name: String) throws(ParleyError) -> ID<Entity>? {
        guard let text = try string(name) else { return nil }
        guard let id = ID<Entity>(text) else { throw .notFound }
        return id
    }

    /// A field of a partial change: left out leaves it, `null` clears it.
    func clearable<Value>(
        _ name: String,
        _ convert: (String) throws(ParleyError) -> Value?
    ) throws(ParleyError) -> Value?? {
        guard let value = object[name] else { return .none }
        guard value != .null else { return .some(nil) }
        return .some(try convert(try requiredString(name)))
    }

    /// The same for an integer.
    func clearableInteger<Value>(
        _ name: String,
        _ convert: (Int) throws(ParleyError) -> Value
    ) throws(ParleyError) -> Value?? {
        guard let value = object[name] else { return .none }
        guard value != .null else { return .some(nil) }
        return .some(try convert(try requiredInteger(name)))
    }

    /// `filters` of a turn.
    func filters() throws(ParleyError) -> JSON? {
        try value("filters").map { filters throws(ParleyError) in try Rules.filters(filters) }
    }

    /// `expected_revision`, from the body.
    func expectedRevision() throws(ParleyError) -> Int? {
        guard let revision = try integer("expected_revision") else { return nil }
        guard revision >= 0 else { throw .invalid("expected_revision", "expected_revision must not be negative.") }
        return revision
    }
}
