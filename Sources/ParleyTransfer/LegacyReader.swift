internal import ParleyCore

/// A record that is read member by member: what is understood is taken out, so that what is left can be kept.
struct LegacyReader {
    var object: JSONObject

    init(_ object: JSONObject) {
        self.object = object
    }

    func peek(_ name: String) -> JSON? {
        object[name]
    }

    /// Takes a member out where it can be converted.
    mutating func take<Value>(_ name: String, _ convert: (JSON) -> Value?) -> Value? {
        guard let value = object[name].flatMap(convert) else { return nil }
        object[name] = nil
        return value
    }

    /// Leaves a member out that says nothing.
    mutating func drop(_ name: String, where isIdle: (JSON) -> Bool) {
        if let value = object[name], isIdle(value) { object[name] = nil }
    }

    /// An object's members; anything else stays.
    mutating func takeObject(_ name: String) -> JSONObject {
        take(name, \.objectValue) ?? JSONObject()
    }

    /// The first of the members that holds a time; one that can't be read, or lies in the future, stays.
    mutating func takeTime(_ names: String..., notAfter now: Timestamp) -> Timestamp? {
        for name in names {
            let time = take(name) { value in
                Timestamp(legacy: value).flatMap { $0 <= now ? $0 : nil }
            }
            if let time { return time }
        }
        return nil
    }

    /// A share from 0 to 1, or percents from 2 to 100, which stay; anything else stays and is none.
    mutating func takeShare(_ name: String) -> Double? {
        guard let value = object[name]?.doubleValue else { return nil }
        if 0...1 ~= value {
            object[name] = nil
            return value
        }
        return 2...100 ~= value ? value / 100 : nil
    }
}

extension JSON {
    /// What served as an id: a text that is not empty, or a number.
    var legacyID: String? {
        switch self {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let number): number.lexeme
        default: nil
        }
    }

    var nonEmptyString: String? { stringValue.flatMap { $0.isEmpty ? nil : $0 } }
}
