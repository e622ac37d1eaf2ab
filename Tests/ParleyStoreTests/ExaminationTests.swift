import GRDB
import LibPQ
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres
@testable import ParleySQLite

/// What `parley doctor` says of SQLite and PostgreSQL: nothing of what is whole, and each kind of damage by its name.
@Suite("Looking for damage in SQL")
struct ExaminationTests {
    /// Damage that the database itself lets happen, and the beginning of what it is called.
    struct Damage: Sendable, CustomTestStringConvertible {
        let name: String
        let statement: String

        var testDescription: String { statement }
    }

    private static let common = [
        Damage(name: "conversations whose log", statement: "UPDATE conversation SET message_count = message_count - 1"),
        Damage(name: "conversations whose log", statement: "UPDATE conversation SET revision = message_count + 1"),
        Damage(name: "running replies", statement: "DELETE FROM live_reply"),
        Damage(name: "projects without an owner", statement: "UPDATE project_member SET role = 'viewer'"),
    ]

    static let inSQLite =
        common + [
            Damage(
                name: "search entries",
                statement: "UPDATE message SET status = 'deleted', content = '' WHERE seq = 1"
            ),
            Damage(name: "rows whose parent", statement: "DELETE FROM project"),
            Damage(
                name: "search index message_terms",
                statement: """
                    UPDATE message_terms_content SET c0 = 'heron' WHERE id = (SELECT max(id) FROM message_terms_content)
                    """
            ),
        ]

    static let inPostgres =
        common + [
            Damage(
                name: "search entries",
                statement: "UPDATE message SET status = 'deleted', content = '' WHERE seq = 1"
            )
        ]

    @Test("A whole SQLite file is whole, and each damage is found by its name", arguments: inSQLite)
    func sqlite(_ damage: Damage) async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, t in
                _ = try await RichWorld(in: t)
                expectWhole(try await store.examine(), checks: 8)
                try await store.pool.writeWithoutTransaction { db in
                    try db.execute(sql: "PRAGMA foreign_keys = OFF")
                    try db.execute(sql: damage.statement)
                    try db.execute(sql: "PRAGMA foreign_keys = ON")
                }
                try expect(damage, in: try await store.examine())
            }
        }
    }

    @Test("A whole database in PostgreSQL is whole, and each damage is found by its name", arguments: inPostgres)
    func postgres(_ damage: Damage) async throws {
        try await withPostgres { store, t, database in
            _ = try await RichWorld(in: t)
            expectWhole(try await store.examine(), checks: 4)
            _ = try await TestDatabases.shared().query(damage.statement, [], in: database)
            try expect(damage, in: try await store.examine())
        }
    }

    private func expectWhole(_ findings: [(check: String, found: Int)], checks: Int) {
        #expect(findings.count == checks)
        for finding in findings { #expect(finding.found == 0, "\(finding.check)") }
    }

    private func expect(_ damage: Damage, in findings: [(check: String, found: Int)]) throws {
        let finding = try #require(findings.first { $0.check.hasPrefix(damage.name) })
        #expect(finding.found > 0, "\(findings)")
    }
}
