import ParleyCore
import ParleyStore
import ParleyTesting
import RedisWire
import Synchronization
import Testing

@testable import ParleyTransfer

@Suite("A migration that is run again later", .timeLimit(.minutes(10)))
struct MigrationAgainTests {
    private func with(_ body: (Migrating, MigrationRedis) async throws -> Void) async throws {
        try await MigrationRedis.with { redis in try await Migrating.with { try await body($0, redis) } }
    }

    private static func said(_ text: String, _ minute: Int, id: String? = nil, in session: String? = "s") -> JSON {
        var object: JSONObject = [
            "role": "user", "content": .string(text),
            "timestamp": .string("2024-05-01T09:\(minute < 10 ? "0" : "")\(minute):00Z"),
        ]
        object["id"] = id.map(JSON.string)
        object["session_id"] = session.map(JSON.string)
        return .object(object)
    }

    /// Messages of minutes 1, 2 and 3, the first and last of which say the same, in both places.
    private func fill(_ redis: MigrationRedis, list project: String? = "p", more: [JSON] = []) async throws {
        var list: [JSON] = []
        for (number, text) in [(1, "ok"), (2, "so"), (3, "ok")] {
            try await redis.set("project:p:memory:message:k\(number)", Self.said(text, number))
            list.append(Self.said(text, number, in: nil))
        }
        var session: JSONObject = ["messages": .array(list + more)]
        session["project_id"] = project.map(JSON.string)
        try await redis.set("session_s", .object(session))
    }

    @Test("Nothing is doubled when one of two copies has gone, whether the session names its project or not")
    func copiesGone() async throws {
        for project in ["p", nil] {
            for gone in [["k1"], ["k3", "k2"], ["k1", "k2", "k3"]] {
                try await with { migrating, redis in
                    try await fill(redis, list: project)
                    let first = try await migrating.apply(redis)
                    #expect(first.count(of: .imported) == 4 && first.count(of: .merged) == 3)
                    let before = try await migrating.conversations()
                    for key in gone { try await redis.call("DEL", "project:p:memory:message:\(key)") }
                    let again = try await migrating.apply(redis)
                    #expect(again.count(of: .imported) == 0 && again.count(of: .quarantined) == 0, "\(gone)")
                    #expect(try await migrating.conversations() == before)
                    #expect(try await migrating.validate(redis).holds)
                    // What says the same at another time is new.
                    try await redis.set("project:p:memory:message:k4", Self.said("ok", 4))
                    #expect(try await migrating.apply(redis).count(of: .imported) == 1)
                    #expect(try await migrating.onlyLog() == ["user: ok", "user: so", "user: ok", "user: ok"])
                }
            }
        }
    }

    @Test("After the cleaning an apply adds nothing, and what is compared is still everything")
    func cleaned() async throws {
        try await with { migrating, redis in
            try await fill(redis, list: nil, more: [["role": "ghost", "content": "boo"]])
            try await redis.set("project:p:memory:message:x", Self.said("elsewhere", 5, in: "other"))
            _ = try await migrating.backup(redis)
            _ = try await migrating.apply(redis)
            let whole = try await migrating.validate(redis)
            #expect(whole.conversations == 2 && whole.messages == 4 && whole.allowsCleaning)
            #expect(try await migrating.clean(redis).removed == 4)
            let before = try await migrating.conversations()
            #expect(try await migrating.apply(redis).count(of: .imported) == 0)
            #expect(try await migrating.conversations() == before)
            let after = try await migrating.validate(redis)
            #expect(after.holds && after.conversations == 2 && after.messages == 4)
            #expect(try migrating.records().count == 9)
            // What is cleaned and lost is found, though nothing in the old Redis tells of it any more.
            let lost = try #require(before.first { $0.value.count == 1 }?.key)
            _ = try await migrating.store.deleteConversation(lost, expectedRevision: nil, as: .alice)
            #expect(try await migrating.validate(redis).differences.map(\.kind) == ["missing_conversation"])
        }
    }

    @Test("After a rollback the keys are cleaned no more: another backup may be made, and a key that goes is missed")
    func rolledBack() async throws {
        try await with { migrating, redis in
            try await fill(redis)
            _ = try await migrating.backup(redis)
            _ = try await migrating.apply(redis)
            _ = try await migrating.validate(redis)
            #expect(try await migrating.clean(redis).removed == 4)
            #expect(try await migrating.rollback(redis).holds)
            let again = try await migrating.steps(redis).backup(to: migrating.state(), again: true)
            #expect(!again.isOld && again.keys == 4)
            #expect(try await migrating.validate(redis).allowsCleaning)
            try await redis.call("DEL", "project:p:memory:message:k1")
            #expect(try await migrating.validate(redis).differences.map(\.kind) == ["missing_key"])
        }
    }

