import Foundation
import GRDB
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleySQLite

@Suite("SQLite's write-ahead log")
struct SQLiteWriteAheadLogTests {
    @Test("Folding is due at the limit, and again a limit beyond what a folding had to leave")
    func policy() {
        var policy = WriteAheadLog.Policy(limitBytes: 100)
        #expect(!policy.isDue(atBytes: 99))
        #expect(policy.isDue(atBytes: 100))
        policy.folded(leavingBytes: 130)
        #expect(!policy.isDue(atBytes: 229))
        #expect(policy.isDue(atBytes: 230))
        policy.folded(leavingBytes: 0)
        #expect(policy.isDue(atBytes: 100))
    }

    @Test("The log stays near its limit where SQLite alone would let it grow")
    func bounded() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, _ in
                // What steady readers bring about: SQLite's own folding never gets to start the log anew.
                try await store.pragma("wal_autocheckpoint = 0")
                let limit = 256 * 1024
                let writer = GroupCommit(
                    pool: store.pool,
                    clock: file.clock,
                    ids: SequentialIDs(),
                    logger: .quiet,
                    logLimitBytes: limit
                )
                var largest = 0
                for index in 0..<200 {
                    try await writer.perform { transaction in
                        try transaction.db.execute(
                            sql: "INSERT INTO draft (email, text, updated_at) VALUES (?, ?, 0)",
                            arguments: ["\(index)", String(repeating: "x", count: 10_000)]
                        )
                    }
                    // The writer's next turn comes after the folding.
                    let size = try await store.pool.writeWithoutTransaction { _ in
                        try FileManager.default.attributesOfItem(atPath: file.path + "-wal")[.size] as? Int
                    }
                    largest = max(largest, size ?? 0)
                }
                #expect(largest > 0)
                #expect(largest < limit + 64 * 1024)
                #expect(try await store.pragma("busy_timeout") == 5000)
            }
        }
    }
}
