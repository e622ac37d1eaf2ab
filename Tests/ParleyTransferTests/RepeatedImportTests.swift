import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("What is imported again, from other copies or with other texts")
struct RepeatedImportTests {
    private static let session: JSON = ["id": "sA", "title": "Boiler"]

    private static let ofSession = JSON.array([
        .stored("m1", "user", "ok"), .stored("m2", "ai", "check"), .stored("m3", "user", "ok"),
    ])

    private static let shown = JSON.array([
        .shown("user", "ok"), .shown("assistant", "check"), .shown("user", "ok"),
    ])

    @Test("A list without ids finds what its session's list has brought, and the other way round")
    func otherCopies() async throws {
        let dumps: [JSON] = [
            ["currentChatSession": Self.session.text, "chat-messages": Self.shown.text],
            ["currentChatSession": Self.session.text, "chat_messages_sA": Self.ofSession.text],
            [
                "currentChatSession": Self.session.text, "chat_messages_sA": Self.ofSession.text,
                "chat-messages": Self.shown.text,
            ],
        ]
        for first in dumps {
            let bring = Importing()
            let place = try #require(try await bring(first).conversations.first)
            let before = try await bring.log(place.id)
            #expect(before.map(\.content) == ["ok", "check", "ok"])
            for next in dumps {
                let again = try await bring(next)
                #expect(again.count(of: .imported) == 0 && again.count(of: .quarantined) == 0, "\(again.summary)")
                let ids = Set(before.map(\.id))
                #expect(again.items.allSatisfy { $0.messageID.map(ids.contains) ?? true })
            }
            #expect(try await bring.log(place.id) == before)
        }
    }

    @Test("Of what is edited or deleted here the other copy is known, and what is said once more is new")
    func editedSince() async throws {
        let bring = Importing()
        let dump: JSON = ["currentChatSession": Self.session.text, "chat_messages_sA": Self.ofSession.text]
        let place = try #require(try await bring(dump).conversations.first)
        let log = try await bring.log(place.id)
        _ = try await bring.store.editMessage(
            log[1].id,
            in: place.id,
            MessageChanges(content: "Look again."),
            expectedRevision: nil,
            as: .alice
        )
        let more = JSON.array((Self.shown.arrayValue ?? []) + [.shown("user", "ok")])
        let again = try await bring(["currentChatSession": Self.session.text, "chat-messages": more.text])
        #expect(again.count(of: .imported) == 1 && again.count(of: .quarantined) == 0)
        #expect(try await bring.log(place.id).map(\.content) == ["ok", "Look again.", "ok", "ok"])
        #expect(try await bring(dump).count(of: .alreadyThere) == 4)
    }

    @Test("A record of the browser's that says something else than what is there is put aside")
    func grownInBrowser() async throws {
        let bring = Importing()
        func dump(_ text: String) -> JSON {
            ["chat_messages_s": JSON.array([.stored("m1", "user", "hi"), .stored("m2", "ai", text)]).text]
        }
        try await bring(dump("partial"))
        let account = try await bring(dump("partial and the rest"))
        #expect(account.summary == ["chat_messages_s 0 already_there", "chat_messages_s 1 quarantined differs"])
        // What was brought before something was edited here is there still.
        let id = try #require(account.conversations.first?.id)
        let log = try await bring.log(id)
        let changes = MessageChanges(content: "mine")
        _ = try await bring.store.editMessage(log[1].id, in: id, changes, expectedRevision: nil, as: .alice)
        #expect(try await bring(dump("partial")).count(of: .alreadyThere) == 2)
        _ = try await bring.store.deleteMessage(log[1].id, in: id, expectedRevision: nil, as: .alice)
        #expect(try await bring(dump("partial")).count(of: .alreadyThere) == 2)
    }

    private func openWebUI(_ text: String) -> JSON {
        let question: JSON = [
            "id": "q", "parentId": .null, "childrenIds": ["a"], "role": "user", "content": "Why?",
            "timestamp": 1_690_000_001,
        ]
        let answer: JSON = [
            "id": "a", "parentId": "q", "childrenIds": [], "role": "assistant", "content": .string(text),
            "timestamp": 1_690_000_002,
        ]
        return [
            "id": "chat", "title": "Chat",
            "chat": ["title": "Chat", "history": ["currentId": "a", "messages": ["q": question, "a": answer]]],
        ]
    }

    @Test("Another program's message that says something else than what is there is put aside")
    func changedElsewhere() async throws {
        let bring = Bringing()
        let first = try await bring(.openwebui, [openWebUI("Half an")])
        #expect(first.count(of: .imported) == 3)
        let again = try await bring(.openwebui, [openWebUI("Half an answer.")])
        let aside = again.items.filter { $0.outcome == .quarantined }
        #expect(aside.map(\.key) == ["chat/a"] && aside.first?.reason == .differs)
        #expect(again.count(of: .alreadyThere) == 2)
        // Twice in one file, with other texts.
        let twice = try await Bringing()(.openwebui, [openWebUI("One."), openWebUI("Other.")])
        #expect(twice.count(of: .imported) == 3 && twice.count(of: .alreadyThere) == 2)
        #expect(twice.items.filter { $0.reason == .differs }.count == 1)
    }

    @Test("A line of Parley's own that says something else than what is there, or than another line, is put aside")
    func changedLine() async throws {
        let bring = Bringing()
        try await bring(.openwebui, [openWebUI("Half an")])
        let export = try await bring.export()
        let lines = String(decoding: export, as: UTF8.self).split(separator: "\n")
        let last = try #require(lines.last)
        let changed = last.replacing("Half an", with: "All of the")
        #expect(changed != last)
        let other = Bringing(series: 2)
        func bytes(_ lines: [Substring]) -> [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }
        let twice = try await other(.jsonl, bytes(lines + [last, Substring(changed)])).account
        #expect(twice.items.suffix(3).map(\.outcome) == [.imported, .merged, .quarantined])
        #expect(twice.items.last?.reason == .differs)
        let again = try await other(.jsonl, bytes(lines.dropLast() + [Substring(changed)])).account
        #expect(again.items.last?.outcome == .quarantined && again.items.last?.reason == .differs)
        #expect(again.count(of: .imported) == 0)
        let same = try await other(.jsonl, export).account
        #expect(same.count(of: .imported) == 0 && same.count(of: .quarantined) == 0)
    }
}
