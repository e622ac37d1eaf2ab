import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyTransfer

@Suite("Dirty Redis data, from seeds", .timeLimit(.minutes(10)))
struct DirtyMigrationTests {
    @Test("All records are accounted for, twice is once, what is compared holds, and the way back is exact")
    func everything() async throws {
        try await MigrationRedis.with { redis in
            for seed in UInt64(1)...40 {
                var dirt = DirtyRedis(seed: seed)
                let keys = try await dirt.write(to: redis)
                try await Migrating.with { try await walk($0, redis, keys, seed) }
            }
        }
    }

    private func walk(_ migrating: Migrating, _ redis: MigrationRedis, _ keys: Int, _ seed: UInt64) async throws {
        let comment = Comment("seed \(seed)")
        let before = try await redis.dumps()
        let backup = try await migrating.backup(redis)
        #expect(backup.keys == keys, comment)

        let plan = try await migrating.steps(redis).plan()
        #expect(plan.addsUp && plan.keys == keys, comment)
        #expect(try await migrating.conversations().isEmpty, comment)

        let first = try await migrating.apply(redis)
        #expect(first.addsUp && first.found == plan.found, comment)
        #expect(first.count(of: .alreadyThere) == 0, comment)
        for outcome in [ImportItemOutcome.imported, .merged, .leftAlone, .quarantined] {
            #expect(first.count(of: outcome) == plan.count(of: outcome), comment)
        }
        let records = try migrating.records()
        #expect(records.count == first.found, comment)
        // Every message has one record of its own, and every record that is in the store says where.
        let stored = try await migrating.conversations()
        let messages = stored.values.flatMap(\.self)
        let imported = records.filter { $0["outcome"] == "imported" && $0["message_id"] != nil }
        #expect(
            Set(messages.map(\.id.description)) == Set(imported.compactMap { $0["message_id"]?.stringValue }),
            comment
        )
        #expect(imported.count == messages.count, comment)
        for record in records where record["outcome"] == "quarantined" || record["outcome"] == "left_alone" {
            #expect(record["reason"] != nil, comment)
        }
        for log in stored.values {
            #expect(zip(log, log.dropFirst()).allSatisfy { $0.createdAt <= $1.createdAt }, comment)
        }

        let second = try await migrating.apply(redis)
        #expect(second.addsUp && second.count(of: .imported) == 0, comment)
        #expect(second.count(of: .alreadyThere) == first.count(of: .imported), comment)
        #expect(try await migrating.conversations() == stored, comment)

        let report = try await migrating.validate(redis)
        #expect(report.holds && report.allowsCleaning, "seed \(seed): \(report.differences)")
        #expect(report.messages == messages.count, comment)

        let cleaning = try await migrating.clean(redis)
        let left = try await redis.dumps()
        #expect(cleaning.changed == 0 && cleaning.withoutBackup == 0, comment)
        #expect(left.count == before.count - cleaning.removed, comment)
        #expect(left[Array("elsewhere".utf8)] != nil, comment)
        // Nothing that is put aside or left alone is removed.
        for record in records where record["outcome"] == "quarantined" || record["outcome"] == "left_alone" {
            guard let key = record["key"]?.stringValue, !key.hasPrefix("base64:") else { continue }
            #expect(left[Array(key.utf8)] != nil, comment)
        }
        #expect(try await migrating.validate(redis).holds, comment)
        #expect(try await migrating.clean(redis).removed == 0, comment)

        let rollback = try await migrating.rollback(redis)
        #expect(rollback.holds && rollback.restored >= cleaning.removed, comment)
        #expect(try await redis.dumps() == before, comment)

        let undone = try await migrating.undo(redis)
        #expect(undone.kept.isEmpty && undone.conversations == stored.count, comment)
        #expect(try await migrating.conversations().isEmpty, comment)
        #expect(
            try await migrating.store.projects(page: PageRequest(limit: 100), as: .alice).elements.count == 1,
            comment
        )
    }

    @Test("A step that is stopped at any command goes on where it is run again", arguments: [UInt64(3), 11])
    func stopped(_ seed: UInt64) async throws {
        try await MigrationRedis.with { redis in
            var dirt = DirtyRedis(seed: seed)
            let keys = try await dirt.write(to: redis)
            let before = try await redis.dumps()
            try await Migrating.with { migrating in
                #expect(try await stop(redis) { _ = try await migrating.backup($0) } > 2)
                #expect(try await migrating.backup(redis).keys == keys)
                #expect(try await stop(redis) { _ = try await migrating.apply($0) } > 2)
                let account = try await migrating.apply(redis)
                #expect(account.addsUp)
                var whole: [ConversationID: [Message]] = [:]
                try await Migrating.with { other in
                    let once = try await other.apply(redis)
                    #expect(once.found == account.found)
                    #expect(
                        once.count(of: .imported) == account.count(of: .alreadyThere) + account.count(of: .imported)
                    )
                    whole = try await other.conversations()
                }
                let logs = { (all: [ConversationID: [Message]]) in
                    Set(all.values.map { $0.map { "\($0.seq) \($0.role) \($0.content) \($0.createdAt)" } })
                }
                #expect(logs(try await migrating.conversations()) == logs(whole))
                #expect(try await stop(redis) { _ = try await migrating.validate($0) } > 2)
                #expect(try await migrating.validate(redis).allowsCleaning)
                #expect(try await stop(redis) { _ = try await migrating.clean($0) } > 0)
                _ = try await migrating.clean(redis)
                #expect(try await stop(redis) { _ = try await migrating.rollback($0) } > 2)
                #expect(try await migrating.rollback(redis).holds)
                #expect(try await redis.dumps() == before)
            }
        }
    }

    /// Runs a step again and again, stopped at ever later commands, until it comes to its end; returns how often it was.
    private func stop(_ redis: MigrationRedis, _ step: (MigrationRedis) async throws -> Void) async throws -> Int {
        var stops = 0
        var number = 1
        while true {
            do {
                try await step(redis.failing(at: number))
                return stops
            } catch let error as ParleyError {
                #expect(error.code == .unavailable)
                stops += 1
                number += 1 + number / 2
            }
        }
    }
}
