import ParleyCore

/// A line of the query log as it is kept: JSON that begins with the message's id, so that lines of one time are in the
/// order of their messages and are told apart by it.
struct QueryLogLine {
    let entry: QueryLogEntry

    /// The JSON; the time is its score.
    var text: String {
        var writer = JSONWriter(capacity: 320)
        writer.object { writer in
            // What a token claims has passed no rule of ours.
            writer.member("message", entry.messageID.description)
            writer.member("conversation", entry.conversationID.description)
            writer.member("email", entry.email.value)
            writer.member("department", entry.department?.storable)
            writer.member("sid", entry.sessionID?.storable)
            writer.member("model", entry.model?.storable)
            writer.member("status", entry.status.rawValue)
            writer.member("latency_ms", entry.latencyMilliseconds)
            writer.member("first_token_ms", entry.firstTokenMilliseconds)
            writer.member("prompt_tokens", entry.tokensUsed?.prompt)
            writer.member("completion_tokens", entry.tokensUsed?.completion)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// How the JSON of a message's line begins.
    static func beginning(of message: MessageID) -> String { "{\"message\":\"\(message)\"" }

    init(_ entry: QueryLogEntry) { self.entry = entry }

    /// Reads what is kept; `nil` where it is no line.
    init?(_ text: String, at time: Timestamp) {
        guard let json = try? JSON(parsing: text), case .object(let line) = json,
            let message = line["message"]?.stringValue.flatMap(MessageID.init),
            let conversation = line["conversation"]?.stringValue.flatMap(ConversationID.init),
            let email = line["email"]?.stringValue,
            let status = line["status"]?.stringValue.flatMap(MessageStatus.init(rawValue:)),
            let latency = line["latency_ms"]?.intValue
        else { return nil }
        var tokens: TokenUsage?
        if let prompt = line["prompt_tokens"]?.intValue, let completion = line["completion_tokens"]?.intValue {
            tokens = TokenUsage(prompt: prompt, completion: completion)
        }
        entry = QueryLogEntry(
            time: time,
            email: EmailAddress(normalized: email),
            department: line["department"]?.stringValue,
            sessionID: line["sid"]?.stringValue,
            conversationID: conversation,
            messageID: message,
            model: line["model"]?.stringValue,
            latencyMilliseconds: latency,
            firstTokenMilliseconds: line["first_token_ms"]?.intValue,
            tokensUsed: tokens,
            status: status
        )
    }
}
