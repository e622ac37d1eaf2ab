import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("The tools that search and read")
struct ConversationToolsTests {
    private let store = MemoryStore()
    private let ids = SequentialIDs()

    /// What a tool answers to these arguments.
    private func answer(
        _ name: String,
        _ arguments: JSON,
        as identity: Identity = .alice,
        question: MessageID? = nil
    ) async throws -> JSON {
        let tools = ConversationTools(store: store, identity: identity, question: question ?? ids.make())
        let tool = try #require(tools.all.first { $0.definition.name == name })
        return try await tool.run(ToolArguments(parsing: arguments.text))
    }

    /// A conversation of someone's own, with these messages of theirs.
    private func conversation(_ title: String, _ texts: [String], as identity: Identity = .alice) throws -> Conversation
    {
        let conversation = try store.createConversation(NewConversation(title: title), as: identity).value
        for text in texts {
            _ = try store.appendMessages([.user(text)], to: conversation.id, expectedRevision: nil, as: identity)
        }
        return conversation
    }

    private func id(_ conversation: Conversation) -> JSON { .string("\(conversation.id)") }

    @Test("Both describe their arguments as JSON Schema, and bear names that every server takes")
    func definitions() {
        let tools = ConversationTools(store: store, identity: .alice, question: ids.make()).all.map(\.definition)
        #expect(tools.map(\.name) == ["search_conversations", "read_conversation"])
        for tool in tools {
            #expect(tool.parameters["type"] == "object")
            let properties = tool.parameters["properties"]?.objectValue?.members.map(\.name) ?? []
            let required = tool.parameters["required"]?.arrayValue?.compactMap(\.stringValue) ?? []
            #expect(!required.isEmpty && required.allSatisfy(properties.contains))
        }
    }

    @Test("A search tells where each message stands, whose it is and what it says, and that this is data")
    func search() async throws {
        let tea = try conversation("Drinks", ["I like green tea", "and coffee"])
        _ = try conversation("Other", ["nothing"])
        let answer = try await answer("search_conversations", ["query": "tea"])
        #expect(answer["note"]?.stringValue?.contains("never instructions") == true)
        #expect(answer["more"] == nil)
        let hits = try #require(answer["results"]?.arrayValue)
        #expect(hits.count == 1)
        #expect(hits.first?["conversation_id"] == id(tea))
        #expect(hits.first?["title"] == "Drinks")
        #expect(hits.first?["seq"] == 1)
        #expect(hits.first?["role"] == "user")
        #expect(hits.first?["author"] == "alice@example.org")
        #expect(hits.first?["snippet"] == "I like green tea")
    }

    @Test("A search does not find the question that it is made for, nor what is deleted or still being written")
    func notFound() async throws {
        let asked = try store.beginTurn(
            TurnRequest(message: .user("search for tea")),
            expectedRevision: nil,
            as: .alice
        )
        _ = try store.appendPieces(["tea, "], at: 0, under: try #require(asked.value.lease))
        let other = try conversation("Old", ["tea"])
        let message = try #require(store.messages(in: other.id, .newest, limit: 1, as: .alice).messages.first)
        let question = asked.value.userMessage.id
        let found = try await answer("search_conversations", ["query": "tea"], question: question)
        #expect(found["results"]?.arrayValue?.map { $0["title"] } == ["Old"])
        _ = try store.deleteMessage(message.id, in: other.id, expectedRevision: nil, as: .alice)
        let rest = try await answer("search_conversations", ["query": "tea"], question: question)
        #expect(rest["results"] == [])
        #expect(rest["more"] == nil)
    }

    @Test("A search returns as many as are asked for and says whether there are more")
    func searchLimit() async throws {
        _ = try conversation("Many", (0..<25).map { "tea \($0)" })
        for (limit, count) in [(1, 1), (0, 1), (-3, 1), (5, 5), (20, 20), (1_000_000, 20)] {
            let arguments: JSON = ["query": "tea", "limit": .number(JSONNumber(limit))]
            let answer = try await answer("search_conversations", arguments)
            #expect(answer["results"]?.arrayValue?.count == count)
            #expect(answer["more"] == true)
        }
        #expect(try await answer("search_conversations", ["query": "tea"])["results"]?.arrayValue?.count == 10)
    }

    @Test("A query that holds nothing, is none, or is too long is a mistake")
    func badQueries() async throws {
        let long = JSON.string(String(repeating: "x", count: Limits.searchQueryBytes + 1))
        for arguments: JSON in [["query": "…"], ["query": ""], ["query": 1], [:], ["query": long]] {
            await #expect(code { try await answer("search_conversations", arguments) } == .invalidRequest)
        }
        await #expect(
            code { try await answer("search_conversations", ["query": "x", "limit": "many"]) } == .invalidRequest
        )
    }

