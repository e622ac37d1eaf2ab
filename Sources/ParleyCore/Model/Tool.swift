/// Something that a model may call.
public struct ToolDefinition: Hashable, Sendable {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    public let name: String
    /// What it does and when to use it, for the model.
    public let description: String
    /// The JSON Schema of its arguments, an object.
    public let parameters: JSON

    /// Makes a definition.
    public init(name: String, description: String, parameters: JSON) {
        self.name = name
        self.description = description
        self.parameters = parameters
    }
}

/// A model's wish to have a tool called.
public struct ToolCall: Hashable, Sendable {
    /// By which the result names it; the model's own.
    public let id: String
    /// The tool.
    public let name: String
    /// The arguments as the model wrote them: JSON text, if it did well.
    public let arguments: String

    /// Makes a call.
    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// What a tool answered.
public struct ToolResult: Hashable, Sendable {
    /// The call that it answers.
    public let callID: String
    /// The tool.
    public let name: String
    /// The answer as the model is told it.
    public let content: String
    /// Whether the tool could not do what was asked; `content` then says why.
    public let isError: Bool

    /// Makes a result.
    public init(callID: String, name: String, content: String, isError: Bool = false) {
        self.callID = callID
        self.name = name
        self.content = content
        self.isError = isError
    }
}

// MARK: - As parts of a message

extension ToolCall {
    /// As it stands in a message's parts: `{"type":"tool_call","id","name","arguments"}`.
    public var part: JSON {
        ["type": "tool_call", "id": .string(id), "name": .string(name), "arguments": .string(arguments)]
    }

    /// Reads a part; `nil` where it is no call, or not a whole one.
    public init?(part: JSON) {
        guard part["type"]?.stringValue == "tool_call", let id = part["id"]?.stringValue,
            let name = part["name"]?.stringValue
        else { return nil }
        // A client that keeps arguments as an object means their text.
        switch part["arguments"] {
        case .string(let text): self.init(id: id, name: name, arguments: text)
        case let value?: self.init(id: id, name: name, arguments: String(decoding: value.serialized, as: UTF8.self))
        case nil: self.init(id: id, name: name, arguments: "{}")
        }
    }
}

extension ToolResult {
    /// As it stands in a message's parts: `{"type":"tool_result","tool_call_id","name","content","is_error"?}`.
    public var part: JSON {
        var part: JSONObject = [
            "type": "tool_result", "tool_call_id": .string(callID), "name": .string(name), "content": .string(content),
        ]
        if isError { part["is_error"] = true }
        return .object(part)
    }

    /// Reads a part; `nil` where it is no result, or not a whole one.
    public init?(part: JSON) {
        guard part["type"]?.stringValue == "tool_result", let callID = part["tool_call_id"]?.stringValue,
            let content = part["content"]?.stringValue
        else { return nil }
        self.init(
            callID: callID,
            name: part["name"]?.stringValue ?? "",
            content: content,
            isError: part["is_error"]?.boolValue ?? false
        )
    }
}
