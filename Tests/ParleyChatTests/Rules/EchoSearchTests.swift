import ParleyCore
import Testing

@testable import ParleyChat

@Suite("What the echo searches for")
struct EchoSearchTests {
    private static let tool = ToolDefinition(name: "search_conversations", description: "", parameters: [:])

    @Test(
        "A question that says so is a wish to search",
        arguments: [
            ("search for cats", "cats"), ("Search my conversations for the red bicycle.", "the red bicycle"),
            ("Can you please search all of our chats for “billing”?", "“billing”"),
            ("find anything about Lisbon", "Lisbon"), ("Find messages about v1.2 of the API", "v1.2 of the API"),
            ("look up invoices", "invoices"), ("Please look up  東京  ", "東京"), ("look in my chats for tea", "tea"),
            ("find bananas in my conversations", "bananas"), ("SEARCH FOR X", "X"),
            ("Hello!\nsearch for \"two words\"\nThank you.", "\"two words\""),
        ]
    )
    func wishes(question: String, query: String) {
        #expect(EchoSearch.query(in: question) == query)
    }

    @Test(
        "Anything else is not",
        arguments: [
            "", "Hello", "Where is the search?", "find" + String(repeating: " ", count: 2000) + "x",
            String(repeating: "search find look ", count: 100), String(repeating: "find x i", count: 200), "search for",
            "search for ...", "I did research for you",
            "Looking for trouble", "findings about nothing", "find out",
            String(repeating: "x ", count: 2000) + "search for y",
        ]
    )
    func noWish(question: String) {
        #expect(EchoSearch.query(in: question) == nil)
    }

    @Test("Only the person's own last words count, and only where there is the tool")
    func call() {
        let question = PromptMessage(role: .user, content: "search for tea")
        let call = EchoSearch.call(for: Prompt(messages: [question], tools: [Self.tool]))
        #expect(call?.name == "search_conversations")
        #expect(call?.arguments == #"{"query":"tea"}"#)
        #expect(EchoSearch.call(for: Prompt(messages: [question])) == nil)
        let answered = [question, PromptMessage(role: .assistant, content: "search for coffee")]
        #expect(EchoSearch.call(for: Prompt(messages: answered, tools: [Self.tool])) == nil)
        let hello = PromptMessage(role: .user, content: "hello")
        #expect(EchoSearch.call(for: Prompt(messages: [question, hello], tools: [Self.tool])) == nil)
    }

    @Test("It says what was found, that nothing was, or why it could not look")
    func answers() throws {
        let call = ToolCall(id: "1", name: "search_conversations", arguments: #"{"query":"tea"}"#)
        func answer(_ result: String) throws -> String {
            let messages = [
                PromptMessage(role: .user, content: "search for tea"), .assistant(calling: [call]),
                PromptMessage(role: .tool, content: result, toolCallID: "1"),
            ]
            return try #require(EchoSearch.answer(to: Prompt(messages: messages)))
        }
        let hits = #"{"results":[{"title":"Drinks","snippet":"green tea"},{"title":"T","snippet":"s"}],"more":true}"#
        #expect(
            try answer(hits) == """
                I searched your conversations for “tea” and found 2 messages:

                - “Drinks”: green tea
                - “T”: s

                There are more.
                """
        )
        #expect(try answer(#"{"results":[]}"# + "\n\nNo more tools.").hasSuffix("“tea” and found nothing."))
        #expect(try answer(#"{"error":"It broke."}"#).hasSuffix("“tea”. It broke."))
        #expect(try answer("rubbish").hasSuffix("could not be read."))
        #expect(EchoSearch.answer(to: Prompt(messages: [PromptMessage(role: .user, content: "x")])) == nil)
    }
}
