import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

/// The doctor of a Redis that is the truth: every kind of damage is planted, found, and mended.
@Suite
struct DoctorTests {
    /// A kind of damage and how to make it.
    struct Plan: Sendable, CustomTestStringConvertible {
        let name: String
        let damage: DoctorReport.Damage
        var isMended = true
        /// What the log says when all is mended; `nil`: what it said before.
        var texts: [String]?
        let plant: @Sendable (TruthUnderTest) async throws -> Void

        var testDescription: String { name }

        static let all: [Plan] = [
            Plan(name: "a session without fields", damage: .recordMissing) { try await $0.command("DEL", $0.session) },
            Plan(name: "a session id without anything", damage: .recordMissing) {
                try await $0.command("SADD", $0.base + ":sessions", "00000000-0000-4000-8000-000000000001")
            },
            Plan(name: "a session that is in no set", damage: .recordUnlisted) {
                try await $0.command("SREM", $0.base + ":sessions", "\($0.conversation)")
            },
            Plan(name: "a project that is in no set", damage: .recordUnlisted) {
                try await $0.command("SREM", "projects", "\($0.project)")
            },
            Plan(
                name: "a message that is lost",
                damage: .messageMissing,
                texts: ["a heron stands", "", "an avocet wades"]
            ) {
                try await $0.command("DEL", $0.message(1))
            },
            Plan(
                name: "a message that stands in no log",
                damage: .messageUnlisted,
                texts: ["a heron stands", "a pelican dives", "an avocet wades"]
            ) { t in
                try await t.command("RPOP", t.session + ":messages")
                try await t.command("HSET", t.session, "message_count", "2")
            },
            Plan(
                name: "messages in another order",
                damage: .messageMisnumbered,
                texts: ["an avocet wades", "a heron stands", "a pelican dives"]
            ) { t in
                try await t.command("LMOVE", t.session + ":messages", t.session + ":messages", "RIGHT", "LEFT")
            },
            Plan(name: "a wrong count", damage: .countWrong) {
                try await $0.command("HSET", $0.session, "message_count", "7")
            },
            Plan(name: "a wrong place in lists", damage: .orderWrong) {
                try await $0.command("ZADD", $0.base + ":recent", "5", "\($0.conversation)")
            },
            Plan(name: "a place in lists of nothing", damage: .orderWrong) {
                try await $0.command("ZADD", $0.base + ":recent", "5", "00000000-0000-4000-8000-000000000001")
            },
            Plan(name: "no way from an id", damage: .wayWrong) {
                try await $0.command("DEL", TruthKeys.session($0.conversation))
            },
            Plan(name: "a way that leads elsewhere", damage: .wayWrong) {
                try await $0.command("SET", TruthKeys.session($0.conversation), "00000000-0000-4000-8000-000000000001")
            },
            Plan(name: "a way that leads nowhere", damage: .wayWrong) {
                try await $0.command("SET", "session:{00000000-0000-4000-8000-000000000001}", "\($0.project)")
            },
            Plan(name: "a way of a move that leads nowhere", damage: .wayWrong) { t in
                let gone = "00000000-0000-4000-8000-000000000001"
                try await t.command("SET", "session:{\(gone)}", "\(t.project)>\(gone):0123456789abcdef:1")
            },
            Plan(name: "a conversation in two projects", damage: .twofold, isMended: false) { t in
                let other = try await t.store.createProject(NewProject(name: "Other"), as: TruthUnderTest.alice).value
                    .id
                let copy = TruthKeys.project(other) + TruthKeys.session(in: t.conversation)
                try await t.command("COPY", t.session, copy)
                try await t.command("HSET", copy, "message_count", "0")
                try await t.command("SADD", TruthKeys.project(other) + ":sessions", "\(t.conversation)")
            },
            Plan(name: "trash that nobody took away", damage: .trash) { t in
                let gone = "00000000-0000-4000-8000-000000000001"
                try await t.command("SADD", t.base + ":trash", gone)
                try await t.command("RPUSH", "\(t.base):sessions:\(gone):messages", gone)
                try await t.command(
                    "SET",
                    "\(t.base):sessions:\(gone):messages:\(gone)",
                    #"{"seq":1,"content":"stork"}"#
                )
            },
            Plan(name: "a member who doesn't find the project", damage: .memberUnlisted) {
                try await $0.command("SREM", "person:{alice@example.com}:projects", "\($0.project)")
            },
            Plan(name: "a message that isn't found by its id", damage: .placeMissing) { t in
                for key in try await t.command("KEYS", "*:places:*").elements.compactMap(\.string) {
                    try await t.command("DEL", key)
                }
            },
            Plan(name: "an id that leads to another conversation", damage: .placeStale) {
                try await $0.command("HSET", $0.base + ":places:0", "0123456789abcde0", "0123456789abcdef")
            },
            Plan(name: "a text that the search doesn't find", damage: .notIndexed) {
                try await $0.command("HDEL", $0.base + ":terms:pel", "pelican")
            },
            Plan(name: "an index that is gone", damage: .notIndexed) { t in
                for key in try await t.command("KEYS", "*").elements.compactMap(\.string)
                where key.contains(":term") || key.contains(":documents") { try await t.command("DEL", key) }
            },
            Plan(name: "a title that the search doesn't find", damage: .notIndexed) {
                try await $0.command("HDEL", $0.base + ":terms:=wad", "=waders")
            },
            Plan(name: "a word in the index that leads nowhere", damage: .indexStale) { t in
                _ = try await t.redis.send(
                    ["HSET", .string(t.base + ":terms:sto"), "stork", .bytes([99])],
                    within: nil
                )
                try await t.command("ZADD", t.base + ":terms", "0", "sto")
            },
            Plan(name: "a word in the index that the text doesn't hold", damage: .indexStale) { t in
                _ = try await t.redis.send(
                    ["HSET", .string(t.base + ":terms:sto"), "stork", .bytes([2])],
                    within: nil
                )
                try await t.command("ZADD", t.base + ":terms", "0", "sto")
            },
            Plan(name: "drafts of a conversation that is gone", damage: .keyUnknown) {
                let gone = "00000000-0000-4000-8000-000000000001"
                try await $0.command("HSET", "\($0.base):sessions:\(gone):drafts", "alice@example.com", "stork")
            },
            Plan(name: "a value that can't be read", damage: .unreadable, isMended: false) {
                try await $0.command("SET", $0.message(1), "heron")
            },
        ]
    }

