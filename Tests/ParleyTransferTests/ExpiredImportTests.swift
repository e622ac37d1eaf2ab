import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("Imports into a project that keeps conversations for some days")
struct ExpiredImportTests {
    private static func chat(_ id: String, _ count: Int, second: Int, updated: Int? = nil) -> JSON {
        var mapping = JSONObject()
        for index in 0..<count {
            mapping["\(index)"] = [
                "parent": index == 0 ? .null : .string("\(index - 1)"),
                "message": [
                    "author": ["role": "user"], "content": ["parts": [.string("text \(index)")]],
                    "create_time": .number(JSONNumber(second + index)),
                ],
            ]
        }
        var chat: JSONObject = [
            "id": .string(id), "title": .string(id), "current_node": .string("\(count - 1)"),
            "mapping": .object(mapping),
        ]
        if let updated { chat["update_time"] = .number(JSONNumber(updated)) }
        return .object(chat)
    }

    /// A store of which the personal project keeps conversations for a day.
    private func bringing() async throws -> Bringing {
        let bring = Bringing()
        let home = try await bring.store.personalProject(as: .alice)
        _ = try await bring.store.updateProject(home.id, ProjectChanges(retentionDays: .some(1)), as: .alice)
        return bring
    }

    @Test("What is too old is left alone with all its records, before anything of it comes, each time")
    func tooOld() async throws {
        let bring = try await bringing()
        let now = Int(Importing.now.microseconds / 1_000_000)
        let chats: JSON = [
            Self.chat("old", 3, second: 1_600_000_000), Self.chat("new", 2, second: now - 100),
            Self.chat("long", 1200, second: 1_600_000_000),
            // Its first messages alone are too old; it itself is not.
            Self.chat("going on", 1200, second: now - 86_400 - 1000),
        ]
        for _ in 0..<2 {
            let account = try await bring(.chatgpt, chats)
            #expect(account.ends[.init(outcome: .leftAlone, reason: .expired)] == 4 + 1201)
            #expect(account.count(of: .quarantined) == 0)
            #expect(Set(account.conversations.map(\.title)) == ["new", "going on"])
        }
        #expect(Set(try await bring.conversations().map(\.title)) == ["new", "going on"])
    }

    @Test("What was brought before, and is hidden since, is said to be too old, not to be out of reach")
    func hidden() async throws {
        let bring = Bringing()
        let chats: JSON = [Self.chat("old", 3, second: 1_600_000_000)]
        #expect(try await bring(.chatgpt, chats).count(of: .imported) == 4)
        let exported = try await bring.export()
        let home = try await bring.store.personalProject(as: .alice)
        _ = try await bring.store.updateProject(home.id, ProjectChanges(retentionDays: .some(1)), as: .alice)
        let again = try await bring(.chatgpt, chats)
        #expect(again.ends == [.init(outcome: .leftAlone, reason: .expired): 4])
        let own = try await bring(.jsonl, exported).account
        #expect(own.ends[.init(outcome: .leftAlone, reason: .expired)] == 4)
        #expect(try await bring.conversations().isEmpty)
    }

    @Test("A browser's storage goes by the same rule")
    func storage() async throws {
        let bring = try await bringing()
        let dump: JSON = ["chat_messages_s1": JSON.array([.stored("m1", "user", "Hello")]).text]
        let account = try await bring(.localStorage, dump)
        #expect(account.summary == ["chat_messages_s1 0 left_alone expired"])
        #expect(try await bring.conversations().isEmpty)
    }
}
