import ParleyCore

extension Message {
    /// Whether it is a reply that was made with tools, or wanted to be.
    var hasToolCalls: Bool {
        role == .assistant && parts?.contains { ToolCall(part: $0) != nil } == true
    }
}

extension PromptMessage {
    /// An assistant's calls, as a model's server takes them back.
    static func assistant(_ content: String = "", calling calls: [ToolCall]) -> PromptMessage {
        PromptMessage(role: .assistant, content: content, toolCalls: calls.map(\.forPrompt))
    }

    /// What a tool answered.
    static func tool(_ result: ToolResult) -> PromptMessage {
        PromptMessage(role: .tool, content: result.content, toolCallID: result.callID)
    }
}

extension ToolCall {
    /// Bounds what a model wrote, so that it can be stored.
    ///
    /// Arguments that are too long keep one byte too many, so that they go on being so.
    func bounded(as id: String) -> ToolCall {
        ToolCall(
            id: id,
            name: name.storable.prefix(utf8Bytes: Self.nameLength),
            arguments: arguments.storable.prefix(utf8Bytes: Limits.toolArgumentBytes + 4)
        )
    }

    /// The call in a form that a model's server takes back.
    ///
    /// Servers refuse, and templates break over, what a model itself has written: a name with other characters than
    /// letters, digits, `_` and `-`, or arguments that are no JSON object. Its result says what was wrong.
    fileprivate var forPrompt: ToolCall {
        let isObject: Bool
        do throws(ParleyError) {
            _ = try ToolArguments(parsing: arguments)
            isObject = arguments.contains { !$0.isWhitespace }
        } catch {
            isObject = false
        }
        let name = String(self.name.unicodeScalars.prefix(Self.nameLength).map(Self.namable))
        return ToolCall(id: id, name: name.isEmpty ? "unknown" : name, arguments: isObject ? arguments : "{}")
    }

    private static let nameLength = 64

    private static func namable(_ scalar: Unicode.Scalar) -> Character {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
        default: "_"
        }
    }
}
