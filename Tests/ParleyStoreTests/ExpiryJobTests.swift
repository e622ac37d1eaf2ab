import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@Suite("The job that deletes what has expired")
struct ExpiryJobTests {
    /// What the job was told to tell.
    private final class Told: Sendable {
        let counts = Mutex<[Int]>([])
        let failures = Mutex(0)

        func take(_ result: Result<Int, any Error>) {
            switch result {
            case .success(let count): counts.withLock { $0.append(count) }
            case .failure: failures.withLock { $0 += 1 }
            }
        }
    }

    private struct Broken: ErasureStore {
        func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport> { throw ParleyError.notFound }
        func erasable(_ person: EmailAddress) async throws -> ErasureReport { throw ParleyError.notFound }
        func expiredConversations(limit: Int) async throws -> [ExpiredConversation] { throw ParleyError.notFound }
        func purgeExpired(limit: Int) async throws -> Commit<Int> { throw ParleyError.notFound }
        func rewrite() async throws {}
    }

    @Test("It rests, deletes all that has expired, tells the bus, and rests again")
    func deletes() async throws {
        let clock = ManualClock(tick: .milliseconds(1))
        let memory = MemoryStore(clock: clock, ids: SequentialIDs(series: 1))
        let bus = InProcessEventBus()
        let store = PublishingStore(memory, bus: bus, clock: clock)
        let project = try await store.createProject(NewProject(name: "Brief", retentionDays: 1), as: .alice).value.id
        for _ in 0..<(Limits.expiryBatch + 1) {
            _ = try await store.createConversation(NewConversation(projectID: project), as: .alice)
        }
        clock.advance(by: .seconds(86_400))
        let told = Told()
        let stopwatch = TestClock()
        let job = ExpiryJob(
            SettledErasure(memory, settling: [store]),
            every: .seconds(300),
            stopwatch: stopwatch,
            share: { 0.5 },
            report: told.take
        )
        try await bus.withSubscription(to: .project(project)) { subscription in
            await withTaskGroup { group in
                group.addTask { await job.run() }
                await stopwatch.sleepers(atLeast: 1)
                stopwatch.advance(by: .seconds(299))
                #expect(memory.expiredConversations(limit: 1000).count == Limits.expiryBatch + 1)
                stopwatch.advance(by: .seconds(1))
                var signals = subscription.makeAsyncIterator()
                var deleted = 0
                while deleted <= Limits.expiryBatch, case .event(let event)? = await signals.next() {
                    if case .change(.conversationDeleted) = event.kind { deleted += 1 }
                }
                #expect(deleted == Limits.expiryBatch + 1)
                await stopwatch.sleepers(atLeast: 1)
                #expect(told.counts.withLock { $0 } == [Limits.expiryBatch + 1])
                group.cancelAll()
            }
        }
        #expect(memory.expiredConversations(limit: 1).isEmpty)
    }

    @Test("A store that fails is told of, and asked again")
    func goesOn() async throws {
        let told = Told()
        let stopwatch = TestClock()
        let job = ExpiryJob(Broken(), every: .seconds(100), stopwatch: stopwatch, share: { 1 }, report: told.take)
        await withTaskGroup { group in
            group.addTask { await job.run() }
            for round in 0..<3 {
                await stopwatch.sleepers(atLeast: 1)
                #expect(told.failures.withLock { $0 } == round)
                stopwatch.advance(by: .seconds(121))
            }
            await stopwatch.sleepers(atLeast: 1)
            group.cancelAll()
        }
        #expect(told.failures.withLock { $0 } == 3)
        #expect(told.counts.withLock { $0 } == [])
    }
}