    @Test("Nothing is wrong with what Parley's own scripts have written")
    func healthy() async throws {
        try await TruthUnderTest.with { t in
            _ = try await t.store.editMessage(
                t.messages[0].id,
                in: t.conversation,
                MessageChanges(content: "a stork stands"),
                expectedRevision: nil,
                as: TruthUnderTest.alice
            )
            _ = try await t.store.deleteMessage(
                t.messages[1].id,
                in: t.conversation,
                expectedRevision: nil,
                as: TruthUnderTest.alice
            )
            let report = try await t.examine()
            #expect(report.lines.isEmpty, "\(report.lines)")
            #expect(report.conversations == 1)
            #expect(report.messages == 3)
        }
    }

    @Test("Damage is found, and mended without losing a text", arguments: Plan.all)
    func damage(_ plan: Plan) async throws {
        try await TruthUnderTest.with { t in
            let texts = try await t.texts()
            try await plan.plant(t)
            let found = try await t.examine()
            #expect(found.lines.contains { $0.damage == plan.damage && $0.found > 0 }, "\(found.lines)")
            #expect(found.left > 0)
            let mended = try await t.examine(repairs: true)
            #expect((mended.left == 0) == plan.isMended, "\(mended.lines)")
            guard plan.isMended else { return }
            let after = try await t.examine()
            #expect(after.lines.isEmpty, "\(after.lines)")
            let left = try await t.texts()
            #expect(left == plan.texts ?? texts)
            for text in left where !text.isEmpty {
                #expect(try await t.search("\"\(text)\"") == [text])
            }
            #expect(try await t.search("stork").isEmpty)
        }
    }

    /// What can become of a word's long list.
    enum ListDamage: CaseIterable {
        case isGone, holdsNonsense, leadsNowhere, isInAnotherOrder
    }

    @Test("A long list of a word's messages is examined and mended, too", arguments: ListDamage.allCases)
    func longList(_ damage: ListDamage) async throws {
        try await TruthUnderTest.with { t in
            for start in stride(from: 0, to: 400, by: 50) {
                let texts = (start..<start + 50).map { NewMessage(role: .user, content: "a stork \($0)") }
                _ = try await t.store.appendMessages(
                    texts,
                    to: t.conversation,
                    expectedRevision: nil,
                    as: TruthUnderTest.alice
                )
            }
            let key = t.base + ":term:stork"
            #expect(try await t.command("LLEN", key).integer ?? 0 > 1)
            #expect(try await t.examine().left == 0)
            switch damage {
            case .isGone: try await t.command("DEL", key)
            case .holdsNonsense: try await t.command("LSET", key, "0", "x")
            case .leadsNowhere:
                let piece = RedisArgument.bytes([0, 0, 7, 1, 0x81, 0x0E])
                _ = try await t.redis.send(["RPUSH", .string(key), piece], within: nil)
            case .isInAnotherOrder: try await t.command("LMOVE", key, key, "LEFT", "RIGHT")
            }
            let found = try await t.examine()
            let expected: DoctorReport.Damage = damage == .leadsNowhere ? .indexStale : .notIndexed
            #expect(found.lines.contains { $0.damage == expected })
            #expect(try await t.examine(repairs: true).left == 0)
            #expect(try await t.examine().lines.isEmpty)
            #expect(try await t.search("stork 7 ") == ["a stork 7"])
            #expect(try await t.search("stork 388 ") == ["a stork 388"])
        }
    }
}
