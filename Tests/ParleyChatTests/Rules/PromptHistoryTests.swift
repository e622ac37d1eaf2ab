import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("What of a conversation a model is sent")
struct PromptHistoryTests {
    private let ids = SequentialIDs()

    private func log(_ entries: [(MessageRole, String, MessageStatus)]) -> [Message] {
        let conversation: ConversationID = ids.make()
        let project: ProjectID = ids.make()
        return entries.enumerated().map { index, entry in
            Message(
                id: ids.make(),
                conversationID: conversation,
                projectID: project,
                seq: index + 1,
                revision: index + 2,
                role: entry.0,
                content: entry.1,
                status: entry.2,
                createdAt: .example,
                updatedAt: .example
            )
        }
    }

    @Test("Deleted and empty messages and running replies are left out; failed and interrupted ones say what they had")
    func leftOut() {
        let selected = PromptHistory.select(
            from: log([
                (.user, "one", .delivered), (.assistant, "", .failed), (.user, "", .deleted),
                (.assistant, "half", .interrupted), (.assistant, "broken", .failed), (.assistant, "run", .streaming),
                (.tool, "22 °C", .delivered), (.user, "two", .delivered),
            ])
        )
        #expect(selected.map(\.content) == ["one", "half", "broken", "two"])
        #expect(selected.map(\.role) == [.user, .assistant, .assistant, .user])
    }

    @Test("The newest are taken without a gap while there is room; system messages and the newest always")
    func budget() {
        // A kanji is a token, as is each four letters of ASCII.
        let entries = log([
            (.system, "all the rules here.", .delivered), (.user, "一二", .delivered), (.assistant, "六六六六六六", .delivered),
            (.user, "一", .delivered), (.assistant, "five, six", .delivered), (.user, "三三三", .delivered),
        ])
        func kept(_ limit: Int) -> [String] { PromptHistory.select(from: entries, limitTokens: limit).map(\.content) }
        let all = entries.map(\.content)
        #expect(kept(5 + 2 + 6 + 1 + 3 + 3) == all)
        #expect(kept(5 + 2 + 6 + 1 + 3 + 2) == [all[0]] + all[2...])
        #expect(kept(5 + 2 + 1 + 3 + 3) == [all[0]] + all[3...])
        #expect(kept(5 + 3 + 3) == [all[0]] + all[4...])
        #expect(kept(5 + 3) == [all[0], all[5]])
        #expect(kept(0) == [all[0], all[5]])
    }

    @Test("A reply is sent with the tools it used, or without where they don't fit; never with half of them")
    func budgetOfTools() {
        var entries = log([
            (.user, "aaaa", .delivered), (.user, "bbbb", .delivered), (.assistant, "cccc", .delivered),
            (.user, "dddd", .delivered),
        ])
        let calls = [("1", "look"), ("2", "look")].map { ToolCall(id: $0.0, name: $0.1, arguments: "{}") }
        let results = calls.map { ToolResult(callID: $0.id, name: $0.name, content: String(repeating: "x", count: 40)) }
        entries[2].parts = calls.map(\.part) + results.map(\.part)
        func roles(_ limit: Int) -> [MessageRole] {
            PromptHistory.select(from: entries, limitTokens: limit).map(\.role)
        }
        let toolTokens = 2 * (1 + 1) + 2 * 10
        #expect(roles(4 + toolTokens) == [.user, .user, .assistant, .tool, .tool, .assistant, .user])
        #expect(roles(2 + toolTokens) == [.assistant, .tool, .tool, .assistant, .user])
        #expect(roles(1 + toolTokens) == [.user, .user, .assistant, .user])
        #expect(roles(2) == [.assistant, .user])
        #expect(roles(1) == [.user])
    }

    @Test("An image counts the same however long its data are; one that does not fit is left out, its text stays")
    func budgetOfImages() {
        var entries = log([(.user, "aaaa", .delivered), (.assistant, "bbbb", .delivered), (.user, "cccc", .delivered)])
        let data = String(repeating: "A", count: 100_000)
        let image: JSON = ["type": "image_url", "image_url": ["url": .string("data:image/png;base64,\(data)")]]
        for place in [0, 2] { entries[place].parts = [image] }
        func images(_ limit: Int) -> [Int] {
            PromptHistory.select(from: entries, limitTokens: limit).map(\.parts.count)
        }
        #expect(images(2003) == [1, 0, 1])
        #expect(images(2002) == [0, 0, 1])
        #expect(images(1) == [1])
    }

    @Test("A long conversation is sent from its newest part on, with the one who set it up at the beginning")
    func longConversation() async throws {
        let store = MemoryStore()
        let conversation = try store.createConversation(NewConversation(), as: .alice).value
        let setUp = NewMessage(role: .system, content: "You are kind.")
        _ = try store.appendMessages([setUp], to: conversation.id, expectedRevision: nil, as: .alice)
        for start in stride(from: 0, to: 150, by: 50) {
            let batch = (start..<start + 50).map { NewMessage.user("m\($0)") }
            _ = try store.appendMessages(batch, to: conversation.id, expectedRevision: nil, as: .alice)
        }
        let all = try store.messages(in: conversation.id, .newest, limit: 11, as: .alice).messages
        let last = try #require(all.first)
        let selected = try await PromptHistory(store: store).messages(upTo: last, as: .alice)
        #expect(selected.count == 101)
        #expect(selected.first == PromptMessage(role: .system, content: "You are kind."))
        #expect(selected.dropFirst().first?.content == "m40")
        #expect(selected.last?.content == "m139")
    }

    @Test("Of a conversation of long messages no more is read than a model can be sent")
    func longMessages() async throws {
        let store = MemoryStore()
        let conversation = try store.createConversation(NewConversation(), as: .alice).value
        let setUp = (0..<12).map { NewMessage(role: .system, content: "Rule \($0).") }
        _ = try store.appendMessages(setUp, to: conversation.id, expectedRevision: nil, as: .alice)
        // Four of them are as much as a model is sent.
        let long = String(repeating: "word", count: Limits.promptTokens / 4)
        let batch = (0..<60).map { NewMessage.user("\($0)" + long.dropFirst("\($0)".count)) }
        let last = try #require(
            try store.appendMessages(batch, to: conversation.id, expectedRevision: nil, as: .alice).value.last
        )
        let probe = StoreProbe(store)
        let selected = try await PromptHistory(store: probe).messages(upTo: last, as: .alice)
        #expect(selected.prefix(12).map(\.content) == setUp.map(\.content))
        // The rules take the room of the fourth.
        #expect(selected.dropFirst(12).map { $0.content.prefix(2) } == ["57", "58", "59"])
        #expect(probe.messagesRead == 10 + 20)
    }
}
