public import ParleyCore

/// A request for a chat completion, as far as an answer depends on it.
public struct CompletionRequest: Hashable, Sendable {
    /// The whole body.
    public let body: JSON

    /// Takes a body.
    public init(_ body: JSON) {
        self.body = body
    }

    /// The model that is asked for; some name where there is none.
    public var model: String { body["model"]?.stringValue ?? "upstream" }
    /// Whether the answer is to be a stream.
    public var streams: Bool { body["stream"]?.boolValue ?? false }
    /// Whether a stream's last chunk is to tell the usage.
    public var wantsUsage: Bool { body["stream_options"]?["include_usage"]?.boolValue ?? false }
    /// What was said so far.
    public var messages: [JSON] { body["messages"]?.arrayValue ?? [] }
    /// The names of the tools that may be called.
    public var tools: [String] {
        (body["tools"]?.arrayValue ?? []).compactMap { $0["function"]?["name"]?.stringValue }
    }
    /// The form that the answer must have.
    public var answerSchema: JSON? {
        guard body["response_format"]?["type"]?.stringValue == "json_schema" else { return nil }
        return body["response_format"]?["json_schema"]?["schema"]
    }

    /// The text of the last message of a person.
    public var question: String {
        messages.last { $0["role"]?.stringValue == "user" }.map(Self.text) ?? ""
    }

    /// What tools have answered since then.
    public var toolAnswers: [String] {
        messages.reversed().prefix { $0["role"]?.stringValue != "user" }.reversed()
            .filter { $0["role"]?.stringValue == "tool" }.map(Self.text)
    }

    /// How many times tools were called since then.
    public var toolRounds: Int {
        messages.reversed().prefix { $0["role"]?.stringValue != "user" }
            .count { $0["tool_calls"]?.arrayValue?.isEmpty == false }
    }

    // A message's content is a text, or a list of parts with texts among them.
    private static func text(of message: JSON) -> String {
        if let text = message["content"]?.stringValue { return text }
        return (message["content"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }.joined()
    }
}
