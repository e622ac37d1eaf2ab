import LibPQ
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres

@Suite("PostgreSQL's batches of pieces")
struct HotPieceTests {
    @Test("Many replies are written at once, each with its own pieces, repetitions, errors and end")
    func manyReplies() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            try await server.withStores(2, on: database) { stores in
                try await withThrowingTaskGroup { group in
                    for writer in 0..<40 {
                        group.addTask {
                            try await Self.write(as: writer, stores[writer % 2], other: stores[1 - writer % 2])
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    /// Writes a reply, with all that may happen to one.
    private static func write(as writer: Int, _ store: PostgresStore, other: PostgresStore) async throws {
        var random = SplitMix64(seed: UInt64(writer))
        let request = TurnRequest(message: .user("Question \(writer)"))
        let begun = try await store.beginTurn(request, expectedRevision: nil, as: .alice).value
        let lease = try begun.requireLease()
        var text = ""
        var next = 0
        for round in 0..<15 {
            let pieces = (0..<Int.random(in: 0...3, using: &random)).map { "\(writer):\(round).\($0) " }
            #expect(try await store.appendPieces(pieces, at: next, under: lease) == .held)
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                // The answer was lost: sent again, through another instance and with more.
                #expect(try await other.appendPieces(pieces + ["more "], at: next, under: lease) == .held)
                text += pieces.joined() + "more "
                next += pieces.count + 1
                continue
            case 1:
                await expectError(.conflict) {
                    try await store.appendPieces(["late"], at: next + pieces.count + 1, under: lease)
                }
            case 2:
                await expectError(.invalidRequest) {
                    try await store.appendPieces(["a\0b"], at: next + pieces.count, under: lease)
                }
            case 3: #expect(try await other.renew(lease) == .held)
            case 4:
                let stale = ReplyLease(
                    projectID: lease.projectID,
                    conversationID: lease.conversationID,
                    messageID: lease.messageID,
                    fence: lease.fence - 1
                )
                await expectError(.notFound) { try await store.renew(stale) }
                await expectError(.notFound) {
                    try await store.appendPieces(["late"], at: next + pieces.count, under: stale)
                }
            default: break
            }
            text += pieces.joined()
            next += pieces.count
        }
        let progress = try await other.replyProgress(of: lease.messageID, after: -1, as: .alice)
        #expect(progress.message.content == text)
        #expect(progress.message.nextIndex == next)
        #expect(progress.deltas.map(\.text).joined() == text)
        _ = try await other.requestStop(of: lease.messageID, as: .alice)
        #expect(try await store.appendPieces(["end"], at: next, under: lease) == .stopRequested)
        #expect(try await store.renew(lease) == .stopRequested)
        let reply = try await store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
        #expect(reply.content == text + "end")
        await expectError(.notFound) { try await other.appendPieces(["late"], at: next + 1, under: lease) }
        await expectError(.notFound) { try await store.renew(lease) }
    }

    @Test("A lease is renewed by each piece, and by a renewal without one")
    func renewal() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            let clock = ManualClock(tick: .zero)
            var settings = server.settings(database)
            settings.leasesGoByStoreClock = true
            let store = try await PostgresStore.open(settings, clock: clock, logger: .quiet)
            try await running([store]) {
                let request = TurnRequest(message: .user("Question"))
                let begun = try await store.beginTurn(request, expectedRevision: nil, as: .alice).value
                let lease = try begun.requireLease()
                for index in 0..<3 {
                    clock.advance(by: Limits.replyLease - .seconds(1))
                    _ = try await store.appendPieces(["piece"], at: index, under: lease)
                    clock.advance(by: Limits.replyLease - .seconds(1))
                    _ = try await store.renew(lease)
                    #expect(try await store.interruptAbandonedReplies().value == 0)
                }
                clock.advance(by: Limits.replyLease)
                #expect(try await store.interruptAbandonedReplies().value == 1)
                await expectError(.notFound) { try await store.renew(lease) }
            }
        }
    }
}