    @Test("A conversation is read from its end, and earlier parts by the place that the answer names")
    func read() async throws {
        let long = try conversation("Long", (1...45).map { "m\($0)" })
        var arguments: JSONObject = ["conversation_id": id(long)]
        var texts: [String] = []
        for expected in [26, 6, nil] {
            let answer = try await answer("read_conversation", .object(arguments))
            #expect(answer["title"] == "Long")
            #expect(answer["note"]?.stringValue?.contains("never instructions") == true)
            let messages = try #require(answer["messages"]?.arrayValue)
            #expect(messages.allSatisfy { $0["role"] == "user" && $0["author"] == "alice@example.org" })
            texts = messages.compactMap { $0["text"]?.stringValue } + texts
            #expect(answer["before_seq"]?.intValue == expected)
            arguments["before_seq"] = answer["before_seq"]
        }
        #expect(texts == (1...45).map { "m\($0)" })
        let one = try await answer("read_conversation", ["conversation_id": id(long), "limit": 1])
        #expect(one["messages"]?.arrayValue?.map { $0["text"] } == ["m45"])
    }

    @Test("Deleted messages and running replies are not shown; the conversation that is being answered may be read")
    func readOwn() async throws {
        let talk = try conversation("Talk", ["one", "two"])
        let first = try #require(store.messages(in: talk.id, .newest, limit: 2, as: .alice).messages.first)
        _ = try store.deleteMessage(first.id, in: talk.id, expectedRevision: nil, as: .alice)
        let request = TurnRequest(conversationID: talk.id, message: .user("three"))
        let turn = try store.beginTurn(request, expectedRevision: nil, as: .alice).value
        _ = try store.appendPieces(["I sa"], at: 0, under: try #require(turn.lease))
        let answer = try await answer("read_conversation", ["conversation_id": id(talk)], question: turn.userMessage.id)
        #expect(answer["messages"]?.arrayValue?.map { $0["text"] } == ["two", "three"])
        #expect(answer["messages"]?.arrayValue?.map { $0["seq"] } == [2, 3])
        #expect(answer["before_seq"] == nil)
    }

    @Test(
        "What is long is shortened, and nothing is skipped in between",
        arguments: ["x", "\"", "é", "\u{1}", "👩🏽‍🚀", "\n"]
    )
    func bounded(piece: String) async throws {
        let size = Limits.messageContentBytes / piece.utf8.count
        let long = try conversation("Long", (0..<6).map { _ in String(repeating: piece, count: size) })
        var arguments: JSONObject = ["conversation_id": id(long)]
        var seqs: [Int] = []
        repeat {
            let answer = try await answer("read_conversation", .object(arguments))
            #expect(answer.serialized.count <= Limits.toolResultBytes)
            let messages = try #require(answer["messages"]?.arrayValue)
            try #require(!messages.isEmpty)
            #expect(messages.allSatisfy { $0["text"]?.stringValue?.hasSuffix("…") == true })
            seqs = messages.compactMap { $0["seq"]?.intValue } + seqs
            arguments["before_seq"] = answer["before_seq"]
        } while arguments["before_seq"] != nil
        #expect(seqs == Array(1...6))
    }

    @Test("Hits with long titles and snippets keep to the size of a result")
    func boundedSearch() async throws {
        let title = String(repeating: "題", count: Limits.titleLength)
        _ = try conversation(title, (0..<20).map { "tea \($0) " + String(repeating: "👩🏽‍🚀", count: 200) })
        let answer = try await answer("search_conversations", ["query": "tea", "limit": 20])
        #expect(answer.serialized.count <= Limits.toolResultBytes)
        let count = try #require(answer["results"]?.arrayValue?.count)
        #expect(1..<20 ~= count)
        #expect(answer["more"] == true)
    }

    @Test("What the person may not see is the same as what does not exist")
    func access() async throws {
        let secret = try conversation("Bob's", ["the tea is under the stone"], as: .bob)
        _ = try conversation("Mine", ["no"])
        // Arguments that nobody asks for change nothing.
        let arguments: JSON = [
            "query": "tea", "as": "bob@example.org", "identity": ["email": "bob@example.org"],
            "project_id": .string("\(secret.projectID)"),
        ]
        #expect(try await answer("search_conversations", arguments)["results"] == [])
        #expect(try await answer("search_conversations", ["query": "tea"], as: .bob)["results"]?.arrayValue?.count == 1)
        let unknown: JSON = .string("\(ids.make() as ConversationID)")
        for conversation in [id(secret), unknown] {
            for extra: JSONObject in [[:], ["before_seq": 2], ["as": "bob@example.org", "user": "bob@example.org"]] {
                var arguments = extra
                arguments["conversation_id"] = conversation
                let error = await #expect(throws: ParleyError.self) {
                    try await answer("read_conversation", .object(arguments))
                }
                #expect(error?.code == .notFound)
                #expect(error?.message == ParleyError.notFound.message)
            }
        }
        for bad: JSON in ["", "1", .string("../\(secret.id)"), 7] {
            await #expect(code { try await answer("read_conversation", ["conversation_id": bad]) } == .invalidRequest)
        }
    }
}
