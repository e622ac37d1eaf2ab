import Testing

@Suite("The check of what a fault has left")
struct JournalCheckTests {
    /// One way to break a promise, and the promise.
    enum Damage: CaseIterable {
        case messageLost, conversationLost, foundNothing, deletionLost, editLost, replyLost, shownLost
        case doubled, twoPlaces, otherText, foreignMessage, gap, countWrong, revisionShared, revisionLost,
            revisionsUnseen
        case shownInTwoWays, readWithGap, readTooShort, readLacksNewest, readOldVersion, readOfFuture, readBehindCount
        case staleRead, staleEdit, readOfDeleted, goesBack, otherPieces, cacheOtherwise, instancesDiffer, stillStreaming
        case badStatus, noRetryAfter, lateFailure, lostWithoutReason, hangs

        var rule: JournalCheck.Rule {
            switch self {
            case .messageLost, .conversationLost, .foundNothing, .deletionLost, .editLost, .replyLost, .shownLost: .kept
            case .doubled, .twoPlaces: .once
            case .otherText, .foreignMessage: .authentic
            case .gap, .countWrong: .seqs
            case .revisionShared, .revisionLost, .revisionsUnseen: .revisions
            case .shownInTwoWays: .agreement
            case .readWithGap, .readTooShort, .readLacksNewest, .readOldVersion, .readOfFuture, .readBehindCount: .whole
            case .staleRead, .staleEdit, .readOfDeleted: .fresh
            case .goesBack: .forward
            case .otherPieces: .pieces
            case .cacheOtherwise, .instancesDiffer, .stillStreaming: .rest
            case .badStatus, .noRetryAfter, .lateFailure, .lostWithoutReason: .failures
            case .hangs: .deadline
            }
        }
    }

    private static func sight(_ id: String, _ seq: Int, _ revision: Int, text: String? = nil, wire: Int? = 1) -> Sight {
        Sight(id: id, seq: seq, revision: revision, status: "delivered", text: (text ?? id).byteHash, wire: wire)
    }

    private static func operation(
        _ kind: Operation.Kind,
        _ message: String = "",
        at time: Int,
        client: Int = 1,
        status: Int = 200,
        in conversation: String = "log",
        _ sights: [Sight] = []
    ) -> Operation {
        var operation = Operation(client: client, instance: 0, kind: kind, conversation: conversation, message: message)
        operation.start = time
        operation.end = time + 5
        operation.outcome = .answered(status)
        operation.sights = sights
        if kind == .append || kind == .edit || kind == .turn { operation.text = message.byteHash }
        return operation
    }

    /// Three messages, of which the second was edited, a deleted conversation, and a turn; with reads in between, and a
    /// failure during the fault from 100 to 200.
    private static var kept: JournalCheck {
        var edit = operation(.edit, "b", at: 40, [sight("b", 2, 5, text: "b2")])
        edit.text = "b2".byteHash
        var failed = operation(.append, "d", at: 150, status: 503)
        failed.retryAfter = 1
        var turn = operation(.turn, "q", at: 10, in: "chat", [sight("q", 1, 2)])
        turn.reply = "r"
        turn.pieces = Array("Hel".utf8)
        var counted = operation(
            .read(50),
            at: 70,
            client: 2,
            [sight("a", 1, 2), sight("b", 2, 5, text: "b2"), sight("c", 3, 4)]
        )
        (counted.revision, counted.count) = (5, 3)
        var reply = sight("r", 2, 4, text: "Hello")
        reply.wire = nil
        let log = [sight("a", 1, 2, wire: nil), sight("b", 2, 5, text: "b2", wire: nil), sight("c", 3, 4, wire: nil)]
        return JournalCheck(
            operations: [
                operation(.append, "a", at: 0, [sight("a", 1, 2)]),
                operation(.append, "b", at: 10, [sight("b", 2, 3)]),
                operation(.read(15), at: 20, client: 2, [sight("a", 1, 2), sight("b", 2, 3)]),
                operation(.append, "c", at: 30, [sight("c", 3, 4)]),
                edit,
                operation(.append, "c", at: 50, [sight("c", 3, 4)]),
                operation(.read(2), at: 60, client: 2, [sight("b", 2, 5, text: "b2"), sight("c", 3, 4)]),
                counted,
                failed,
                operation(.create, at: 10, in: "gone"),
                operation(.append, "x", at: 20, in: "gone", [sight("x", 1, 2)]),
                operation(.deleteConversation, at: 30, in: "gone"),
                operation(.read(15), at: 40, status: 404, in: "gone"),
                turn,
            ],
            truth: [
                "log": JournalCheck.Log(revision: 5, count: 3, messages: log),
                "chat": JournalCheck.Log(revision: 4, count: 2, messages: [sight("q", 1, 2, wire: nil), reply]),
            ],
            replies: ["r": Array("Hello".utf8)],
            views: [
                JournalCheck.View(name: "cache", logs: ["log": [sight("c", 3, 4)]]),
                JournalCheck.View(name: "instance", logs: ["log": [sight("b", 2, 5, text: "b2"), sight("c", 3, 4)]]),
            ],
            conditions: JournalCheck.Conditions(failing: 100...200)
        )
    }

