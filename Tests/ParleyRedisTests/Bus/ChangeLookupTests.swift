import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyRedis

@Suite("Looking up what a frame refers to", .timeLimit(.minutes(15)))
struct ChangeLookupTests {
    private let reference = EventReference(
        kind: .messageUpdated,
        conversationID: Sample.conversationID,
        messageID: MessageID(high: 4, low: 4),
        revision: 7
    )

    @Test("No more are looked up at once than there are places, and all of them are")
    func bounded() async throws {
        let source = CountingSource()
        let lookup = ChangeLookup(in: source, atOnce: 3, clock: TestClock())
        let found = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { await lookup.event(of: reference, in: Sample.project) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(found == 50)
        #expect(source.most <= 3)
    }

    @Test("One that takes too long is given up, and its place is free again")
    func timeout() async throws {
        let source = ScriptedSource()
        source.put(Sample.message("x"))
        let clock = TestClock()
        let lookup = ChangeLookup(in: source, atOnce: 1, timeout: .seconds(2), clock: clock)
        source.hold()
        async let late = lookup.event(of: reference, in: Sample.project)
        await clock.sleepers(atLeast: 1)
        clock.advance(by: .seconds(2))
        #expect(await late == nil)
        source.letGo()
        let event = await lookup.event(of: reference, in: Sample.project)
        #expect(event == Event(.messageUpdated(Sample.message("x"))))
    }

    @Test("Who is cancelled while waiting for a place takes none")
    func cancelled() async throws {
        let places = Places(1)
        try await places.use {
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await places.use {}
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                group.cancelAll()
                #expect(await group.next() == true)
            }
        }
        try await places.use {}
    }
}

/// Sees how many ask at once.
private final class CountingSource: ChangeSource {
    private let counts = Mutex((present: 0, most: 0))

    var most: Int { counts.withLock(\.most) }

    func message(_ id: MessageID, in conversation: ConversationID) async throws -> Message? {
        counts.withLock { counts in
            counts.present += 1
            counts.most = max(counts.most, counts.present)
        }
        for _ in 0..<20 { await Task.yield() }
        counts.withLock { $0.present -= 1 }
        return Sample.message("x")
    }

    func conversation(_ id: ConversationID) async throws -> Conversation? { nil }
}
