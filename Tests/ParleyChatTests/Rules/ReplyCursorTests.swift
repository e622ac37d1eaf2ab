import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("What a follower makes of each signal")
struct ReplyCursorTests {
    private let ids = SequentialIDs()
    private let reply: Message
    private let other: MessageID

    init() {
        other = ids.make()
        reply = Message(
            id: ids.make(),
            conversationID: ids.make(),
            projectID: ids.make(),
            seq: 2,
            revision: 3,
            role: .assistant,
            content: "",
            status: .streaming,
            nextIndex: 0,
            createdAt: .example,
            updatedAt: .example
        )
    }

    private func delta(_ index: Int, of id: MessageID? = nil) -> ReplyDelta {
        ReplyDelta(messageID: id ?? reply.id, index: index, text: "\(index)")
    }

    private func signal(_ delta: ReplyDelta) -> Signal {
        .event(
            Event(
                projectID: reply.projectID,
                conversationID: reply.conversationID,
                kind: .delta(delta),
                timestamp: .example
            )
        )
    }

    private func reply(_ status: MessageStatus, revision: Int, nextIndex: Int? = nil) -> Message {
        var message = reply
        message.status = status
        message.revision = revision
        message.nextIndex = nextIndex
        return message
    }

    @Test("Pieces are shown in order and once; a gap sends it reading; other replies' pieces are nothing to it")
    func deltas() {
        var cursor = ReplyCursor(following: reply.id, after: 4)
        #expect(cursor.step(to: signal(delta(4))) == .wait)
        #expect(cursor.step(to: signal(delta(5))) == .show([delta(5)]))
        #expect(cursor.step(to: signal(delta(5))) == .wait)
        #expect(cursor.step(to: signal(delta(6, of: other))) == .wait)
        #expect(cursor.step(to: signal(delta(7))) == .readProgress)
        #expect(cursor.lastIndex == 5)
        let read = ReplyProgress(message: reply(.streaming, revision: 3, nextIndex: 8), deltas: [delta(6), delta(7)])
        #expect(cursor.step(to: read) == .show([delta(6), delta(7)]))
        #expect(cursor.step(to: signal(delta(7))) == .wait)
        #expect(cursor.step(to: .lagged) == .readProgress)
    }

    @Test("An end that is older than what was read is stale; a newer one ends the following")
    func ends() {
        var cursor = ReplyCursor(following: reply.id, after: -1)
        #expect(
            cursor.step(to: ReplyProgress(message: reply(.streaming, revision: 5, nextIndex: 0), deltas: [])) == .wait
        )
        let stale = reply(.delivered, revision: 4)
        #expect(cursor.step(to: .event(Event(.messageUpdated(stale)))) == .wait)
        #expect(cursor.step(to: .event(Event(.messageUpdated(reply(.streaming, revision: 6))))) == .readProgress)
        let end = reply(.deleted, revision: 7)
        #expect(cursor.step(to: .event(Event(.messageUpdated(end)))) == .end(end))
    }

    @Test("A reply that has fewer pieces than were seen was begun anew, and is shown from its beginning")
    func begunAnew() {
        var cursor = ReplyCursor(following: reply.id, after: 9)
        let behind = ReplyProgress(message: reply(.streaming, revision: 5, nextIndex: 2), deltas: [])
        #expect(cursor.step(to: behind) == .readProgress)
        #expect(cursor.lastIndex == -1)
        var empty = ReplyCursor(following: reply.id, after: 0)
        #expect(
            empty.step(to: ReplyProgress(message: reply(.streaming, revision: 5, nextIndex: 0), deltas: [])) == .wait
        )
        #expect(empty.step(to: signal(delta(0))) == .show([delta(0)]))
    }

    @Test("A conversation that is deleted ends it, one that changes sends it reading")
    func conversation() {
        var cursor = ReplyCursor(following: reply.id, after: -1)
        let conversation = Conversation(
            id: reply.conversationID,
            projectID: reply.projectID,
            owner: .person("alice"),
            title: "T",
            createdAt: .example,
            updatedAt: .example
        )
        #expect(cursor.step(to: .event(Event(.conversationUpdated(conversation)))) == .readProgress)
        let event = { (kind: Event.Kind) in
            Event(
                projectID: conversation.projectID,
                conversationID: conversation.id,
                kind: kind,
                timestamp: .example
            )
        }
        #expect(cursor.step(to: .event(event(.movedAway(revision: 4)))) == .readProgress)
        let typing = Typing(user: .person("bob"), connection: ids.make())
        #expect(cursor.step(to: .event(event(.typing(typing)))) == .wait)
        #expect(cursor.step(to: .access(.memberLeft(.person("alice"), conversation.projectID))) == .readProgress)
        #expect(cursor.step(to: .event(Event(.conversationDeleted(conversation)))) == .gone)
    }
}
