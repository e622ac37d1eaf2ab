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
        #expect(selected.map(\.content) == ["one", "half", "broken", "22 °C", "two"])
        #expect(selected.map(\.role) == [.user, .assistant, .assistant, .tool, .user])
    }

    @Test("The newest are taken without a gap while there is room; system messages and the newest always")
    func budget() {
        let entries = log([
            (.system, "rules", .delivered), (.user, "aa", .delivered), (.assistant, "bbbbbb", .delivered),
            (.user, "c", .delivered), (.assistant, "dd", .delivered), (.user, "eee", .delivered),
        ])
        func kept(_ limit: Int) -> [String] { PromptHistory.select(from: entries, limitBytes: limit).map(\.content) }
        #expect(kept(100) == ["rules", "aa", "bbbbbb", "c", "dd", "eee"])
        #expect(kept(5 + 3 + 2 + 1 + 5) == ["rules", "c", "dd", "eee"])
        #expect(kept(5 + 3 + 2) == ["rules", "dd", "eee"])
        #expect(kept(0) == ["rules", "eee"])
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
}
