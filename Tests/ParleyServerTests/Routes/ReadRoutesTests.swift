import HTTPTypes
import ParleyCore
import ParleyTesting
import Testing

@Suite("How far one has read, over HTTP")
struct ReadRoutesTests {
    @Test("A mark goes forward, is capped at the end, and is told for several conversations at once")
    func marks() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let (id, other) = (try await alice.makeConversation(), try await alice.makeConversation())
            for text in ["one", "two"] { _ = try await alice.say(text, in: id) }
            for (asked, reached) in [(0, 0), (1, 1), (7, 2), (1, 2)] {
                let set = try await alice.put("/api/conversations/\(id)/read", ["seq": .number(JSONNumber(asked))])
                #expect(set.status == .ok)
                #expect(set.json == ["conversation_id": .string("\(id)"), "seq": .number(JSONNumber(reached))])
            }
            let list = try await alice.get("/api/read-marks?conversation_id=\(id),\(other),nonsense")
            #expect(list.json == ["read_marks": [["conversation_id": .string("\(id)"), "seq": 2]]])
            let mallory = try await parley.caller(.mallory)
            #expect(try await mallory.get("/api/read-marks?conversation_id=\(id)").json == ["read_marks": []])
            #expect(try await alice.get("/api/read-marks?conversation_id=").json == ["read_marks": []])
        }
    }

    @Test("At most 100 conversations are asked for, and some must be")
    func limits() async throws {
        try await TestParley.run { parley in
            let alice = try await parley.caller(.alice)
            let id = "018f0000-0000-4000-8000-00000000dead"
            let most = Array(repeating: id, count: 100).joined(separator: ",")
            #expect(try await alice.get("/api/read-marks?conversation_id=\(most)").status == .ok)
            for query in ["", "?conversation_id=\(most),\(id)"] {
                let refused = try await alice.get("/api/read-marks\(query)")
                #expect(refused.status == .badRequest)
                #expect(refused["error"]?["param"] == "conversation_id")
            }
            #expect(try await parley.anonymous.get("/api/read-marks?conversation_id=\(id)").status == .unauthorized)
        }
    }
}
