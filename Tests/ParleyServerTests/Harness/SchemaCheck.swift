import ParleyCore

/// Holds values against the schemas of a document: as much of JSON Schema 2020-12 as the document uses.
///
/// A keyword that it does not know is a flaw, so that no rule of the document goes unchecked by oversight.
struct SchemaCheck {
    let document: OpenAPIDocument

    /// Everything in which a value breaks a schema; each flaw names its place.
    func flaws(in value: JSON, against schema: JSON, at place: String = "$") throws -> [String] {
        guard let schema = schema.objectValue else { return ["\(place): its schema is no object"] }
        return try schema.members.flatMap { keyword in
            try flaws(in: value, keyword.name, keyword.value, of: schema, at: place)
        }
    }

    private func flaws(
        in value: JSON,
        _ keyword: String,
        _ rule: JSON,
        of schema: JSONObject,
        at place: String
    ) throws -> [String] {
        switch keyword {
        case "description", "default", "writeOnly": return []
        case "$ref":
            return try flaws(in: value, against: document.resolved(.object(schema)), at: place)
        case "type":
            let types = rule.arrayValue ?? [rule]
            return types.contains { Self.isOf($0.stringValue ?? "", value) } ? [] : ["\(place): is not \(rule.text)"]
        case "const": return value == rule ? [] : ["\(place): is not \(rule.text)"]
        case "enum":
            return rule.arrayValue?.contains(value) == true ? [] : ["\(place): is none of \(rule.text)"]
        case "allOf", "anyOf", "oneOf": return try combined(keyword, rule.arrayValue ?? [], value, place)
        case "properties", "required", "additionalProperties", "maxProperties":
            guard let object = value.objectValue else { return [] }
            return try objectFlaws(in: object, keyword, rule, of: schema, at: place)
        case "items":
            return try (value.arrayValue ?? []).enumerated().flatMap { index, element in
                try flaws(in: element, against: rule, at: "\(place)[\(index)]")
            }
        default:
            guard let isKept = try scalarRule(keyword, rule, value) else {
                return ["\(place): the keyword \(keyword) is not one that is checked"]
            }
            return isKept ? [] : ["\(place): breaks \(keyword) \(rule.text)"]
        }
    }

    private func combined(_ keyword: String, _ rules: [JSON], _ value: JSON, _ place: String) throws -> [String] {
        let flaws = try rules.map { try self.flaws(in: value, against: $0, at: place) }
        let matching = flaws.filter(\.isEmpty).count
        let isKept =
            switch keyword {
            case "allOf": matching == rules.count
            case "anyOf": matching > 0
            default: matching == 1
            }
        return isKept ? [] : ["\(place): matches \(matching) of \(keyword)"] + flaws.flatMap(\.self)
    }

    private func objectFlaws(
        in object: JSONObject,
        _ keyword: String,
        _ rule: JSON,
        of schema: JSONObject,
        at place: String
    ) throws -> [String] {
        switch keyword {
        case "properties":
            return try object.members.flatMap { member in
                try rule[member.name].map { try flaws(in: member.value, against: $0, at: "\(place).\(member.name)") }
                    ?? []
            }
        case "required":
            return (rule.arrayValue ?? []).compactMap(\.stringValue).filter { object[$0] == nil }
                .map { "\(place): lacks \($0)" }
        case "maxProperties":
            return object.members.count <= rule.intValue ?? 0 ? [] : ["\(place): has too many members"]
        default:
            guard rule == false else { return ["\(place): additionalProperties can only be false"] }
            return object.members.filter { schema["properties"]?[$0.name] == nil }
                .map { "\(place): has the undocumented member \($0.name)" }
        }
    }

    /// Whether a rule for strings, numbers or lengths is kept; `nil` where there is no such rule.
    private func scalarRule(_ keyword: String, _ rule: JSON, _ value: JSON) throws -> Bool? {
        let number = rule.doubleValue ?? .nan
        switch keyword {
        case "minimum": return value.doubleValue.map { $0 >= number } ?? true
        case "maximum": return value.doubleValue.map { $0 <= number } ?? true
        case "minLength": return value.stringValue.map { Double($0.unicodeScalars.count) >= number } ?? true
        case "maxLength": return value.stringValue.map { Double($0.unicodeScalars.count) <= number } ?? true
        case "minItems": return value.arrayValue.map { Double($0.count) >= number } ?? true
        case "maxItems": return value.arrayValue.map { Double($0.count) <= number } ?? true
        case "pattern":
            let pattern = try Regex(rule.stringValue ?? "")
            return try value.stringValue.map { try pattern.firstMatch(in: $0) != nil } ?? true
        case "format": return value.stringValue.map { Self.isWellFormed($0, rule.stringValue ?? "") } ?? true
        default: return nil
        }
    }

    private static func isOf(_ type: String, _ value: JSON) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
            ("object", .object):
            true
        case ("integer", .number): value.intValue != nil
        default: false
        }
    }

    private static func isWellFormed(_ text: String, _ format: String) -> Bool {
        switch format {
        case "uuid": MessageID(text) != nil
        case "date-time": text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/) != nil
        default: false
        }
    }
}
