import ParleyCore

/// A message of the log as a model is sent it, with the tools that it used or the images and files it came with: taken
/// together, or these left out.
struct PromptEntry: Hashable, Sendable {
    /// The message with its calls and their results, and with its images and files.
    let whole: [PromptMessage]
    /// The message's text alone; empty where it has none.
    let textOnly: [PromptMessage]
    /// Whether the system speaks.
    let isSystem: Bool

    /// The entries of a log that goes oldest first, none of them empty.
    ///
    /// Calls stand in an assistant's parts; their results stand in the parts behind them, or in the messages of role `tool`
    /// behind that message. The calls of one round are sent with the results of all of them or not at all, and a result
    /// without its call is not sent: servers refuse anything else. Reasoning is not sent. Images, sound and
    /// files in a person's parts are sent.
    static func entries(of log: [Message]) -> [PromptEntry] {
        let log = log.filter(\.isSayable)
        var entries: [PromptEntry] = []
        var rest = log[...]
        while let message = rest.popFirst() {
            switch message.role {
            case .assistant:
                let answers = message.hasToolCalls ? rest.prefix { $0.role == .tool } : []
                rest = rest.dropFirst(answers.count)
                entries.append(PromptEntry(message, answeredBy: answers.flatMap { $0.parts ?? [] }))
            // Those that answer a call are taken with it.
            case .tool: break
            case .user: entries.append(PromptEntry(asking: message))
            case .system:
                let said = [PromptMessage(role: .system, content: message.content)]
                entries.append(PromptEntry(whole: said, textOnly: said, isSystem: true))
            }
        }
        return entries.filter { !$0.whole.allSatisfy(\.isEmpty) }
    }

    private init(whole: [PromptMessage], textOnly: [PromptMessage], isSystem: Bool) {
        self.whole = whole
        self.textOnly = textOnly
        self.isSystem = isSystem
    }

    /// A person's message.
    private init(asking message: Message) {
        let text = PromptMessage(role: .user, content: message.content)
        var whole = text
        whole.parts = (message.parts ?? []).compactMap(Self.shown)
        self.init(whole: [whole], textOnly: text.isEmpty ? [] : [text], isSystem: false)
    }

    /// A person's part as a model's server takes it: images, sound and files; `nil` for anything else.
    ///
    /// A kind that servers don't know would have them refuse this and every later turn of the conversation.
    private static func shown(_ part: JSON) -> JSON? {
        switch part["type"]?.stringValue {
        case "image_url", "input_audio", "file": return part
        case "input_image":
            // The form of OpenAI's other API.
            guard let url = part["image_url"]?.stringValue else { return nil }
            var image: JSONObject = ["url": .string(url)]
            image["detail"] = part["detail"]
            return ["type": "image_url", "image_url": .object(image)]
        default: return nil
        }
    }

    /// An assistant's message, and the parts of the messages that answer its calls.
    private init(_ message: Message, answeredBy answers: [JSON]) {
        let text = message.content.isEmpty ? [] : [PromptMessage(role: .assistant, content: message.content)]
        var rounds = Self.rounds(in: message.parts ?? [])
        let isAnsweredBehind = rounds.last?.results.isEmpty == true
        if isAnsweredBehind { rounds[rounds.count - 1].results = answers.compactMap(ToolResult.init(part:)) }
        var messages = rounds.dropLast(isAnsweredBehind ? 1 : 0).flatMap { $0.messages(saying: "") }
        let last = isAnsweredBehind ? rounds.last?.messages(saying: message.content) ?? [] : []
        // A reply that used tools and came to no answer has nothing to say: templates want an answer behind results.
        messages = last.isEmpty && text.isEmpty ? [] : messages + (last.isEmpty ? text : last)
        self.init(whole: messages, textOnly: text, isSystem: false)
    }

    // A round's calls come first, then all of its results.
    private static func rounds(in parts: [JSON]) -> [ToolRound] {
        var rounds: [ToolRound] = []
        for part in parts {
            if let call = ToolCall(part: part) {
                if rounds.last?.results.isEmpty == true {
                    rounds[rounds.count - 1].calls.append(call)
                } else {
                    rounds.append(ToolRound(calls: [call]))
                }
            } else if let result = ToolResult(part: part), !rounds.isEmpty {
                rounds[rounds.count - 1].results.append(result)
            }
        }
        return rounds
    }
}

/// Calls that a model wanted at once, and what has come of them.
private struct ToolRound {
    var calls: [ToolCall]
    var results: [ToolResult] = []

    /// The calls with their results in the calls' order; nothing unless each has its own.
    func messages(saying text: String) -> [PromptMessage] {
        guard Set(calls.map(\.id)).count == calls.count else { return [] }
        let answers = calls.compactMap { call in results.first { $0.callID == call.id } }
        guard answers.count == calls.count else { return [] }
        return [.assistant(text, calling: calls)] + answers.map(PromptMessage.tool)
    }
}

extension Message {
    /// Whether the log says something here that stays: it is neither deleted nor still being written.
    var isSayable: Bool {
        switch status {
        case .deleted, .streaming: false
        case .delivered, .failed, .interrupted: true
        }
    }
}

extension PromptMessage {
    fileprivate var isEmpty: Bool { content.isEmpty && toolCalls.isEmpty && parts.isEmpty }
}
