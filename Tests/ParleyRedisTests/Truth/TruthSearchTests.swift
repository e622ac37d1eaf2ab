import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

/// Search and the sweep of what was deleted, over a real Redis.
@Suite
struct TruthSearchTests {
    @Test("Words, phrases and beginnings are found, and only by members")
    func words() async throws {
        try await TruthUnderTest.with { t in
            #expect(try await t.search("pelican dives") == ["a pelican dives"])
            #expect(try await t.search("\"a pelican\"") == ["a pelican dives"])
            #expect(try await t.search("\"pelican a\"").isEmpty)
            #expect(try await t.search("av") == ["an avocet wades"])
            let query = try #require(SearchQuery("pelican"))
            let mallory = Identity(email: EmailAddress(normalized: "mallory@example.com"))
            let error = await #expect(throws: ParleyError.self) {
                _ = try await t.store.search(query, in: t.project, page: PageRequest(), as: mallory)
            }
            #expect(error?.code == .notFound)
            #expect(try await t.store.search(query, in: nil, page: PageRequest(), as: mallory).elements.isEmpty)
        }
    }

    @Test("A common word comes in pages, the newest first, without one missing", arguments: [1, 7, 100])
    func pages(_ limit: Int) async throws {
        try await TruthUnderTest.with { t in
            var all: [MessageID] = []
            for start in stride(from: 0, to: 300, by: 100) {
                let inputs = (start..<start + 100).map { NewMessage(role: .user, content: "gull number \($0)") }
                all += try await t.store.appendMessages(
                    inputs,
                    to: t.conversation,
                    expectedRevision: nil,
                    as: TruthUnderTest.alice
                ).value.map(\.id)
            }
            let query = try #require(SearchQuery("gull number"))
            var found: [MessageID] = []
            var cursor: Cursor?
            repeat {
                let request = PageRequest(limit: limit, after: cursor)
                let page = try await t.store.search(query, in: nil, page: request, as: TruthUnderTest.alice)
                found += page.elements.map(\.message.id)
                cursor = page.next
            } while cursor != nil
            #expect(Set(found) == Set(all))
            #expect(found.count == all.count)
        }
    }

    @Test("Nothing is left of a deleted conversation's words, however long it was")
    func sweep() async throws {
        try await TruthUnderTest.with { t in
            let before = Set(try await t.everything())
            let other = try await t.store.createConversation(
                NewConversation(title: "Canary title", projectID: t.project),
                as: TruthUnderTest.alice
            ).value.id
            for start in stride(from: 0, to: 300, by: 100) {
                let inputs = (start..<start + 100).map {
                    NewMessage(role: .user, content: "canary\($0) sings a canary")
                }
                _ = try await t.store.appendMessages(inputs, to: other, expectedRevision: nil, as: TruthUnderTest.alice)
            }
            #expect(try await t.search("canary").count == PageRequest().limit)
            _ = try await t.store.deleteConversation(other, expectedRevision: nil, as: TruthUnderTest.alice)
            let after = try await t.everything()
            #expect(after.filter { $0.contains("canar") || $0.contains("can") && $0.contains(":terms:") }.isEmpty)
            #expect(!after.contains { $0.contains("\(other)") })
            let report = try await t.examine()
            #expect(report.lines.isEmpty, "\(report.lines)")
            #expect(before.contains { $0.contains("heron") } && after.contains { $0.contains("heron") })
        }
    }
}
