import LibPQ
import Logging
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres

@Suite("PostgreSQL's migrations")
struct MigratorTests {
    private static let next = (Schema.migrations.map(\.version).max() ?? 0) + 1

    private func step(_ version: Int, isCompatible: Bool = true, _ statements: [String] = []) -> Migration {
        Migration(version: version, name: "step \(version)", statements: statements, isCompatible: isCompatible)
    }

    private func open(
        _ settings: PostgresStoreSettings,
        _ migrations: [Migration] = Schema.migrations,
        patience: Migrator.Patience = Migrator.Patience()
    ) async throws -> PostgresStore {
        try await PostgresStore.open(
            settings,
            migrations: migrations,
            patience: patience,
            clock: SystemClock(),
            ids: UUIDv7Maker(),
            logger: .quiet
        )
    }

    @Test("What is missing is run in order, and a newer schema is worked with where its steps allow it")
    func history() throws {
        let known = [step(2), step(1), step(3)]
        func missing(_ applied: [Migration]) throws -> [Int] {
            let rows = applied.map {
                AppliedMigration(version: $0.version, name: $0.name, isCompatible: $0.isCompatible)
            }
            return try SchemaHistory.missing(of: known, where: rows).map(\.version)
        }
        #expect(try missing([]) == [1, 2, 3])
        #expect(try missing([step(1)]) == [2, 3])
        #expect(try missing([step(1), step(3)]) == [2])
        #expect(try missing(known) == [])
        #expect(try missing(known + [step(4), step(5)]) == [])
        #expect(
            try missing([step(1), step(2, isCompatible: false), step(3)]) == [],
            "its own steps may be as they are"
        )
        #expect(throws: ParleyError.self) { try missing(known + [step(4, isCompatible: false), step(5)]) }
        let other = Migration(version: 2, name: "another program's", statements: [])
        #expect(throws: ParleyError.self) { try missing([step(1), other]) }
    }

    @Test("Any number of instances may open an empty database at once")
    func manyAtOnce() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            let stores = try await withThrowingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await open(server.settings(database)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let rows = try await server.withConnection(to: database) {
                try await $0.query("SELECT version FROM parley_migration")
            }
            #expect(try rows.map { try $0.decode(0, as: Int.self) } == Schema.migrations.map(\.version))
            #expect(stores.allSatisfy { $0.warnings.isEmpty })
            try await running(stores) {
                for store in stores { _ = try await store.personalProject(as: .alice) }
            }
        }
    }

    @Test("An older instance goes on beside a newer one, unless the step between rules that out")
    func rolling() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            let older = try await open(server.settings(database))
            let column = step(Self.next, ["ALTER TABLE message ADD COLUMN weight bigint"])
            let newer = try await open(server.settings(database), Schema.migrations + [column])
            let restarted = try await open(server.settings(database))
            try await running([older, newer, restarted]) {
                let conversation = try await newer.createConversation(NewConversation(), as: .alice).value
                for store in [older, newer, restarted] {
                    _ = try await store.appendMessages(
                        [.user("So?")],
                        to: conversation.id,
                        expectedRevision: nil,
                        as: .alice
                    )
                }
                let page = try await older.messages(in: conversation.id, .newest, limit: 10, as: .alice)
                #expect(page.messages.map(\.seq) == [1, 2, 3])
            }
            let breaking = step(Self.next + 1, isCompatible: false, ["DROP TABLE query_log"])
            _ = try await open(server.settings(database), Schema.migrations + [column, breaking])
            let error = await expectError(.unavailable) { try await open(server.settings(database)) }
            #expect(error?.message.contains("newer Parley") == true)
        }
    }

    @Test("A step that fails leaves nothing behind")
    func failure() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            _ = try await open(server.settings(database))
            let broken = step(Self.next, ["CREATE TABLE half (id bigint)", "CREATE TABLE half (id bigint)"])
            await expectError(.unavailable) {
                try await open(server.settings(database), Schema.migrations + [broken])
            }
            let rows = try await server.withConnection(to: database) {
                try await $0.query("SELECT to_regclass('half') IS NULL, (SELECT max(version) FROM parley_migration)")
            }
            #expect(try rows[0].decode(0, as: Bool.self))
            #expect(try rows[0].decode(1, as: Int.self) == Self.next - 1)
            // The lock is free again.
            let mended = step(Self.next, ["CREATE TABLE half (id bigint)"])
            _ = try await open(server.settings(database), Schema.migrations + [mended])
        }
    }

    @Test("A role needs no right to create where all is there, and is told which right it lacks")
    func leastPrivilege() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            let grants = [
                "CREATE ROLE app LOGIN PASSWORD 'a1'",
                "GRANT USAGE ON SCHEMA public TO app",
                "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app",
            ]
            try await server.execute(grants, in: database)
            var asApp = server.settings(database)
            asApp.url = server.url(of: database, as: "app", password: "a1")
            let refusal = await expectError(.unavailable) { try await open(asApp) }
            #expect(refusal?.message.contains("CREATE in it") == true)
            _ = try await open(server.settings(database))
            let store = try await open(asApp)
            try await running([store]) {
                let conversation = try await store.createConversation(NewConversation(), as: .alice).value
                let appended = try await store.appendMessages(
                    [.user("So?")],
                    to: conversation.id,
                    expectedRevision: nil,
                    as: .alice
                )
                #expect(appended.value.map(\.seq) == [1])
            }
        }
    }

    @Test("A server that isn't there, or refuses, is an error that says so without the password")
    func noServer() async throws {
        try await OwnPostgres.with { server in
            let url = server.url()
            let password = try #require(
                url.split(separator: ":").last(where: { $0.contains("@") })?.split(separator: "@").first
            )
            let impatient = Migrator.Patience(server: .zero)
            let wrong = PostgresStoreSettings(url: server.url(of: "postgres", as: "parley", password: "wr0ng"))
            let refused = await expectError(.unavailable) { try await open(wrong) }
            #expect(refused?.message.contains("authentication failed") == true)
            #expect(refused?.message.contains("wr0ng") == false)
            try await server.stop()
            let dead = await expectError(.unavailable) {
                try await open(PostgresStoreSettings(url: url), patience: impatient)
            }
            #expect(dead?.message.contains("could not be reached") == true)
            #expect(dead?.message.contains(password) == false)
            // One that is starting is waited for.
            async let opened = open(server.settings("postgres"))
            try await server.start()
            _ = try await opened
        }
    }

    @Test("Weak settings and another instance that doesn't end are told")
    func weakSettings() async throws {
        try await OwnPostgres.with { server in
            let database = try await server.makeDatabase()
            try await server.withConnection(to: database) { other in
                _ = try await other.query("SELECT pg_advisory_lock(1347570765, hashtext('public'))")
                let impatient = Migrator.Patience(turn: .milliseconds(50))
                let error = await expectError(.unavailable) {
                    try await open(server.settings(database), patience: impatient)
                }
                #expect(error?.message.contains("Another instance") == true)
            }
            try await server.execute(["ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"])
            try await server.stop()
            try await server.start()
            let store = try await open(server.settings(database))
            #expect(store.warnings.count == 1)
            #expect(store.warnings.first?.contains("fsync") == true)
        }
    }
}
