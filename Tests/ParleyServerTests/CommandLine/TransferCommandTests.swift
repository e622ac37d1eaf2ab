import HTTPTypes
import ParleyCore
import Testing

@Suite("parley import, export, copy, verify and doctor", .timeLimit(.minutes(15)))
struct TransferCommandTests {
    private static let chats = """
        [{
            "id": "c1", "conversation_id": "c1", "title": "Old <b>news</b>", "create_time": 1600000000.5,
            "current_node": "b",
            "mapping": {
                "root": {"id": "root", "message": null, "parent": null, "children": ["a"]},
                "a": {"id": "a", "parent": "root", "children": ["b"], "message": {
                    "id": "a", "author": {"role": "user"}, "create_time": 1600000001,
                    "content": {"content_type": "text", "parts": ["what is a numbat"]}}},
                "b": {"id": "b", "parent": "a", "children": [], "message": {
                    "id": "b", "author": {"role": "assistant"}, "create_time": 1600000002,
                    "content": {"content_type": "text", "parts": ["a marsupial"]}}}
            }
        }]
        """

    private let ada = ["--as", "ada@example.org"]

    private func importChats(_ home: ParleyHome, _ more: String...) async throws -> JSON {
        try home.write(Self.chats, to: "conversations.json")
        let arguments = ["import", "--format", "chatgpt", "--json", "conversations.json"] + ada + more
        let result = try await home.run(arguments)
        #expect(result.ending == .exit(0), "\(result.errors)")
        return try JSON(parsing: result.output)
    }

    @Test("A file comes in once, goes out as it came, comes in elsewhere the same, and is taken back")
    func roundTrip() async throws {
        try await ParleyHome.with { home in
            let first = try await importChats(home)
            #expect(first["imported"] == 3 && first["conversations"]?.arrayValue?.count == 1, "\(first)")
            let again = try await importChats(home)
            #expect(again["imported"] == 0 && again["already_there"] == 3)
            let out = try await home.run(["export", "--format", "jsonl"] + ada)
            #expect(out.ending == .exit(0), "\(out.errors)")
            #expect(out.output.contains("numbat"))
            try home.write(out.output, to: "out.jsonl")
            let elsewhere = ["--store", "sqlite:" + home.path("other.db")]
            let back = try await home.run(["import", "--format", "jsonl", "out.jsonl"] + ada + elsewhere)
            #expect(back.ending == .exit(0), "\(back.errors)")
            #expect(try await home.run(["export", "--format", "jsonl"] + ada + elsewhere).output == out.output)
            let batch = try #require(first["batch"]?.stringValue)
            let undone = try await home.run(["import", "--undo", batch, "--json"] + ada)
            #expect(undone.ending == .exit(0), "\(undone.errors)")
            let rest = try await home.run(["export", "--format", "jsonl"] + ada)
            #expect(!rest.output.contains("numbat"), "\(rest.output)")
        }
    }

    @Test("What can't be done is said, with a status that says so")
    func refused() async throws {
        try await ParleyHome.with { home in
            try home.write("%PDF-1.7", to: "broken.json")
            let broken = try await home.run(["import", "--format", "chatgpt", "broken.json"] + ada)
            #expect(broken.ending != .exit(0) && !broken.errors.isEmpty)
            #expect(try await home.run(["import", "--format", "word", "broken.json"] + ada).ending == .exit(64))
            #expect(try await home.run(["import", "--format", "jsonl"] + ada).ending == .exit(64))
            let missing = try await home.run(["import", "--format", "jsonl", "missing.jsonl"] + ada)
            #expect(missing.ending != .exit(0) && missing.errors.contains("missing.jsonl can't be read"))
            let odd = try await home.run(["import", "--undo", "\(ConversationID(high: 1, low: 2))"] + ada)
            #expect(odd.ending != .exit(0) && !odd.errors.isEmpty)
        }
    }

    @Test("What is purged and who is erased go from the mirror, too, and both stores hold the same")
    func mirrored() async throws {
        try await ParleyHome.with { home in
            let mirror = ["--mirror", "sqlite:" + home.path("mirror.db")]
            let stores = ["--from", "sqlite:" + home.path("parley.db"), "--to", "sqlite:" + home.path("mirror.db")]
            _ = try await importChats(home)
            let copied = try await home.run(["copy"] + stores)
            #expect(copied.ending == .exit(0), "\(copied.errors)")
            #expect(copied.output.contains("Copied: conversations 1, messages 2, projects 1"))
            let identity = Identity(email: try #require(EmailAddress("ada@example.org")))
            try await RunningServer.with(in: home, options: mirror) { server in
                try await LiveCaller.with(server, as: identity) { caller in
                    let projects = try await caller.get("/api/projects")
                    let id = try #require(projects["projects"]?[0]?["id"]?.stringValue)
                    let answer = try await caller.patch("/api/projects/\(id)", ["retention_days": 30])
                    #expect(answer.status == .ok, "\(answer.text)")
                }
            }
            try await expectSame(home, stores)
            let look = try await home.run(["purge", "--dry-run"] + mirror)
            #expect(look.output.hasSuffix("1 expired conversation; nothing was deleted.\n"), "\(look.output)")
            let purged = try await home.run(["purge"] + mirror)
            #expect(purged.output == "Deleted 1 expired conversation.\n", "\(purged.errors)")
            try await expectSame(home, stores)
            let erased = try await home.run(["erase", "ada@example.org", "--yes", "--rewrite"] + mirror)
            #expect(erased.ending == .exit(0), "\(erased.errors)")
            try await expectSame(home, stores)
            for file in ["parley.db", "mirror.db"] {
                let text = try home.read(file)
                for word in ["numbat", "ada@example.org"] { #expect(!text.contains(word), "\(word) in \(file)") }
            }
            let doctor = try await home.run("doctor")
            #expect(doctor.ending == .exit(0) && doctor.output.contains("foreign_key_check"), "\(doctor.output)")
        }
    }

    private func expectSame(_ home: ParleyHome, _ stores: [String]) async throws {
        let verified = try await home.run(["verify"] + stores)
        #expect(verified.ending == .exit(0), "\(verified.output) \(verified.errors)")
    }

    @Test("Two stores that differ are told apart, by name")
    func differing() async throws {
        try await ParleyHome.with { home in
            let made = try await importChats(home)
            let id = try #require(made["conversations"]?[0]?["id"]?.stringValue)
            let stores = ["--from", "sqlite:" + home.path("parley.db"), "--to", "sqlite:" + home.path("empty.db")]
            let result = try await home.run(["verify"] + stores)
            #expect(result.ending == .exit(1))
            #expect(result.output.contains(id), "\(result.output)")
        }
    }
}
