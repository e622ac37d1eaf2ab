import Foundation
import LibPQ
import Logging
import ParleyCore
import ParleyPostgres
import ParleyRedis
import ParleySQLite
import ParleyStore
import ParleyTesting
import RedisWire
import Testing

@Suite("Nothing of an erased person is in any file", .timeLimit(.minutes(10)))
struct ErasureCanaryTests {
    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Plants words of one who goes and of one who stays, looks for both, erases the one, and looks again.
    private func erase(
        by store: any ConversationStore,
        _ accounts: any AccountStore,
        _ queryLog: any QueryLog,
        _ erasure: any ErasureStore,
        beforeLooking settle: () async throws -> Void = {},
        _ look: () async throws -> [FileScan]
    ) async throws {
        let (goes, stays) = (try Canaries(), try Canaries())
        for (number, canaries) in [goes, stays].enumerated() {
            try await canaries.plant(
                in: Canaries.Ground(
                    store: store,
                    accounts: accounts,
                    queryLog: queryLog,
                    number: UInt8(number + 1),
                    ids: UUIDv7Maker()
                )
            )
        }
        try await share(goes, with: stays, store, accounts, queryLog)
        try await settle()
        let before = try await look()
        // Files can be read, and words in them are found: or else that they aren't would say nothing.
        #expect(before[0].missing(of: goes).isEmpty)
        #expect(before[0].missing(of: stays).isEmpty)
        for scan in before.dropFirst() {
            #expect(!scan.remains(of: goes).isEmpty)
            #expect(!scan.remains(of: stays).isEmpty)
        }

        let report = try await erasure.erase(goes.person.email).value
        #expect(report.hadAccount && report.projects == 2 && report.memberships == 1 && report.conversations == 6)
        try await erasure.rewrite()
        try await settle()
        let after = try await look()
        for scan in after { #expect(scan.remains(of: goes) == [:]) }
        #expect(after[0].missing(of: stays).isEmpty)
        let own = try await store.conversations(ConversationFilter(), page: PageRequest(limit: 100), as: stays.person)
        #expect(own.elements.count == 7)
        let query = try #require(SearchQuery("sings"))
        #expect(try await !store.search(query, in: nil, page: PageRequest(), as: stays.person).elements.isEmpty)
    }

    /// One who goes is a member of a project of one who stays.
    private func share(
        _ goes: Canaries,
        with stays: Canaries,
        _ store: any ConversationStore,
        _ accounts: any AccountStore,
        _ queryLog: any QueryLog
    ) async throws {
        let project = try await store.createProject(NewProject(name: "Shared"), as: stays.person).value.id
        _ = try await store.setMember(goes.person.email, role: .editor, in: project, as: stays.person)
        let input = NewConversation(title: "common", projectID: project)
        let conversation = try await store.createConversation(input, as: stays.person).value.id
        let message = NewMessage(role: .user, content: "said by who stays")
        _ = try await store.appendMessages([message], to: conversation, expectedRevision: nil, as: stays.person)
        let ground = Canaries.Ground(
            store: store,
            accounts: accounts,
            queryLog: queryLog,
            number: 9,
            ids: UUIDv7Maker()
        )
        try await goes.plant(inside: conversation, ground)
    }

    /// A store in a file, in a directory of its own, for the time of `body`.
    private func withSQLite(_ body: (SQLiteStore, String) async throws -> Void) async throws {
        let name = "parley-canary-\(UUID().uuidString)"
        let directory = FileManager.default.temporaryDirectory.appending(path: name).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer {
            // What can't be removed stays in the system's directory for such things.
            try? FileManager.default.removeItem(atPath: directory)
        }
        let store = try await SQLiteStore.open(path: directory + "/parley.db", logger: Self.quiet)
        do {
            try await body(store, directory)
        } catch {
            try await store.close()
            throw error
        }
        try await store.close()
    }

    /// A Redis whose client runs for the time of `body`.
    private func withRedis(_ body: (CanaryRedis, RedisStore) async throws -> Void) async throws {
        try await CanaryRedis.with { redis in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await redis.client.run() }
                defer { group.cancelAll() }
                try await redis.client.waitUntilConnected()
                let store = RedisStore(redis.client, clock: SystemClock(), ids: UUIDv7Maker(), logger: Self.quiet)
                try await body(redis, store)
            }
        }
    }

    @Test("SQLite: the file and its log")
    func sqlite() async throws {
        try await withSQLite { store, directory in
            try await erase(by: store, store, store, store) { [try FileScan.directory(directory)] }
        }
    }

    @Test("Redis as the truth: both of its files, and every key")
    func redis() async throws {
        try await withRedis { redis, store in
            // A snapshot from before, as an operator may have taken one: it is written anew as well.
            try await redis.save()
            try await erase(by: store, store, store, store) {
                [try redis.files(), try await redis.keys()]
            }
        }
    }

    @Test("SQLite and its mirror in Redis, which is written a moment later")
    func mirrored() async throws {
        try await withSQLite { truth, directory in
            try await withRedis { redis, copy in
                let mirror = Mirror(of: truth, in: copy, logger: Self.quiet)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await mirror.run() }
                    try await erase(
                        by: MirrorStore(truth, noting: mirror),
                        MirrorAccountStore(truth, noting: mirror),
                        MirrorQueryLog(truth, noting: mirror),
                        MirrorErasureStore(truth, copy: copy, noting: mirror)
                    ) {
                        await mirror.rest()
                    } _: {
                        [try FileScan.directory(directory), try redis.files(), try await redis.keys()]
                    }
                    mirror.end()
                    try await group.waitForAll()
                }
                let report = try await Verification(truth, copy).run()
                #expect(report.holds && report.conversations > 0)
            }
        }
    }

    @Test("PostgreSQL and the cache in Redis: tables, indices, samples and log; keys and both of Redis's files")
    func postgresAndRedis() async throws {
        try await CanaryPostgres.with { server in
            try await CanaryRedis.with { redis in
                let truth = try await PostgresStore.open(
                    PostgresStoreSettings(url: server.url),
                    logger: Self.quiet
                )
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await truth.run() }
                    group.addTask { await redis.client.run() }
                    let cached = CachedStore(truth, cache: RedisLogCache(redis.client))
                    let erasure = SettledErasure(truth, settling: [cached])
                    try await erase(by: cached, truth, truth, erasure) {
                        try await server.execute("CHECKPOINT")
                        try await redis.save()
                    } _: {
                        [try FileScan.directory(server.directory), try redis.files(), try await redis.keys()]
                    }
                    truth.close()
                    group.cancelAll()
                }
            }
        }
    }
}