    @Test("Kept promises pass")
    func kept() {
        #expect(Self.kept.violations() == [])
    }

    @Test("Every broken promise is found", arguments: Damage.allCases)
    func broken(damage: Damage) {
        var check = Self.kept
        Self.apply(damage, to: &check)
        let found = check.violations()
        #expect(found.contains { $0.rule == damage.rule }, "\(found)")
    }

    private static func apply(_ damage: Damage, to check: inout JournalCheck) {
        func log(_ change: (inout JournalCheck.Log) -> Void) {
            if var log = check.truth["log"] {
                change(&log)
                check.truth["log"] = log
            }
        }
        func add(_ operation: Operation) { check.operations.append(operation) }
        let (a, b, c) = (sight("a", 1, 2), sight("b", 2, 5, text: "b2"), sight("c", 3, 4))
        switch damage {
        case .messageLost:
            // One that was acknowledged and never shown to anybody.
            add(operation(.append, "e", at: 210))
        case .conversationLost: check.truth["log"] = nil
        case .foundNothing: add(operation(.read(15), at: 80, status: 404))
        case .deletionLost: check.truth["gone"] = JournalCheck.Log(revision: 2, count: 1, messages: [sight("x", 1, 2)])
        case .editLost: log { $0.messages[1] = sight("b", 2, 3, wire: nil) }
        case .replyLost: check.replies = [:]
        case .shownLost: add(operation(.read(15), at: 80, client: 2, [a, b, c, sight("e", 4, 6)]))
        case .doubled: log { $0.messages.append(sight("c", 4, 6)) }
        case .twoPlaces: add(operation(.append, "c", at: 210, [sight("c", 4, 6)]))
        case .otherText: log { $0.messages[0].text = "other".byteHash }
        case .foreignMessage: log { $0.messages.append(sight("e", 4, 6)) }
        case .gap: log { $0.messages[2].seq = 4 }
        case .countWrong: log { $0.count = 4 }
        case .revisionShared: add(operation(.edit, "a", at: 210, [sight("a", 1, 4)]))
        case .revisionLost: log { $0.revision = 4 }
        case .revisionsUnseen: log { $0.revision = 7 }
        case .shownInTwoWays: add(operation(.read(1), at: 210, [sight("c", 3, 4, wire: 2)]))
        case .readWithGap: add(operation(.read(15), at: 210, [a, c]))
        case .readTooShort: add(operation(.read(15), at: 210, [b, c]))
        case .readLacksNewest: add(operation(.read(15), at: 210, [a, b]))
        case .readOldVersion:
            check.operations[7].sights[1] = sight("b", 2, 3)
        case .readOfFuture: check.operations[7].revision = 4
        case .readBehindCount: check.operations[7].count = 4
        case .staleRead: add(operation(.read(15), at: 36, client: 9, [a, sight("b", 2, 3)]))
        case .staleEdit: add(operation(.read(15), at: 46, client: 9, [a, sight("b", 2, 3), c]))
        case .readOfDeleted: add(operation(.read(15), at: 50, in: "gone", [sight("x", 1, 2)]))
        case .goesBack: add(operation(.read(15), at: 80, client: 2, [a, sight("b", 2, 3)]))
        case .otherPieces: check.replies["r"] = Array("Hi".utf8)
        case .cacheOtherwise: check.views[0].logs["log"] = [sight("c", 3, 4, text: "other")]
        case .instancesDiffer: check.views[1].logs["log"] = [sight("c", 3, 4, wire: 2)]
        case .stillStreaming: log { $0.messages[2].status = "streaming" }
        case .badStatus: add(operation(.append, "d", at: 150, status: 500))
        case .noRetryAfter: add(operation(.append, "d", at: 150, status: 503))
        case .lateFailure: check.conditions.failing = 100...140
        case .lostWithoutReason:
            var lost = operation(.append, "d", at: 150)
            lost.outcome = .lost("reset")
            add(lost)
        case .hangs: check.conditions.longest = 4
        }
    }
}
