import Foundation
import GRDB
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleySQLite

@Suite("Faults of a SQLite file")
struct SQLiteFaultTests {
    @Test("On a full disk a write is refused, nothing acknowledged is lost, and reads go on")
    func fullDisk() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let conversation = try await ground.conversation().id
                let pages = try await store.pragma("page_count")
                _ = try await store.pragma("max_page_count = \(pages + 40)")
                var acknowledged: [Message] = []
                var refusal: ParleyError?
                while refusal == nil, acknowledged.count < 1000 {
                    let text = "number \(acknowledged.count) " + String(repeating: "filling ", count: 200)
                    do {
                        acknowledged += try await ground.say([text], in: conversation)
                    } catch {
                        refusal = error as? ParleyError
                    }
                }
                #expect(refusal?.code == .unavailable)
                #expect(refusal?.retryAfter != nil)
                #expect(refusal?.message.contains("full") == true)
                #expect(!acknowledged.isEmpty)
                #expect(try await ground.log(conversation) == acknowledged)
                let newest = try #require(acknowledged.last)
                #expect(
                    try await ground.search("\"number \(acknowledged.count - 1)\"").map(\.message.id) == [newest.id]
                )
                #expect(try await store.integrityCheck() == "ok")
                _ = try await store.pragma("max_page_count = 1000000")
                #expect(try await ground.say(["room again"], in: conversation).map(\.seq) == [acknowledged.count + 1])
            }
        }
    }

    @Test("A store that may not write says so, and still reads")
    func readOnly() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let (conversation, messages) = try await ground.conversation(holding: ["one"])
                _ = try await store.pragma("query_only = 1")
                let error = await expectError(.unavailable) { try await ground.say(["two"], in: conversation) }
                #expect(error?.retryAfter != nil)
                #expect(try await ground.log(conversation) == messages)
                _ = try await store.pragma("query_only = 0")
                #expect(try await ground.say(["two"], in: conversation).map(\.seq) == [2])
            }
        }
    }

    @Test("While another program holds the file locked, writes are refused and reads go on")
    func locked() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let (conversation, messages) = try await ground.conversation(holding: ["one"])
                _ = try await store.pragma("busy_timeout = 0")
                var configuration = Configuration()
                configuration.allowsUnsafeTransactions = true
                let other = try DatabaseQueue(path: file.path, configuration: configuration)
                try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
                let error = await expectError(.unavailable) { try await ground.say(["two"], in: conversation) }
                #expect(error?.message.contains("locked") == true)
                #expect(error?.retryAfter == .seconds(1))
                #expect(try await ground.log(conversation) == messages)
                try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
                #expect(try await ground.say(["two"], in: conversation).map(\.seq) == [2])
                try other.close()
            }
        }
    }

    @Test("A damaged page is an error, never another answer")
    func damagedPage() async throws {
        try await SQLiteFile.with { file in
            var id: ConversationID?
            try await file.withStore { _, ground in
                id = try await ground.conversation(
                    holding: (1...50).map { "Zebra \($0) " + String(repeating: "x", count: 900) }
                ).id
            }
            let conversation = try #require(id)
            let url = URL(fileURLWithPath: file.path)
            var bytes = try Data(contentsOf: url)
            var damaged = 0
            for start in stride(from: 4096, to: bytes.count, by: 4096) {
                let page = start..<min(start + 4096, bytes.count)
                guard bytes.range(of: Data("Zebra".utf8), in: page) != nil else { continue }
                bytes.replaceSubrange(page, with: Data(repeating: 0xA5, count: page.count))
                damaged += 1
            }
            try bytes.write(to: url)
            #expect(damaged > 0)
            try await file.withStore { _, ground in
                await expectError(.internalError) { try await ground.log(conversation) }
            }
        }
    }

    @Test("A value that can't be what the schema says is an error, never a crash")
    func unreadableValue() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let conversation = try await ground.conversation(holding: ["one"]).id
                try await store.pool.writeWithoutTransaction { db in
                    try db.execute(sql: "UPDATE message SET metadata = '{half'")
                }
                await expectError(.internalError) { try await ground.log(conversation) }
            }
        }
    }

    @Test("A piece with a NUL is refused: SQLite would lose what is behind it")
    func nulInPiece() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let lease = try await ground.begin("Hello").value.requireLease()
                await expectError(.invalidRequest) { try await store.appendPieces(["a\u{0}b"], at: 0, under: lease) }
                #expect(try await store.appendPieces(["a"], at: 0, under: lease) == .held)
            }
        }
    }
}

extension SQLiteStore {
    /// Sets or reads a setting of the writer's connection.
    @discardableResult
    func pragma(_ text: String) async throws -> Int {
        try await pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA \(text)") ?? 0 }
    }

    func integrityCheck() async throws -> String? {
        try await pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
    }
}
