public import ParleyCore

/// What an answer says, derived from what was asked, so that a test can know it beforehand.
public enum DerivedAnswer {
    // Of more than one byte and more than one scalar, so that a cut in the wrong place shows.
    private static let ornament = "née 日本 👩🏽‍🚀👨‍👩‍👧‍👦 e\u{301} 🇮🇹"

    /// The text that answers a question, after what tools have said.
    public static func text(to question: String, toolAnswers: [String] = []) -> String {
        let tools = toolAnswers.map { "A tool says: \($0)\n" }.joined()
        return "\(tools)You asked: \(question)\nThat is all I know. \(ornament)"
    }

    /// A value that keeps to a schema: strings derive from the question, numbers are 0.9 within their bounds.
    public static func value(keepingTo schema: JSON, question: String) -> JSON {
        if let first = schema["enum"]?.arrayValue?.first { return first }
        switch schema["type"]?.stringValue {
        case "object":
            var object = JSONObject()
            for member in schema["properties"]?.objectValue?.members ?? [] {
                object[member.name] =
                    member.value["type"]?.stringValue == "string" && member.value["enum"] == nil
                    ? .string("\(member.name): \(question)") : value(keepingTo: member.value, question: question)
            }
            return .object(object)
        case "array": return []
        case "integer": return 1
        case "number": return JSONNumber(0.9).map(JSON.number) ?? 1
        case "boolean": return true
        case "null": return .null
        default: return .string(question)
        }
    }

    /// The text cut as a model's tokens cut it: between scalars, also within what a person takes for one character.
    public static func deltas(of text: String) -> [String] {
        var deltas: [String] = []
        var rest = text.unicodeScalars[...]
        while !rest.isEmpty {
            // One to six scalars, which repeats only after a while.
            let length = 1 + (deltas.count * deltas.count + 3) % 6
            deltas.append(String(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return deltas
    }
}
