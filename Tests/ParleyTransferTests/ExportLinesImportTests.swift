import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("Files of Parley's own format that aren't as it writes them")
struct ExportLinesImportTests {
    private static let time = "2023-01-01T00:00:00.000Z"

    private static func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }

    private static func conversation(_ number: Int, _ title: String, messages: Int, _ more: JSONObject = [:]) -> JSON {
        var line: JSONObject = [
            "type": "conversation", "id": .string(id(number)), "title": .string(title), "created_at": .string(time),
            "messages": .number(JSONNumber(messages)),
        ]
        for member in more.members { line[member.name] = member.value }
        return .object(line)
    }

    private static func message(_ number: Int, _ text: String, _ more: JSONObject = [:]) -> JSON {
        var line: JSONObject = [
            "type": "message", "id": .string(id(number)), "role": "user", "content": .string(text),
            "created_at": .string(time),
        ]
        for member in more.members { line[member.name] = member.value }
        return .object(line)
    }

    private static func file(_ lines: [JSON?]) -> [UInt8] {
        let header: JSON = ["parley_export": 1]
        return ([header] + lines).flatMap { ($0?.serialized ?? Array("{broken".utf8)) + [0x0A] }
    }

    @Test("A broken line is one record, and what belongs to a broken conversation goes to no other")
    func broken() async throws {
        let bring = Bringing()
        let account = try await bring(
            .jsonl,
            Self.file([
                Self.conversation(1, "One", messages: 2), Self.message(1, "first"), nil,
                // This was a conversation.
                nil, Self.message(3, "whose?"),
            ])
        ).account
        #expect(account.found == 5)
        let items = account.items.sorted { $0.key < $1.key }
        #expect(items.map(\.outcome) == [.imported, .imported, .quarantined, .quarantined, .quarantined])
        #expect(items.suffix(3).map(\.reason) == [.brokenJSON, .brokenJSON, .noSession])
        #expect(try await bring.texts(bring.titled("One")) == ["first"])
    }

    @Test("Versions and reactions that can't be read are named, and no time lies in the future")
    func strange() async throws {
        let bring = Bringing()
        let version: JSON = ["content": "before", "created_at": .string(Self.time)]
        let later: JSON = "9999-01-01T00:00:00.000Z"
        try await bring(
            .jsonl,
            Self.file([
                Self.conversation(1, "One", messages: 2, ["updated_at": later]),
                Self.message(
                    1,
                    "text",
                    ["versions": [version, 7], "reactions": [["emoji": "👍"]], "metadata": ["mine": 1]]
                ),
                Self.message(2, "later", ["created_at": later, "updated_at": later]),
            ])
        )
        let conversation = try #require(try await bring.titled("One"))
        let log = try await bring.log(conversation.id)
        #expect(log[0].metadata["imported"]?["left_out"] == ["reactions", "versions"] && log[0].metadata["mine"] == 1)
        #expect(try await bring.versions(0, of: conversation) == ["before"])
        #expect(log[1].createdAt == Importing.now && log[1].updatedAt == Importing.now)
        #expect(conversation.updatedAt == Importing.now)
    }

    @Test("A fork names its origin by the id that it has here")
    func forks() async throws {
        let bring = Bringing()
        let origin: JSONObject = ["forked_from": ["conversation_id": .string(Self.id(1)), "seq": 1]]
        for isForkFirst in [false, true] {
            let lines = [
                [Self.conversation(1, "Origin", messages: 1), Self.message(1, "one")],
                [Self.conversation(2, "Fork", messages: 1, origin), Self.message(2, "one")],
            ]
            let file = Self.file((isForkFirst ? lines.reversed() : lines).flatMap(\.self))
            for person in [Identity.alice, isForkFirst ? .carol : .bob] {
                try await bring(.jsonl, file, as: person)
                let conversations = try await bring.conversations(as: person)
                let there = try #require(conversations.first { $0.title == "Origin" })
                let fork = try #require(conversations.first { $0.title == "Fork" })
                #expect(fork.forkedFrom?.conversationID == there.id, "\(person.email)")
                #expect((there.id.description == Self.id(1)) == (person == .alice))
            }
        }
    }

    @Test("Where a source proves damaged in the middle, the error says what was imported, and as which batch")
    func damage() async throws {
        let bring = Bringing()
        let good = ZipMaker.File(
            name: "a.jsonl",
            bytes: Self.file([Self.conversation(1, "One", messages: 1), Self.message(1, "first")])
        )
        var bad = ZipMaker.File(name: "b.jsonl", bytes: Self.file([Self.conversation(2, "Two", messages: 0)]))
        bad.claimedSize = bad.bytes.count + 1
        let error = await #expect(throws: ParleyError.self) {
            try await bring(.jsonl, ZipMaker.archive([good, bad]))
        }
        let batch = try #require(try await bring.store.importBatches(as: .alice).first)
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains(batch.id.description) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("2 records") == true)
        // Where nothing came before it, there is nothing to say.
        let empty = await #expect(throws: ParleyError.self) {
            try await bring(.jsonl, ZipMaker.archive([bad]), as: .bob)
        }
        #expect(empty?.message.contains("batch") == false)
    }
}
