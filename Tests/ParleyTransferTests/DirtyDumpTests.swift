import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("Dirty dumps")
struct DirtyDumpTests {
    /// Makes dumps as years of several programs leave them behind.
    private struct Soil {
        var random: SplitMix64

        mutating func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int.random(in: 0..<elements.count, using: &random)]
        }

        mutating func chance(_ percent: Int) -> Bool {
            Int.random(in: 0..<100, using: &random) < percent
        }

        mutating func message(_ number: Int) -> JSON {
            if chance(5) { return pick([.null, 7, "x", [], [:], ["content": "x"], ["role": "user"]]) }
            var object: JSONObject = [:]
            object[pick(["role", "type"])] = pick(["user", "ai", "assistant", "system", "king", 3])
            object["content"] = pick([
                "ok", "fine", .string("text \(number)"), "", "a\u{0}b", .null, ["parts": []], .string("é"),
                .string("e\u{301}"),
            ])
            if chance(60) {
                object["id"] = pick([
                    .string("m\(number)"), .string("m\(number / 2)"), "", JSON(integerLiteral: number),
                ])
            }
            if chance(60) {
                object["createdAt"] = pick([
                    "2023-05-01T09:00:00Z", "2023-05-01 09:00:00", "soon", 1_682_930_000, 1_682_930_000_000, -5,
                    "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
                    .string("2023-05-01T09:00:\(10 + number % 50)+05:30"),
                ])
            }
            if chance(30) { object["status"] = pick(["sent", "error", "sending", "deleted", 1]) }
            if chance(30) {
                object["metadata"] = pick([
                    [:], "x", ["confidence": 95, "processingTime": 3], ["confidence": -1], ["model": ""],
                    ["summary": "s", "instructions": 4], ["\u{0}": 1],
                ])
            }
            return .object(object)
        }

        mutating func list() -> JSON {
            let count = Int.random(in: 0..<12, using: &random)
            var list: [JSON] = []
            for number in 0..<count { list.append(message(number)) }
            return wrapped(.array(list))
        }

        /// A value as it is, as text, as text of text, or broken.
        mutating func wrapped(_ value: JSON) -> JSON {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: value
            case 1: value.text.text
            case 2 where chance(30): .string(String(decoding: value.serialized.dropLast(), as: UTF8.self))
            case 3 where chance(30): pick([.null, "null", "", 5, "{}", .bool(true)])
            default: value.text
            }
        }

        mutating func dump() -> JSON {
            var dump: JSONObject = [:]
            for key in ["theme", "chat-messages", "chat_messages_a", "chat_messages_b", "chat_messages_", "lang"]
            where chance(70) {
                dump[key] = key.hasPrefix("chat") ? list() : "dark"
            }
            if chance(60) {
                dump["currentChatSession"] = wrapped([
                    "id": pick(["a", "b", "c", "", 7]),
                    "title": pick(["T", "", "a\u{0}", .string(String(repeating: "é", count: 300))]),
                    "createdAt": pick(["2023-05-01T09:00:00Z", .null]),
                    "messages": pick([.array([message(1)]), .null]),
                ])
            }
            if chance(50) { dump["chat-contexts"] = wrapped([.string("p"), ["text": "t"], message(3)]) }
            return .object(dump)
        }
    }

    /// How many records a dump holds: elements of lists, and keys that are looked at as a whole.
    private func records(_ dump: JSON) -> Int {
        (dump.objectValue?.members ?? []).reduce(0) { count, member in
            guard member.name.hasPrefix("chat") || member.name == "currentChatSession", member.name != "chat_messages_",
                let value = try? LocalStorageDump.content(of: member.value)
            else { return count + 1 }
            if member.name == "currentChatSession" {
                // One that can't be used is one record, with all in it.
                let isSession = (try? LegacySession(value, now: Importing.now)) != nil
                return count + 1 + (isSession ? value["messages"]?.arrayValue?.count ?? 0 : 0)
            }
            return count + max(1, value.arrayValue?.count ?? 1)
        }
    }

    @Test("Every record has one line in the account, again and again", arguments: 0..<300 as Range<UInt64>)
    func accounted(seed: UInt64) async throws {
        var soil = Soil(random: SplitMix64(seed: seed))
        let bring = Importing()
        let dump = soil.dump()
        let first = try await bring(dump)
        #expect(first.items.count == records(dump))
        let sum = ImportItemOutcome.allCases.reduce(0) { $0 + first.count(of: $1) }
        #expect(sum == first.items.count)
        #expect(first.count(of: .alreadyThere) == 0)
        // Each message that is there came from one record, and each record that was imported is there.
        var stored: [MessageID] = []
        for place in first.conversations { stored += try await bring.log(place.id).map(\.id) }
        let records = first.items.filter { $0.outcome == .imported && $0.index != nil && $0.key != "chat-contexts" }
        #expect(Set(records.compactMap(\.messageID)) == Set(stored))
        #expect(records.count == stored.count)
        for item in first.items where item.outcome == .merged || item.outcome == .imported {
            #expect(item.conversationID != nil)
            #expect(item.index == nil || item.messageID.map(stored.contains) == true)
            #expect(item.reason == nil)
        }
        for item in first.items where item.outcome == .quarantined || item.outcome == .leftAlone {
            #expect(item.reason != nil)
        }

        let before = try await bring.conversations()
        let second = try await bring(dump)
        #expect(second.count(of: .imported) == 0)
        #expect(second.count(of: .alreadyThere) == first.count(of: .imported))
        #expect(second.count(of: .merged) == first.count(of: .merged))
        #expect(second.count(of: .quarantined) == first.count(of: .quarantined))
        #expect(try await bring.conversations() == before)
    }
}
