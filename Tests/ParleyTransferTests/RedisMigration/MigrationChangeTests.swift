import Foundation
import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Synchronization
import Testing

@testable import ParleyTransfer

@Suite("A migration while things change", .timeLimit(.minutes(10)))
struct MigrationChangeTests {
    private func with(_ body: (Migrating, MigrationRedis) async throws -> Void) async throws {
        try await MigrationRedis.with { redis in
            for number in 1...3 {
                try await redis.set("project:p:memory:message:\(number)", Self.said("text \(number)", number))
            }
            try await Migrating.with { try await body($0, redis) }
        }
    }

    private static func said(_ text: String, _ minute: Int) -> JSON {
        [
            "role": "user", "content": .string(text), "session_id": "s",
            "timestamp": .string("2024-05-01T09:0\(minute):00Z"),
        ]
    }

    @Test("Keys that change, come and go while it runs are read again")
    func whileItRuns() async throws {
        try await with { migrating, redis in
            let isDone = Mutex(false)
            // After the third value of the first reading, before they are read to be brought.
            let changing = redis.hooked { name, _ throws(RedisError) in
                guard name == "SCAN", !isDone.withLock({ $0 }) else { return }
                isDone.withLock { $0 = true }
                _ = try await redis.client.send(["SET", "session_late", "{\"messages\":[]}"])
            }
            let gets = Mutex(0)
            let busy = changing.hooked { name, _ throws(RedisError) in
                guard name == "GET" else { return }
                let number = gets.withLock { count in
                    count += 1
                    return count
                }
                guard number == 4 else { return }
                _ = try await redis.client.send([
                    "SET", "project:p:memory:message:2", .bytes(Self.said("changed", 2).serialized),
                ])
                _ = try await redis.client.send([
                    "SET", "project:p:memory:message:9", .bytes(Self.said("new", 9).serialized),
                ])
                _ = try await redis.client.send(["DEL", "project:p:memory:message:3"])
            }
            let account = try await migrating.apply(busy)
            #expect(account.addsUp)
            #expect(account.readAgain > 0)
            #expect(account.keys == 3)
            let log = try await migrating.onlyLog()
            #expect(log.contains("user: new") && log.contains("user: text 1"))
            #expect(try await migrating.validate(redis).keys == 3)
        }
    }

    @Test("What changes after apply is a difference, and stays when the rest is removed")
    func afterApply() async throws {
        try await with { migrating, redis in
            _ = try await migrating.backup(redis)
            _ = try await migrating.apply(redis)
            try await redis.set("project:p:memory:message:2", Self.said("changed", 2))
            try await redis.set("project:p:memory:message:4", Self.said("new", 4))
            try await redis.call("DEL", "project:p:memory:message:1")
            let report = try await migrating.validate(redis)
            #expect(Set(report.differences.map(\.kind)) == ["changed_key", "new_key", "missing_key"])
            #expect(!report.allowsCleaning)
            await #expect(throws: ParleyError.self) { try await migrating.clean(redis) }
        }
    }

    @Test("Cleaning leaves a key that changes between the comparison and its removal")
    func lateChange() async throws {
        try await with { migrating, redis in
            _ = try await migrating.backup(redis)
            _ = try await migrating.apply(redis)
            #expect(try await migrating.validate(redis).allowsCleaning)
            try await redis.set("project:p:memory:message:2", Self.said("changed", 2))
            let report = try await migrating.clean(redis)
            #expect(report.removed == 2 && report.changed == 1)
            #expect(try await redis.dumps().count == 1)
            // The way back keeps what it overwrites.
            let rollback = try await migrating.rollback(redis)
            #expect(rollback.holds && rollback.replaced == 1 && rollback.restored == 3)
            #expect(try migrating.state().lines(.replaced).count == 1)
        }
    }

    @Test(
        "Planted differences are found: an edit, a deletion, a lost conversation",
        arguments: ["edit", "delete", "lose"]
    )
    func planted(_ kind: String) async throws {
        try await with { migrating, redis in
            _ = try await migrating.backup(redis)
            _ = try await migrating.apply(redis)
            let (id, log) = try #require(try await migrating.conversations().first)
            switch kind {
            case "edit":
                _ = try await migrating.store.editMessage(
                    log[1].id,
                    in: id,
                    MessageChanges(content: "other"),
                    expectedRevision: nil,
                    as: .alice
                )
            case "delete":
                _ = try await migrating.store.deleteMessage(log[1].id, in: id, expectedRevision: nil, as: .alice)
            default: _ = try await migrating.store.deleteConversation(id, expectedRevision: nil, as: .alice)
            }
            let report = try await migrating.validate(redis)
            #expect(report.differences.map(\.kind) == [kind == "lose" ? "missing_conversation" : "content"])
            await #expect(throws: ParleyError.self) { try await migrating.clean(redis) }
        }
    }

    @Test("Taking back keeps a conversation in which somebody has written since")
    func writtenSince() async throws {
        try await with { migrating, redis in
            _ = try await migrating.backup(redis)
            _ = try await migrating.apply(redis)
            let id = try #require(try await migrating.conversations().keys.first)
            _ = try await migrating.store.appendMessages([.user("later")], to: id, expectedRevision: nil, as: .alice)
            #expect(try await migrating.validate(redis).since == 1)
            let undone = try await migrating.undo(redis)
            #expect(undone.kept == [id] && undone.conversations == 0 && undone.projects == 0)
        }
    }

    @Test("A backup with one bit changed is refused, and so is half of one")
    func brokenBackup() async throws {
        try await with { migrating, redis in
            let path = try await migrating.backup(redis).path
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            var changed = whole
            changed[changed.count / 2] ^= 1
            for bytes in [changed, whole.prefix(whole.count / 2), whole + Data("{}\n".utf8), Data()] {
                try bytes.write(to: URL(fileURLWithPath: path))
                await #expect(throws: ParleyError.self) { try await migrating.rollback(redis) }
                await #expect(throws: ParleyError.self) { try await migrating.backup(redis) }
            }
        }
    }

    @Test("A second backup keeps the first, and none is made after the cleaning")
    func again() async throws {
        try await with { migrating, redis in
            let first = try await migrating.backup(redis)
            #expect(try await migrating.backup(redis).isOld)
            let second = try await migrating.steps(redis).backup(to: migrating.state(), again: true)
            #expect(!second.isOld && second.keys == first.keys)
            #expect(FileManager.default.fileExists(atPath: migrating.directory + "/backup-1.jsonl"))
            _ = try await migrating.apply(redis)
            _ = try await migrating.validate(redis)
            _ = try await migrating.clean(redis)
            await #expect(throws: ParleyError.self) {
                try await migrating.steps(redis).backup(to: migrating.state(), again: true)
            }
        }
    }

    @Test("One directory is one owner's migration, and one process's at a time")
    func claims() async throws {
        try await with { migrating, redis in
            _ = try await migrating.apply(redis)
            await #expect(throws: ParleyError.self) {
                try await migrating.steps(redis).apply(to: migrating.store, as: .bob, state: migrating.state())
            }
            let held = try migrating.state()
            #expect(throws: ParleyError.self) { try migrating.state() }
            _ = held
        }
    }
}
