import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("What one who was away is told")
struct CatchUpTests {
    static let reply = MessageID(high: 9, low: 9)

    private func message(
        _ revision: Int,
        id: MessageID? = nil,
        status: MessageStatus = .delivered,
        nextIndex: Int? = nil,
        isEdited: Bool = false
    ) -> Message {
        Message(
            id: id ?? MessageID(high: 1, low: UInt64(revision)),
            conversationID: ConversationID(high: 2, low: 1),
            projectID: ProjectID(high: 3, low: 1),
            seq: revision,
            revision: revision,
            role: .assistant,
            content: "",
            status: status,
            isEdited: isEdited,
            nextIndex: nextIndex,
            createdAt: .example,
            updatedAt: .example
        )
    }

    private func page(_ messages: [Message], to revision: Int, hasMore: Bool = false) -> ChangePage {
        let conversation = Conversation(
            id: ConversationID(high: 2, low: 1),
            projectID: ProjectID(high: 3, low: 1),
            owner: Identity.alice.email,
            title: "Title",
            revision: hasMore ? revision + 50 : revision,
            createdAt: .example,
            updatedAt: .example
        )
        return ChangePage(conversation: conversation, messages: messages, revision: revision, hasMore: hasMore)
    }

    private func progress(_ message: Message, pieces: Int) -> ReplyProgress {
        ReplyProgress(
            message: message,
            deltas: (0..<pieces).map { ReplyDelta(messageID: message.id, index: $0, text: "\($0)") }
        )
    }

    @Test("Messages as they are now; the conversation only where something is not accounted for")
    func accounting() {
        var all = CatchUp(since: 4)
        #expect(all.frames(of: page([message(5), message(6)], to: 6)).map(\.type) == ["chat_message", "chat_message"])
        #expect(all.revision == 6)

        var titled = CatchUp(since: 4)
        let frames = titled.frames(of: page([message(5), message(7)], to: 7))
        #expect(frames.map(\.type) == ["chat_message", "chat_message", "conversation_updated"])
        #expect(frames.map(\.about.revision) == [5, 7, 7])

        var none = CatchUp(since: 4)
        #expect(none.frames(of: page([], to: 4)).isEmpty)

        var only = CatchUp(since: 4)
        #expect(only.frames(of: page([], to: 5)).map(\.type) == ["conversation_updated"])
    }

    @Test("The accounts are closed with the last page, and opened anew with the next read")
    func pages() {
        var catchUp = CatchUp(since: 0)
        #expect(catchUp.frames(of: page([message(2), message(3)], to: 3, hasMore: true)).count == 2)
        // 3 has come again, as 5.
        #expect(catchUp.frames(of: page([message(4), message(5)], to: 5)).map(\.about.revision) == [4, 5, 5])
        #expect(catchUp.frames(of: page([message(6)], to: 6)).map(\.type) == ["chat_message"])
        #expect(catchUp.frames(of: page([], to: 7)).map(\.type) == ["conversation_updated"])
    }

    @Test("What became of a message says what it is told as")
    func types() {
        var catchUp = CatchUp(since: 0)
        let messages = [message(1), message(2, isEdited: true), message(3, status: .deleted)]
        #expect(
            catchUp.frames(of: page(messages, to: 3)).map(\.type)
                == ["chat_message", "message_updated", "message_updated"]
        )
    }

    @Test("Of a reply that came with the changes, only the pieces behind what it holds")
    func streaming() {
        var catchUp = CatchUp(since: 4)
        _ = catchUp.frames(of: page([message(5, id: Self.reply, status: .streaming, nextIndex: 3)], to: 5))
        let now = message(5, id: Self.reply, status: .streaming, nextIndex: 6)
        let (frames, place) = catchUp.pieces(of: progress(now, pieces: 6))
        #expect(frames.map(\.about.index) == [3, 4, 5])
        #expect(place == SessionFilter.ReplyPlace(messageID: Self.reply, nextIndex: 6))
    }

    @Test("Of a reply that the client has known since before, all pieces")
    func known() {
        var catchUp = CatchUp(since: 5)
        _ = catchUp.frames(of: page([], to: 5))
        let now = message(4, id: Self.reply, status: .streaming, nextIndex: 2)
        let (frames, place) = catchUp.pieces(of: progress(now, pieces: 2))
        #expect(frames.map(\.about.index) == [0, 1])
        #expect(place == SessionFilter.ReplyPlace(messageID: Self.reply, nextIndex: 2))
    }

    @Test("One that has ended meanwhile is told by its own event, behind what was brought")
    func ended() {
        var catchUp = CatchUp(since: 4)
        _ = catchUp.frames(of: page([message(5, id: Self.reply, status: .streaming, nextIndex: 3)], to: 5))
        let (frames, place) = catchUp.pieces(of: nil)
        #expect(frames.isEmpty)
        #expect(place == SessionFilter.ReplyPlace(messageID: Self.reply, nextIndex: 3))
    }

    @Test("One that was begun, or begun anew, meanwhile comes by its own events")
    func regenerated() {
        var catchUp = CatchUp(since: 4)
        _ = catchUp.frames(of: page([message(5, id: Self.reply, status: .streaming, nextIndex: 3)], to: 5))
        let anew = message(7, id: Self.reply, status: .streaming, nextIndex: 1)
        let (frames, place) = catchUp.pieces(of: progress(anew, pieces: 1))
        #expect(frames.isEmpty)
        #expect(place == SessionFilter.ReplyPlace(messageID: Self.reply, nextIndex: 3))
    }

    @Test("A later page that says a reply has ended counts")
    func endedInLaterPage() {
        var catchUp = CatchUp(since: 4)
        let streaming = message(5, id: Self.reply, status: .streaming, nextIndex: 3)
        _ = catchUp.frames(of: page([streaming], to: 5, hasMore: true))
        _ = catchUp.frames(of: page([message(6, id: Self.reply)], to: 6))
        let (frames, place) = catchUp.pieces(of: nil)
        #expect(frames.isEmpty)
        #expect(place == nil)
    }
}
