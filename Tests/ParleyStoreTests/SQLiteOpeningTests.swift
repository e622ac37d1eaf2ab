import Foundation
import GRDB
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleySQLite

@Suite("Opening a SQLite file")
struct SQLiteOpeningTests {
    @Test("Invariant 2: the settings that make a commit durable are on, and read back from the writer")
    func durableSettings() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, _ in
                let settings = try await store.pool.writeWithoutTransaction { db in
                    try ["journal_mode", "synchronous", "foreign_keys", "busy_timeout", "application_id"].map {
                        try String.fetchOne(db, sql: "PRAGMA \($0)")
                    }
                }
                #expect(settings == ["wal", "2", "1", "5000", "1347570777"])
            }
        }
    }

    @Test("What was written is there after closing and opening again")
    func reopening() async throws {
        try await SQLiteFile.with { file in
            var written: [Message] = []
            var id: ConversationID?
            try await file.withStore { _, ground in
                let (conversation, messages) = try await ground.conversation(holding: ["one", "two"])
                (id, written) = (conversation, messages)
            }
            let conversation = try #require(id)
            try await file.withStore { _, ground in
                let log = try await ground.log(conversation)
                let hits = try await ground.search("two")
                #expect(log == written)
                #expect(hits.map(\.message) == [written[1]])
            }
        }
    }

    @Test("Closing folds the log into the file, so that the file alone is the whole")
    func closing() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { _, ground in
                let (id, messages) = try await ground.conversation(holding: ["one", "two"])
                // A reader that stays open must not keep the log.
                #expect(try await ground.log(id) == messages)
            }
            for suffix in ["-wal", "-shm"] {
                #expect(!FileManager.default.fileExists(atPath: file.path + suffix), "\(suffix)")
            }
        }
    }

    @Test("The file, its log and its lock are for their owner only")
    func rights() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { _, ground in
                _ = try await ground.conversation()
                for suffix in ["", "-wal", "-shm", ".lock"] {
                    let attributes = try FileManager.default.attributesOfItem(atPath: file.path + suffix)
                    #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
                }
            }
        }
    }

    @Test("A second opening is refused while the first lasts, and leaves the first alone")
    func secondOpening() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { _, ground in
                let turn = try await ground.begin("Hello")
                let error = await expectError(.unavailable) { try await file.open() }
                #expect(error?.message.contains(file.path) == true)
                #expect(error?.message.contains("in use by another Parley process") == true)
                let lease = try turn.value.requireLease()
                #expect(try await ground.store.appendPieces(["Hi"], at: 0, under: lease) == .held)
            }
            try await file.withStore { _, _ in }
        }
    }

    @Test("Replies that a dead process left running are interrupted with what they had")
    func interrupted() async throws {
        try await SQLiteFile.with { file in
            var begun: [Turn] = []
            try await file.withStore { store, ground in
                for text in ["one", "two"] { begun.append(try await ground.begin(text).value) }
                let lease = try begun[0].requireLease()
                _ = try await ground.store.appendPieces(["The ", "begin", "ning"], at: 0, under: lease)
            }
            try await file.withStore { store, ground in
                for (turn, text) in zip(begun, ["The beginning", ""]) {
                    let reply = try await ground.log(turn.conversation.id)[1]
                    #expect(reply.status == .interrupted)
                    #expect(reply.content == text)
                    #expect(reply.nextIndex == nil)
                    #expect(reply.revision == turn.reply.revision + 1)
                    let lease = try turn.requireLease()
                    await expectError(.notFound) { try await store.appendPieces(["late"], at: 0, under: lease) }
                }
                #expect(try await ground.search("beginning").count == 1)
                let rests = try await store.pool.read { db in
                    try Int.fetchOne(
                        db,
                        sql: "SELECT (SELECT count(*) FROM live_reply) + (SELECT count(*) FROM reply_piece)"
                    )
                }
                #expect(rests == 0)
            }
        }
    }

    @Test(
        "A file that is no database is refused by its name, and left as it was",
        arguments: ["not a database at all", "SQLite format 3"]
    )
    func garbage(_ beginning: String) async throws {
        try await SQLiteFile.with { file in
            let garbage = Data(beginning.utf8) + Data(repeating: 0, count: 8192)
            try garbage.write(to: URL(fileURLWithPath: file.path))
            let error = await expectError(.unavailable) { try await file.open() }
            #expect(error?.message.contains(file.path) == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == garbage)
        }
    }

    @Test("A file whose schema was damaged is refused as such")
    func damagedSchema() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { _, _ in }
            let url = URL(fileURLWithPath: file.path)
            var bytes = try Data(contentsOf: url)
            bytes.replaceSubrange(100..<4096, with: Data(repeating: 0xFF, count: 3996))
            try bytes.write(to: url)
            let error = await expectError(.unavailable) { try await file.open() }
            #expect(error?.message.contains("damaged") == true)
        }
    }

    @Test("Another program's database is refused, and left as it was")
    func foreign() async throws {
        try await SQLiteFile.with { file in
            let queue = try DatabaseQueue(path: file.path)
            try await queue.write { try $0.execute(sql: "CREATE TABLE bookmark (url TEXT)") }
            try queue.close()
            let before = try Data(contentsOf: URL(fileURLWithPath: file.path))
            let error = await expectError(.unavailable) { try await file.open() }
            #expect(error?.message.contains("another program") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == before)
        }
    }

    @Test("A schema from the future is refused")
    func newerSchema() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, _ in
                try await store.pool.writeWithoutTransaction { db in
                    try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('2000 thoughts')")
                }
            }
            let error = await expectError(.unavailable) { try await file.open() }
            #expect(error?.message.contains("newer version") == true)
        }
    }

    @Test("A file of an older version is brought up to date, with all it holds")
    func olderSchema() async throws {
        try await SQLiteFile.with { file in
            let queue = try DatabaseQueue(path: file.path)
            let first = try #require(Schema.migrator.migrations.first)
            try Schema.migrator.migrate(queue, upTo: first)
            try await queue.write { db in
                try db.execute(sql: "PRAGMA application_id = \(DatabaseFile.applicationID)")
                try db.execute(
                    sql: """
                        INSERT INTO query_log (time, email, conversation_id, message_id, latency_ms, status)
                        VALUES (1, 'alice@example.org', zeroblob(16), zeroblob(16), 7, 'delivered')
                        """
                )
                try db.execute(
                    sql: """
                        INSERT INTO project (id, name, created_at, updated_at) VALUES (zeroblob(16), 'Old', 1, 1);
                        INSERT INTO project_member VALUES (zeroblob(16), 'alice@example.org', 'owner');
                        INSERT INTO conversation (id, project_id, owner, status, is_pinned, message_count, revision,
                            created_at, updated_at, title_is_given, title)
                        VALUES (zeroblob(16), zeroblob(16), 'alice@example.org', 'active', 0, 0, 1, 1, 1, 0, 'Birds')
                        """
                )
            }
            try queue.close()
            try await file.withStore { store, _ in
                let lines = try await store.entries(since: Timestamp(microseconds: 0), limit: 10)
                #expect(lines.map(\.latencyMilliseconds) == [7])
                #expect(lines.map(\.firstTokenMilliseconds) == [nil])
                let id = ConversationID(high: 0, low: 0)
                await expectError(.stale) { try await store.deleteConversation(id, expectedRevision: 0, as: .alice) }
                let titled = try await store.improveTitle("Gulls", of: id, as: .alice).value
                #expect(titled.title == "Gulls" && titled.revision == 2)
                _ = try await store.deleteConversation(id, expectedRevision: 1, as: .alice)
            }
        }
    }

    @Test("A directory that is not there is told by name")
    func noDirectory() async throws {
        try await TemporaryDirectory.with { directory in
            let file = SQLiteFile(path: directory.path("absent/store.db"))
            let error = await expectError(.unavailable) { try await file.open() }
            #expect(error?.message.contains(file.path) == true)
        }
    }

    @Test("A file that can't be written is refused")
    func readOnly() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { _, _ in }
            try await file.whileReadOnly {
                let error = await expectError(.unavailable) { try await file.open() }
                #expect(error?.message.contains("can't be written") == true)
            }
            try await file.withStore { _, _ in }
        }
    }

    @Test("After a refusal the file can be opened once its reason is gone")
    func refusalLetsGo() async throws {
        try await SQLiteFile.with { file in
            try Data("garbage, for now".utf8).write(to: URL(fileURLWithPath: file.path))
            await expectError(.unavailable) { try await file.open() }
            try FileManager.default.removeItem(atPath: file.path)
            try await file.withStore { _, ground in
                let conversation = try await ground.conversation()
                #expect(conversation.revision == 1)
            }
        }
    }

    @Test("A closed store refuses reads and writes, and closing again does nothing")
    func closed() async throws {
        try await SQLiteFile.with { file in
            let store = try await file.open()
            _ = try await store.personalProject(as: .alice)
            try await store.close()
            try await store.close()
            await expectError(.unavailable) { try await store.personalProject(as: .alice) }
            await expectError(.unavailable) { try await store.createProject(NewProject(name: "Late"), as: .alice) }
        }
    }
}

extension SQLiteFile {
    /// Keeps the file from being written for the time of `body`, by anyone.
    fileprivate func whileReadOnly(_ body: () async throws -> Void) async throws {
        // Root may write whatever the rights say, but not what is marked immutable.
        let (forbid, allow) =
            geteuid() == 0 ? (["chattr", "+i"], ["chattr", "-i"]) : (["chmod", "400"], ["chmod", "600"])
        try Self.run(forbid + [path])
        do {
            try await body()
        } catch {
            try Self.run(allow + [path])
            throw error
        }
        try Self.run(allow + [path])
    }

    private static func run(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command) failed")
    }
}
