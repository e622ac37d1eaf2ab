import Logging
import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

/// What the doctor does with more than one thing at once: large projects, conversations of which much is gone.
@Suite(.timeLimit(.minutes(15)))
struct DoctorRecoveryTests {
    @Test("A project of more messages than one digit of places is for is looked through")
    func manyMessages() async throws {
        try await TruthUnderTest.with { t in
            for start in stride(from: 0, to: 2400, by: 200) {
                let texts = (start..<start + 200).map { NewMessage(role: .user, content: "number \($0)") }
                _ = try await t.append(texts)
            }
            #expect(try await t.command("GET", t.base + ":places").string != nil)
            let report = try await t.examine()
            #expect(report.lines.isEmpty, "\(report.lines)")
            #expect(report.messages == 2403)
        }
    }

    @Test("A log that is gone comes back in its order, and each message with its versions")
    func lostLog() async throws {
        try await TruthUnderTest.with { t in
            let more = try await t.append((4...12).map { NewMessage(role: .user, content: "curlew \($0)") })
            for index in [0, 2, 4, 5, 8] {
                _ = try await t.store.editMessage(
                    more[index].id,
                    in: t.conversation,
                    MessageChanges(content: "edited \(index)"),
                    expectedRevision: nil,
                    as: TruthUnderTest.alice
                )
            }
            let before = try await t.log(of: t.conversation)
            try await t.command("DEL", t.session + ":messages")
            try await t.expectMended()
            #expect(try await t.log(of: t.conversation) == before)
            #expect(try await t.search("\"edited 4\"") == ["edited 4"])
        }
    }

    @Test("Conversations without fields that no set names come back whole")
    func lostConversations() async throws {
        try await TruthUnderTest.with { t in
            var logs: [ConversationID: [TruthUnderTest.Line]] = [:]
            for number in 1...8 {
                let input = NewConversation(title: "Number \(number)", projectID: t.project)
                let id = try await t.store.createConversation(input, as: TruthUnderTest.alice).value.id
                _ = try await t.store.appendMessages(
                    ["one", "two", "three"].map { NewMessage(role: .user, content: "\($0) of \(number)") },
                    to: id,
                    expectedRevision: nil,
                    as: TruthUnderTest.alice
                )
                _ = try await t.store.setDraft("draft \(number)", in: id, as: TruthUnderTest.alice)
                logs[id] = try await t.log(of: id)
            }
            for id in logs.keys {
                try await t.command("DEL", t.base + TruthKeys.session(in: id))
                try await t.command("SREM", t.base + ":sessions", "\(id)")
            }
            try await t.expectMended()
            for (id, log) in logs {
                #expect(try await t.log(of: id) == log)
                #expect(try await t.store.draft(in: id, as: TruthUnderTest.alice) != nil)
            }
        }
    }

    @Test("What is no message's id, and an id that stands twice, leave the log")
    func oddEntries() async throws {
        try await TruthUnderTest.with { t in
            let before = try await t.log(of: t.conversation)
            try await t.command("RPUSH", t.session + ":messages", "nonsense", "\(t.messages[0].id)")
            try await t.command("LINSERT", t.session + ":messages", "BEFORE", "\(t.messages[1].id)", "more nonsense")
            try await t.command("HSET", t.session, "message_count", "6")
            try await t.expectMended()
            #expect(try await t.log(of: t.conversation) == before)
            let snapshot = try await t.store.conversation(t.conversation, newestMessages: 1, as: TruthUnderTest.alice)
            #expect(snapshot.conversation.messageCount == 3)
        }
    }

    @Test("A reply goes on answering its message when both get another number")
    func renumberedReply() async throws {
        try await TruthUnderTest.with { t in
            let question = NewMessage(role: .user, content: "who waded")
            let asked = try await t.append([question])[0]
            let key = t.base + TruthKeys.message(asked.id, of: t.conversation)
            let value = try await t.command("GET", key).string ?? ""
            let answer = "00000000-0000-4000-8000-00000000000a"
            let rest = value.dropFirst(#"{"seq":4"#.utf8.count)
            let reply = #"{"seq":5,"role":"assistant","reply_to":4"# + rest
            try await t.command("SET", "\(t.session):messages:\(answer)", reply)
            try await t.command("RPUSH", t.session + ":messages", answer)
            // The first message goes for good, also from the log: all behind it move up.
            try await t.command("LPOP", t.session + ":messages")
            try await t.command("DEL", t.message(0))
            try await t.expectMended()
            let stored = try await t.command("GET", "\(t.session):messages:\(answer)").string ?? ""
            #expect(stored.contains(#""reply_to":3"#), "\(stored)")
            #expect(try await t.log(of: t.conversation).count == 4)
        }
    }

    @Test("The search finds texts whose documents are gone, and no number is left that nothing leads to")
    func lostDocuments() async throws {
        try await TruthUnderTest.with { t in
            try await t.command("DEL", t.session + ":documents")
            try await t.expectMended()
            #expect(try await t.search("pelican") == ["a pelican dives"])
        }
    }

    // MARK: Beside servers

    @Test("A conversation that is deleted while the doctor works does not come back", arguments: [false, true])
    func deletedMeanwhile(isDamaged: Bool) async throws {
        try await TruthUnderTest.with { t in
            try await t.atEachStep { id in
                // Of another, so that there is something to mend.
                if isDamaged { try await t.command("DEL", t.session + ":messages") }
                return { _ = try await t.store.deleteConversation(id, expectedRevision: nil, as: TruthUnderTest.alice) }
            } expecting: { id, step in
                let keys = try await t.command("KEYS", "*\(id)*").elements.compactMap(\.string)
                #expect(keys.isEmpty, "step \(step)")
                #expect(try await t.command("SISMEMBER", t.base + ":sessions", "\(id)").integer == 0, "step \(step)")
            }
        }
    }

    @Test("A conversation that is moved while the doctor works is in one place")
    func movedMeanwhile() async throws {
        try await TruthUnderTest.with { t in
            let other = try await t.store.createProject(NewProject(name: "Other"), as: TruthUnderTest.alice).value.id
            try await t.atEachStep { id in
                {
                    let changes = ConversationChanges(projectID: other)
                    let alice = TruthUnderTest.alice
                    _ = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: alice)
                }
            } expecting: { id, step in
                #expect(try await t.command("SISMEMBER", t.base + ":sessions", "\(id)").integer == 0, "step \(step)")
                let keys = try await t.command("KEYS", "\(t.base)*\(id)*").elements.compactMap(\.string)
                #expect(keys.isEmpty, "step \(step)")
                #expect(try await t.log(of: id).map(\.text) == ["first", "second"], "step \(step)")
                _ = try await t.store.deleteConversation(id, expectedRevision: nil, as: TruthUnderTest.alice)
            }
        }
    }
}

