public import ParleyCore

/// The built-in provider: says what it is and repeats what it was told.
///
/// It needs no network. It streams word by word, as a model would, so that a fresh installation shows all of Parley. Where
/// it has tools, it searches when it is asked to.
public struct EchoProvider: ReplyProvider {
    private let stopwatch: any Clock<Duration>
    private let delay: Duration

    // A reply's words come in at most this many steps; a long one's several at a time. At 30 ms a step: under eight seconds.
    private static let steps = 256
    // Text without spaces, as Chinese and Japanese are written, is cut here.
    private static let wordLength = 16

    /// Makes a provider.
    ///
    /// - Parameters:
    ///   - delay: The time before each word.
    ///   - stopwatch: What the delay is measured by.
    public init(delay: Duration = .milliseconds(30), stopwatch: any Clock<Duration> = ContinuousClock()) {
        self.delay = delay
        self.stopwatch = stopwatch
    }

    /// Repeats the person's last message, exactly, behind a sentence that says who is speaking.
    ///
    /// With tools, a question that says what to search for (see ``EchoSearch``) is answered with what was found.
    public func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws {
        try await consume(.model("echo"))
        let promptWords = prompt.messages.reduce(0) { $0 + Self.words(of: $1.content).count }
        if let call = EchoSearch.call(for: prompt) {
            try await consume(.toolCall(call))
            let words = Self.words(of: call.arguments).count
            try await consume(.usage(TokenUsage(prompt: promptWords, completion: words)))
            try await consume(.finishReason("tool_calls"))
            return
        }
        let words = Self.words(of: Self.text(answering: prompt))
        let wordsPerStep = max(1, (words.count + Self.steps - 1) / Self.steps)
        for start in stride(from: 0, to: words.count, by: wordsPerStep) {
            try await stopwatch.sleep(for: delay)
            try await consume(.text(words[start..<min(start + wordsPerStep, words.count)].joined()))
        }
        try await consume(.usage(TokenUsage(prompt: promptWords, completion: words.count)))
        try await consume(.finishReason("stop"))
    }

    private static let introduction =
        "This is Parley's built-in echo: no model is configured yet, so it only repeats what you say."
    private static let remedy = "To talk to a model, set `model.url` to any OpenAI-compatible server."

    private static func text(answering prompt: Prompt) -> String {
        let isExplained = prompt.answerSchema == ExplainedAnswer.schema
        let found = EchoSearch.answer(to: prompt)
        let question = prompt.messages.last { $0.role == .user }?.content ?? ""
        guard isExplained else { return found ?? "\(introduction) \(remedy)\n\nYou said: \(question)" }
        let answer = ExplainedAnswer(
            explanation: found ?? "\(introduction)\n\nYou said: \(question)",
            instruction: remedy
        )
        return String(decoding: answer.json.serialized, as: UTF8.self)
    }

    /// The text cut behind each run of white space; joined again it is the same.
    static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var length = 0
        var endsInSpace = false
        for scalar in text.unicodeScalars {
            let isSpace = scalar.properties.isWhitespace
            if (endsInSpace && !isSpace) || length >= wordLength {
                words.append(word)
                word = ""
                length = 0
            }
            word.unicodeScalars.append(scalar)
            length += 1
            endsInSpace = isSpace
        }
        return word.isEmpty ? words : words + [word]
    }
}
