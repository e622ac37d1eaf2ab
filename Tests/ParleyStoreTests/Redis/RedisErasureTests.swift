import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("Erasing a person in Redis")
struct RedisErasureTests {
    @Test(
        "Cut off after any of its steps it is finished by itself, and whoever takes the address next finds nothing",
        arguments: 0..<50,
        [true, false]
    )
    func interrupted(_ calls: Int, _ isAwaited: Bool) async throws {
        try await withDyingStore(after: calls) { store, other, t, clock, client in
            _ = try await RichWorld(in: t)
            let person = Identity.alice.email
            let personal = try await store.personalProject(as: .alice).id
            let own = try await store.conversations(
                ConversationFilter(projectID: personal),
                page: PageRequest(),
                as: .alice
            )
            let names = ["\(personal)"] + own.elements.map { "\($0.id)" }
            #expect(names.count > 1)
            _ = try? await other.erase(person)
            clock.advance(by: .seconds(61))
            let account = Account(
                email: person,
                name: "Another",
                department: nil,
                passwordHash: "$scrypt$y",
                createdAt: clock.now()
            )
            if isAwaited {
                // The job that every server has; it finishes what was begun, which may have been nothing.
                _ = try await store.purgeExpired(limit: 10)
                #expect(try await client.send(["EXISTS", .string(SideKeys.erasing)]).integer == 0)
            }
            // Nothing had begun.
            if calls == 0 { _ = try await store.erase(person) }
            try await store.createAccount(account)
            let keys = try await client.send(["KEYS", "*"]).elements.compactMap(\.string)
            #expect(keys.filter { key in names.contains { key.contains($0) } } == [])
            let lists = ConversationFilter()
            #expect(try await store.conversations(lists, page: PageRequest(), as: .alice).elements.isEmpty)
            for word in ["pelican", "albatross", "tale", "elsewhere"] {
                #expect(try await t.search(word, as: .alice).isEmpty)
            }
            let projects = try await store.projects(page: PageRequest(), as: .alice).elements
            #expect(projects.filter { !$0.isPersonal } == [])
            #expect(try await store.importBatches(as: .alice) == [])
            let lines = try await store.entries(since: Timestamp(microseconds: 0), limit: 10)
            #expect(!lines.contains { $0.email == person })
        }
    }

    @Test("As long as somebody is at it, the address can't be used again")
    func underWay() async throws {
        try await withDyingStore(after: 3) { store, other, t, clock, _ in
            _ = try await RichWorld(in: t)
            _ = try? await other.erase(Identity.alice.email)
            let account = Account(
                email: Identity.alice.email,
                name: nil,
                department: nil,
                passwordHash: "$scrypt$y",
                createdAt: clock.now()
            )
            await expectError(.unavailable) { try await store.createAccount(account) }
        }
    }
}
