import ParleyCore

/// How the built-in echo uses the tools: it understands one wish, to search for something, and reports what was found.
enum EchoSearch {
    /// The call that a prompt's question wants; `nil` where it wants none, or where there is no such tool.
    static func call(for prompt: Prompt) -> ToolCall? {
        let isOffered = prompt.tools.contains { $0.name == ConversationTools.searchName }
        guard isOffered, let last = prompt.messages.last, last.role == .user, let query = query(in: last.content) else {
            return nil
        }
        let arguments: JSON = ["query": .string(query)]
        return ToolCall(id: "call_1", name: ConversationTools.searchName, arguments: arguments.text)
    }

    /// What the echo says where a tool has just answered; `nil` where none has.
    static func answer(to prompt: Prompt) -> String? {
        guard let last = prompt.messages.last, last.role == .tool,
            let call = prompt.messages.last(where: { !$0.toolCalls.isEmpty })?.toolCalls.first
        else { return nil }
        let query = json(call.arguments)["query"]?.stringValue ?? ""
        let result = json(last.content)
        guard let hits = result["results"]?.arrayValue else {
            let reason = result["error"]?.stringValue ?? "The answer could not be read."
            return "I tried to search your conversations for “\(query)”. \(reason)"
        }
        guard !hits.isEmpty else { return "I searched your conversations for “\(query)” and found nothing." }
        let lines = hits.map { "- “\($0["title"]?.stringValue ?? "")”: \($0["snippet"]?.stringValue ?? "")" }
        let count = hits.count == 1 ? "one message" : "\(hits.count) messages"
        let more = result["more"] == true ? "\n\nThere are more." : ""
        return "I searched your conversations for “\(query)” and found \(count):\n\n"
            + lines.joined(separator: "\n") + more
    }

    /// What a question wants to have searched for, as in "search my conversations for …", "find anything about …",
    /// "look up …"; `nil` where it wants something else.
    ///
    /// It ends with its line, without a full stop or question mark, and is at most as long as a query may be.
    static func query(in question: String) -> String? {
        // A wish stands at the beginning; what a long text quotes is none.
        let beginning = String(question.unicodeScalars.prefix(Limits.searchQueryBytes))
        return beginning.split(whereSeparator: \.isNewline).lazy.compactMap(query(inLine:)).first
    }

    private static func query(inLine line: Substring) -> String? {
        // With single spaces: patterns that may split a run of them in many ways take very long to find that none fits.
        let line = line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let wishes = [
            /\bsearch\b[^.?!]*? (?:for|about) (.+)/,
            /\bfind\b[^.?!]*? about (.+)/,
            /\bfind (.+?) in (?:my|our|the|all|any|past|earlier|old)\b/,
            /\blook up (.+)/,
            /\blook\b[^.?!]*? for (.+)/,
        ]
        for wish in wishes {
            guard let match = line.firstMatch(of: wish.ignoresCase()) else { continue }
            var query = match.output.1
            while let last = query.last, " .?!…".contains(last) { query.removeLast() }
            if SearchQuery(String(query)) != nil { return String(query).prefix(utf8Bytes: Limits.searchQueryBytes) }
        }
        return nil
    }

    // One line, and behind it what the model is told besides.
    private static func json(_ text: String) -> JSON {
        do {
            return try JSON(parsing: String(text.prefix { !$0.isNewline }))
        } catch {
            return .null
        }
    }
}