extension TruthUnderTest {
    /// A message as a reader sees it, with the texts that it had before.
    struct Line: Hashable, Sendable {
        let id: MessageID
        let seq: Int
        let text: String
        let versions: [String]
    }

    func append(_ messages: [NewMessage]) async throws -> [Message] {
        try await store.appendMessages(messages, to: conversation, expectedRevision: nil, as: Self.alice).value
    }

    func log(of id: ConversationID) async throws -> [Line] {
        var lines: [Line] = []
        while true {
            let page = try await store.messages(in: id, .after(lines.last?.seq ?? 0), limit: 100, as: Self.alice)
            for message in page.messages {
                let versions = try await store.versions(of: message.id, in: id, as: Self.alice)
                lines.append(
                    Line(id: message.id, seq: message.seq, text: message.content, versions: versions.map(\.content))
                )
            }
            guard page.hasMore else { return lines }
        }
    }

    /// There is damage; it is mended, all of it, at once.
    func expectMended(_ comment: Comment? = nil) async throws {
        #expect(try await examine().left > 0, comment)
        let mended = try await examine(repairs: true)
        #expect(mended.left == 0, "\(comment.map { "\($0)" } ?? "") \(mended.lines)")
        let after = try await examine()
        #expect(after.lines.isEmpty, "\(comment.map { "\($0)" } ?? "") \(after.lines)")
    }

    /// Lets a doctor mend again and again; each time something happens one command later, to a new conversation of two messages.
    func atEachStep(
        _ prepare: (ConversationID) async throws -> @Sendable () async throws -> Void,
        expecting: (ConversationID, Int) async throws -> Void
    ) async throws {
        var step = 0
        while true {
            let input = NewConversation(title: "Passing", projectID: project)
            let id = try await store.createConversation(input, as: Self.alice).value.id
            _ = try await store.appendMessages(
                [NewMessage(role: .user, content: "first"), NewMessage(role: .user, content: "second")],
                to: id,
                expectedRevision: nil,
                as: Self.alice
            )
            let meddling = MeddlingRedis(redis, before: step, try await prepare(id))
            let beside = RedisStore(
                meddling,
                clock: clock,
                ids: SequentialIDs(series: 2),
                logger: Logger(label: "test"),
                leasesGoByStoreClock: true
            )
            _ = try await RedisDoctor(beside, repairs: true).examine()
            guard await meddling.hasMeddled else { break }
            try await expecting(id, step)
            step += 1
        }
        #expect(step > 10)
        #expect(try await examine(repairs: true).left == 0)
    }
}

/// Passes on what is sent; before one of the commands something else happens.
private actor Meddler {
    private var left: Int
    private let meddle: @Sendable () async throws -> Void

    init(_ count: Int, _ meddle: @escaping @Sendable () async throws -> Void) {
        left = count
        self.meddle = meddle
    }

    var hasMeddled: Bool { left < 0 }

    func pass() async throws {
        left -= 1
        if left == -1 { try await meddle() }
    }
}

private struct MeddlingRedis: RedisCommanding {
    private let redis: any RedisCommanding
    private let meddler: Meddler

    init(_ redis: any RedisCommanding, before step: Int, _ meddle: @escaping @Sendable () async throws -> Void) {
        self.redis = redis
        meddler = Meddler(step, meddle)
    }

    var hasMeddled: Bool { get async { await meddler.hasMeddled } }

    func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply {
        await pass()
        return try await redis.send(command, within: timeout)
    }

    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        await pass()
        return try await redis.run(script, keys: keys, arguments: arguments, within: timeout)
    }

    private func pass() async {
        do {
            try await meddler.pass()
        } catch {
            Issue.record(error)
        }
    }
}
