import ParleyCore
import Testing

@Suite("What a tab folds together")
struct TabStateTests {
    private static let id = "c"

    private func message(_ id: String, seq: Int, revision: Int, _ content: String) -> JSON {
        [
            "id": .string(id), "seq": .number(JSONNumber(seq)), "revision": .number(JSONNumber(revision)),
            "content": .string(content), "status": "delivered",
        ]
    }

    private func event(_ message: JSON, _ type: String = "chat_message") -> JSON {
        [
            "type": .string(type), "conversation_id": .string(Self.id), "revision": message["revision"] ?? .null,
            "message": message,
        ]
    }

    private func opened() -> TabState {
        var state = TabState()
        state.take(listed: [["id": "c", "revision": 1, "title": "T"]])
        state.open(Self.id)
        state.reach(1, in: Self.id)
        _ = state.take(["type": "subscribed", "conversation_id": "c", "revision": 1])
        return state
    }

    @Test("The order and how often things come make no difference")
    func order() {
        let events = [
            event(message("a", seq: 1, revision: 2, "one")), event(message("b", seq: 2, revision: 3, "two")),
            event(message("a", seq: 1, revision: 4, "one!"), "message_updated"),
            [
                "type": "conversation_updated", "conversation_id": "c", "revision": 5,
                "conversation": ["id": "c", "revision": 5, "title": "New"],
            ],
        ]
        var (forth, back) = (opened(), opened())
        for event in events { _ = forth.take(event) }
        for event in events.reversed() + events { _ = back.take(event) }
        #expect(forth.shown(Self.id) != nil)
        #expect(forth.shown(Self.id) == back.shown(Self.id))
        #expect(forth.logs[Self.id]?.revision == 5)
        #expect(back.logs[Self.id]?.revision == 5)
        #expect(forth.list[Self.id]?[3] == "New")
    }

    @Test("What lies beyond a gap is not taken for all there is")
    func gap() {
        var state = opened()
        state.asksAboutGaps = true
        let needs = state.take(event(message("b", seq: 2, revision: 3, "two")))
        #expect(needs == [.changes(Self.id)])
        #expect(state.logs[Self.id]?.revision == 1)
        let missing = message("a", seq: 1, revision: 2, "one")
        state.take(changes: ["messages": [missing], "revision": 2, "has_more": true], of: Self.id)
        #expect(state.logs[Self.id]?.revision == 3)
    }

    @Test("Pieces are joined by their index")
    func pieces() {
        var state = opened()
        var reply: JSONObject = message("r", seq: 1, revision: 2, "a").objectValue ?? JSONObject()
        (reply["status"], reply["next_index"]) = ("streaming", 1)
        _ = state.take(event(.object(reply)))
        func piece(_ index: Int, _ text: String) -> JSON {
            [
                "type": "message_delta", "conversation_id": "c", "message_id": "r",
                "index": .number(JSONNumber(index)), "text": .string(text),
            ]
        }
        for (index, text) in [(0, "a"), (1, "b"), (1, "b"), (2, "c")] {
            let needs = state.take(piece(index, text))
            #expect(needs.isEmpty)
        }
        #expect(state.shown(Self.id)?.messages.first?["content"] == "abc")
        let needs = state.take(piece(4, "e"))
        #expect(needs == [.message("r", of: Self.id)])
        #expect(state.shown(Self.id)?.messages.first?["content"] == "abc")
    }

    @Test("What is deleted stays so, whatever comes late")
    func deleted() {
        var state = opened()
        _ = state.take(["type": "conversation_deleted", "conversation_id": "c", "revision": 9])
        state.take(listed: [["id": "c", "revision": 8, "title": "T"]])
        #expect(state.list.isEmpty)
        #expect(state.shown(Self.id) == nil)
    }

    @Test("Told that something was missed, it asks everywhere, or where it was")
    func missed() {
        var state = opened()
        let here = state.take(["type": "resync", "conversation_id": "c", "reason": "behind"])
        #expect(here == [.changes(Self.id)])
        #expect(state.logs[Self.id]?.isInStep == false)
        let everywhere = state.take(["type": "resync", "reason": "slow"])
        #expect(Set(everywhere) == [.lists, .changes(Self.id)])
    }
}