    @Test("What comes in the middle while it runs, or after it was killed, breaks no order")
    func late() async throws {
        try await with { migrating, redis in
            for minute in [1, 30] {
                try await redis.set("project:p:memory:message:\(minute)", Self.said("\(minute)", minute))
            }
            let gets = Mutex(0)
            let busy = redis.hooked { name, _ throws(RedisError) in
                guard name == "GET" else { return }
                let number = gets.withLock { count in
                    count += 1
                    return count
                }
                // After they were read to be brought.
                guard number == 4 else { return }
                let value = Self.said("20", 20).serialized
                _ = try await redis.client.send(["SET", "project:p:memory:message:20", .bytes(value)])
            }
            let account = try await migrating.apply(busy)
            #expect(account.count(of: .imported) == 3 && account.count(of: .alreadyThere) == 0)
            #expect(try await migrating.onlyLog() == ["user: 1", "user: 30", "user: 20"])
            #expect(try await migrating.validate(redis).holds)
            // As after SIGKILL: nothing is known but what was there before.
            for file in [StateDirectory.File.conversations, .keys, .records] { try migrating.state().remove(file) }
            try await redis.call("DEL", "project:p:memory:message:30")
            try await redis.set("project:p:memory:message:10", Self.said("10", 10))
            #expect(try await migrating.apply(redis).count(of: .imported) == 1)
            let report = try await migrating.validate(redis)
            #expect(report.holds && report.messages == 4, "\(report.differences)")
            // An order that changes from then on is found.
            let lines = try migrating.state().lines(.conversations)
            var turned = try #require(lines.first.flatMap(ManifestConversation.init))
            turned.messages.swapAt(0, 3)
            try await migrating.state().write(.conversations) { try $0.write(turned.line) }
            #expect(try await migrating.validate(redis).differences.contains { $0.kind == "order" })
        }
    }

    @Test("A value that changed after it was brought is put aside, and its key is kept; the rest is cleaned")
    func changed() async throws {
        try await with { migrating, redis in
            try await fill(redis)
            _ = try await migrating.backup(redis)
            _ = try await migrating.apply(redis)
            let before = try await migrating.conversations()
            try await redis.set("project:p:memory:message:k2", Self.said("so what", 2))
            let account = try await migrating.apply(redis)
            #expect(account.count(of: .imported) == 0 && account.reasons["differs"]?.count == 1)
            #expect(try await migrating.conversations() == before)
            let report = try await migrating.validate(redis)
            #expect(report.holds && report.allowsCleaning, "\(report.differences)")
            let cleaning = try await migrating.clean(redis)
            #expect(cleaning.removed == 3 && cleaning.quarantined == 1)
            #expect(try await redis.dumps().count == 1)
        }
    }

    @Test("What was edited here counts as brought, and what stands there twice is a difference")
    func editedAndDoubled() async throws {
        try await with { migrating, redis in
            try await fill(redis)
            _ = try await migrating.apply(redis)
            let (id, log) = try #require(try await migrating.conversations().first)
            let changes = MessageChanges(content: "mine")
            _ = try await migrating.store.editMessage(log[0].id, in: id, changes, expectedRevision: nil, as: .alice)
            #expect(try await !migrating.validate(redis).holds)
            let again = try await migrating.apply(redis)
            #expect(again.count(of: .imported) == 0 && again.count(of: .quarantined) == 0)
            #expect(try await migrating.validate(redis).holds)
            var double = NewMessage.user("so")
            double.metadata = log[1].metadata
            _ = try await migrating.store.appendMessages([double], to: id, expectedRevision: nil, as: .alice)
            #expect(try await migrating.validate(redis).differences.map(\.kind) == ["surplus_message"])
        }
    }

    @Test("Members of a project that isn't there are refused before anything is brought")
    func members() async throws {
        try await with { migrating, redis in
            try await fill(redis)
            func members(_ project: String) throws -> MigrationMembers {
                try MigrationMembers(parsing: Array("{\"\(project)\": [{\"email\": \"bob@example.org\"}]}".utf8))
            }
            let error = await #expect(throws: ParleyError.self) {
                try await migrating.apply(redis, members: members("apolo"))
            }
            #expect(error?.code == .invalidRequest && error?.message.contains("\"apolo\"") == true)
            #expect(try await migrating.conversations().isEmpty)
            _ = try await migrating.apply(redis, members: members("p"))
            // One of which nothing is left there is known here.
            try await redis.call("FLUSHALL")
            _ = try await migrating.apply(redis, members: members("p"))
        }
    }
}
