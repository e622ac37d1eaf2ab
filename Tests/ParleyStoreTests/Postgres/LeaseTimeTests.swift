import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres

@Suite("The time by which leases end")
struct LeaseTimeTests {
    @Test(
        "is PostgreSQL's: an instance whose clock is an hour off interrupts nobody, and nobody interrupts it",
        arguments: [-3600, 3600]
    )
    func skew(seconds: Int) async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            let settings = server.settings(database)
            let right = try await PostgresStore.open(settings, logger: .quiet)
            let off = ManualClock(SystemClock().now() + .seconds(seconds), tick: .zero)
            let wrong = try await PostgresStore.open(settings, clock: off, logger: .quiet)
            try await running([right, wrong]) {
                for (writer, other) in [(right, wrong), (wrong, right)] {
                    let request = TurnRequest(message: .user("Question"))
                    let begun = try await writer.beginTurn(request, expectedRevision: nil, as: .alice).value
                    let lease = try begun.requireLease()
                    #expect(try await other.interruptAbandonedReplies().value == 0)
                    _ = try await writer.appendPieces(["piece"], at: 0, under: lease)
                    #expect(try await other.interruptAbandonedReplies().value == 0)
                    _ = try await writer.renew(lease)
                    #expect(try await other.interruptAbandonedReplies().value == 0)
                    _ = try await writer.finishReply(ReplyOutcome(status: .delivered), under: lease)
                }
            }
        }
    }
}
