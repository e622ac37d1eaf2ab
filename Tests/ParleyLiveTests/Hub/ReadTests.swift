import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("What somebody has read", .timeLimit(.minutes(15)))
struct ReadTests {
    @Test("All of one's own tabs hear how far one has read, and nobody else's", arguments: GroupKind.allCases)
    func read(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let (_, conversation) = try await house.project(with: [.bob])
            let revision = try await house.say("Hello", in: conversation)
            let (first, second) = (try await house.open(.bob), try await house.open(.bob))
            let alice = try await house.open(.alice)
            for _ in 0..<2 { _ = try await house.store.setReadMark(1, in: conversation, as: .bob) }
            for tab in [first, second] {
                await tab.waits(for: "read")
                let frame = tab.told.frames.last?.object
                #expect(frame?["conversation_id"] == .string("\(conversation)"))
                #expect(frame?["seq"] == 1)
            }
            _ = try await house.say("More", in: conversation)
            for tab in [first, second, alice] { await tab.waits(for: revision + 1, of: conversation) }
            // The second call moved nothing, so there is nothing to tell of it.
            #expect(first.told.types == ["ready", "read", "chat_message"])
            #expect(alice.told.types == ["ready", "chat_message"])
        }
    }

    @Test("A stream about one conversation hears of that one's marks alone")
    func stream() async throws {
        let house = House()
        try await house.run {
            let (project, conversation) = try await house.project()
            let other = try await house.store.createConversation(NewConversation(projectID: project), as: .alice).value
                .id
            for id in [conversation, other] { _ = try await house.say("Hello", in: id) }
            let tab = try house.connect(.alice, only: conversation)
            await tab.waits(for: "subscribed")
            for id in [other, conversation] { _ = try await house.store.setReadMark(1, in: id, as: .alice) }
            await tab.waits(for: "read")
            #expect(tab.told.frames.last?.about.conversationID == conversation)
            #expect(tab.told.frames.count { $0.type == "read" } == 1)
        }
    }
}
