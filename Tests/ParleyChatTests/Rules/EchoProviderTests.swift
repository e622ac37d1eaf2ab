import ParleyChat
import ParleyCore
import Testing

@Suite("The built-in echo")
struct EchoProviderTests {
    private func chunks(for messages: [PromptMessage]) async throws -> [ReplyChunk] {
        var chunks: [ReplyChunk] = []
        try await EchoProvider(delay: .zero).reply(to: Prompt(messages: messages)) { chunks.append($0) }
        return chunks
    }

    private func texts(_ chunks: [ReplyChunk]) -> [String] {
        chunks.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    @Test(
        "It says what it is and how to change that, and repeats the last question to the byte",
        arguments: ["Hi", "  two\n\nlines \t", "e\u{301}👩‍👧‍👦 नि", "東京都庁は新宿にあります。高い建物です。", "", "\r\n"]
    )
    func repeats(question: String) async throws {
        let asked = [PromptMessage(role: .user, content: "first"), PromptMessage(role: .user, content: question)]
        let chunks = try await chunks(for: asked)
        let answer = texts(chunks).joined()
        #expect(answer.hasPrefix("This is Parley's built-in echo"))
        #expect(answer.contains("model.url"))
        #expect(answer.utf8.suffix(question.utf8.count).elementsEqual(question.utf8))
        #expect(chunks.first == .model("echo"))
        #expect(chunks.last == .finishReason("stop"))
    }

    @Test("A short answer comes word by word, a long one in no more steps than a few seconds have")
    func steps() async throws {
        let short = texts(try await chunks(for: [PromptMessage(role: .user, content: "one two")]))
        #expect(short.suffix(4) == ["You ", "said: ", "one ", "two"])
        let question = String(repeating: "word ", count: 12_000)
        let long = texts(try await chunks(for: [PromptMessage(role: .user, content: question)]))
        #expect(long.count <= 256)
        #expect(long.joined().hasSuffix(question))
    }

    @Test("It counts words")
    func usage() async throws {
        let chunks = try await chunks(for: [PromptMessage(role: .user, content: "one two three")])
        let usage = chunks.compactMap { if case .usage(let usage) = $0 { usage } else { nil } }
        #expect(usage.map(\.prompt) == [3])
        #expect(usage.map(\.completion) == [texts(chunks).count])
    }
}
