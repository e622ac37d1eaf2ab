import ParleyCore
import Testing

@Suite("What the hub is held to")
struct HubRecordTests {
    private func told(_ events: [JSON]) -> HubRecord {
        var record = HubRecord { $0 == "p" }
        for event in events { record.take(event) }
        return record
    }

    private func message(_ revision: Int, project: String = "p", streaming next: Int? = nil) -> JSON {
        var message: JSONObject = JSONObject()
        message["id"] = "m"
        message["revision"] = .number(JSONNumber(revision))
        message["status"] = next == nil ? "delivered" : "streaming"
        message["next_index"] = next.map { .number(JSONNumber($0)) }
        return [
            "type": "chat_message", "project_id": .string(project), "conversation_id": "c",
            "revision": .number(JSONNumber(revision)), "message": .object(message),
        ]
    }

    private func subscribed(_ revision: Int) -> JSON {
        ["type": "subscribed", "conversation_id": "c", "revision": .number(JSONNumber(revision))]
    }

    private func piece(_ index: Int) -> JSON {
        ["type": "message_delta", "conversation_id": "c", "message_id": "m", "index": .number(JSONNumber(index))]
    }

    @Test("Revisions that rise one by one behind subscribed, and whatever comes before it")
    func rising() {
        let record = told([message(7), message(5), subscribed(3), message(4), message(5)])
        #expect(record.violations.isEmpty)
        #expect(record.gaps.isEmpty)
        #expect(record.events == 5)
    }

    @Test("Twice, or late, is a violation; a gap is noted", arguments: [[4, 4], [5, 4], [3], [4, 5, 2]])
    func falling(revisions: [Int]) {
        #expect(told([subscribed(3)] + revisions.map { message($0) }).violations.count == 1)
    }

    @Test("What is asked for twice is in step when both were answered")
    func askedTwice() {
        var record = HubRecord { $0 == "p" }
        record.hasAsked(for: "c")
        record.hasAsked(for: "c")
        for event in [subscribed(5), message(4), subscribed(5)] { record.take(event) }
        #expect(record.violations.isEmpty)
        record.take(message(5))
        #expect(record.violations.count == 1)
    }

    @Test("A conversation that was read from the store stands at the revision of its last message")
    func readFromStore() {
        let conversation: JSON = ["type": "conversation_updated", "conversation_id": "c", "revision": 6]
        let record = told([subscribed(3), message(6), conversation, message(7)])
        #expect(record.violations.isEmpty)
        #expect(record.gaps.count == 1)
        #expect(told([subscribed(3), message(4), message(7), conversation]).violations.count == 1)
    }

    @Test("Gaps are noted")
    func gaps() {
        let record = told([subscribed(3), message(5), message(6)])
        #expect(record.gaps == [HubRecord.Gap(conversation: "c", after: 3, before: 5)])
    }

    @Test("After a resync nothing is expected until subscribed", arguments: ["c", nil])
    func resync(conversation: String?) {
        var event = JSONObject()
        (event["type"], event["reason"]) = ("resync", "lagged")
        event["conversation_id"] = conversation.map { .string($0) }
        let record = told([subscribed(3), .object(event), message(9), message(4), subscribed(9), message(10)])
        #expect(record.violations.isEmpty)
        #expect(record.gaps.isEmpty)
        #expect(record.resyncs == ["lagged": 1])
    }

    @Test("Pieces follow each other")
    func pieces() {
        let good = told([subscribed(3), message(4, streaming: 0), piece(0), piece(1), message(5)])
        #expect(good.violations.isEmpty)
        let early = told([piece(3), message(4, streaming: 2), piece(2), subscribed(4), piece(3)])
        #expect(early.violations.isEmpty)
        let again = told([subscribed(3), message(4, streaming: 0), piece(0), piece(0), piece(1)])
        #expect(again.violations.isEmpty)
        for wrong in [[1], [0, 2]] {
            let record = told([subscribed(3), message(4, streaming: 0)] + wrong.map { piece($0) })
            #expect(record.violations.count == 1)
        }
    }

    @Test("Another's project is a violation")
    func foreign() {
        #expect(told([message(4, project: "q")]).violations.count == 1)
    }
}
