internal import ParleyCore

// An answer's `ai_response` often says once more what the message says: the text, as `user_explanation`, and where the
// confidence and the model are from. What stands twice is stored once.
//
// - `user_explanation` with exactly the text of `content` stands there as `null`.
// - An answer in Parley's own form or the old programs', with just their members in their order, is an array of what these
//   hold: `[user_explanation, technical_instruction, confidence]`, and behind these `metadata.processing_time` and
//   `metadata.model_info.model_name`. In it a number in the first place is so many bytes of `content` behind
//   `User Explanation: `, one in the second is so many at its end: the text of Parley's own answers is made of both.
// - An answer that by itself has a `null` or a number there, or is an array, has a member `verbatim` before it.
// - `confidence` and `model` are left out where they are what the answer says (`confidence`,
//   `metadata.model_info.model_name`), or where neither says any; they are `null` where only the answer does.

extension JSONWriter {
    /// What a message has beside its text, as far as there is any.
    mutating func attachments(
        content: String,
        parts: [JSON]?,
        metadata: JSONObject,
        contexts: [JSON]?,
        aiResponse: JSON?,
        confidence: Double?,
        model: String?
    ) {
        member("parts", parts.map(JSON.array))
        if !metadata.isEmpty { member("metadata", metadata) }
        member("contexts", contexts.map(JSON.array))
        if let aiResponse {
            let answer = AnswerForm.shortened(aiResponse, content: content)
            if answer == nil { member("verbatim", true) }
            member("ai_response", answer ?? aiResponse)
        }
        if confidence?.bitPattern != aiResponse?.answeredConfidence?.bitPattern {
            member("confidence", confidence.flatMap { JSONNumber($0) }.map(JSON.number) ?? .null)
        }
        if !model.isExactly(aiResponse?.answeredModel) { member("model", model.map(JSON.string) ?? .null) }
    }
}

extension JSON {
    /// What a stored message's `ai_response` was, where `content` is the message's text.
    func storedAnswer(content: String) throws -> JSON? {
        guard let answer = self["ai_response"] else { return nil }
        return self["verbatim"] == nil ? try AnswerForm.whole(answer, content: content) : answer
    }

    /// A stored message's confidence; `answer` is its `ai_response`.
    func storedConfidence(_ answer: JSON?) -> Double? {
        guard let value = self["confidence"] else { return answer?.answeredConfidence }
        return value.doubleValue
    }

    /// A stored message's model; `answer` is its `ai_response`.
    func storedModel(_ answer: JSON?) -> String? {
        guard let value = self["model"] else { return answer?.answeredModel }
        return value.stringValue
    }

    fileprivate var answeredConfidence: Double? { self["confidence"]?.doubleValue }
    fileprivate var answeredModel: String? { self["metadata"]?["model_info"]?["model_name"]?.stringValue }
}

/// The form in which an answer is stored.
private enum AnswerForm {
    private static let explanation = "user_explanation"
    /// What stands before the explanation in the text of Parley's own answers.
    private static let label = "User Explanation: ".utf8
    private static let own = [explanation, "technical_instruction", "confidence"]
    private static let details = ["processing_time", "model_info"]

    /// The answer made shorter; `nil` where what it says would be taken for something else.
    static func shortened(_ answer: JSON, content: String) -> JSON? {
        if case .array = answer { return nil }
        guard case .object(var object) = answer, let said = object[explanation] else { return answer }
        if said == .null { return nil }
        if let text = said.stringValue, !content.isEmpty, text.isExactly(content) { object[explanation] = .null }
        guard var values = values(of: object) else { return .object(object) }
        if values[..<2].contains(where: \.isNumber) { return nil }
        let text = content.utf8
        if let said = values[0].stringValue?.utf8, !said.isEmpty, text.starts(with: label),
            text.dropFirst(label.count).starts(with: said)
        {
            values[0] = .number(JSONNumber(said.count))
        }
        if let said = values[1].stringValue?.utf8, !said.isEmpty, text.suffix(said.count).elementsEqual(said) {
            values[1] = .number(JSONNumber(said.count))
        }
        return .array(values)
    }

    /// What ``shortened(_:content:)`` was given.
    static func whole(_ stored: JSON, content: String) throws -> JSON {
        var object: JSONObject
        switch stored {
        case .array(let values): object = try self.object(of: values, content)
        case .object(let members): object = members
        default: return stored
        }
        if object[explanation] == .null { object[explanation] = .string(content) }
        return .object(object)
    }

    /// So many bytes of a text.
    private static func part(
        _ count: JSON,
        of text: Substring.UTF8View,
        _ body: (Substring.UTF8View, Int) -> Substring.UTF8View
    ) throws -> JSON {
        guard let count = count.intValue, 0...text.count ~= count, let part = String(body(text, count)) else {
            throw UnreadableRecord(what: "answer")
        }
        return .string(part)
    }

    /// What an answer of one of the two forms holds; `nil` for any other.
    private static func values(of object: JSONObject) -> [JSON]? {
        let values = object.members.map(\.value)
        if object.has(own) { return values }
        guard object.has(own + ["metadata"]), let details = values[3].objectValue, details.has(Self.details),
            let model = details.members[1].value.objectValue, model.has(["model_name"])
        else { return nil }
        return values[..<3] + [details.members[0].value, model.members[0].value]
    }

    private static func object(of values: [JSON], _ content: String) throws -> JSONObject {
        guard values.count == 3 || values.count == 5 else { throw UnreadableRecord(what: "answer") }
        var values = values
        let text = content.utf8
        if values[0].isNumber { values[0] = try part(values[0], of: text.dropFirst(label.count)) { $0.prefix($1) } }
        if values[1].isNumber { values[1] = try part(values[1], of: text[...]) { $0.suffix($1) } }
        var object = JSONObject()
        for (name, value) in zip(own, values) { object[name] = value }
        guard values.count == 5 else { return object }
        var details = JSONObject()
        details[Self.details[0]] = values[3]
        details[Self.details[1]] = .object(["model_name": values[4]])
        object["metadata"] = .object(details)
        return object
    }
}

extension JSONObject {
    /// Whether these are its members, in this order.
    fileprivate func has(_ names: [String]) -> Bool {
        members.count == names.count && zip(members, names).allSatisfy { $0.name.isExactly($1) }
    }
}

extension JSON {
    fileprivate var isNumber: Bool {
        if case .number = self { true } else { false }
    }
}
