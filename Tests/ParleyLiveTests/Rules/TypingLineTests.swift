import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("The line of what people are typing")
struct TypingLineTests {
    private static func event(_ number: UInt64) -> Event {
        Event(
            projectID: ProjectID(high: 1, low: 1),
            conversationID: ConversationID(high: 2, low: number),
            kind: .typing(Typing(user: Identity.bob.email, connection: ConnectionID(high: 3, low: 3))),
            timestamp: Timestamp(microseconds: 0)
        )
    }

    /// What is taken, until `count` have come; `meanwhile` is done while the bus takes each.
    private static func taken(
        from line: TypingLine,
        until count: Int,
        meanwhile: @escaping @Sendable ([Event]) -> Void = { _ in }
    ) async -> [[Event]] {
        let (batches, continuation) = AsyncStream.makeStream(of: [Event].self)
        return await withTaskGroup { group in
            group.addTask {
                await line.run { events in
                    meanwhile(events)
                    continuation.yield(events)
                }
            }
            var taken: [[Event]] = []
            for await batch in batches {
                taken.append(batch)
                if taken.reduce(0, { $0 + $1.count }) >= count { break }
            }
            group.cancelAll()
            return taken
        }
    }

    @Test("All that waits is taken at once, in order", .timeLimit(.minutes(15)))
    func batch() async {
        let line = TypingLine()
        let events = (0..<100).map { Self.event($0) }
        for event in events { line.put(event) }
        #expect(await Self.taken(from: line, until: events.count) == [events])
    }

    @Test("What comes while the bus takes what came before is taken next", .timeLimit(.minutes(15)))
    func goesOn() async {
        let line = TypingLine()
        line.put(Self.event(0))
        let taken = await Self.taken(from: line, until: 3) { events in
            guard events == [Self.event(0)] else { return }
            line.put(Self.event(1))
            line.put(Self.event(2))
        }
        #expect(taken == [[Self.event(0)], [Self.event(1), Self.event(2)]])
    }

    @Test("What finds no room is left out, and there is room again once the rest was taken", .timeLimit(.minutes(15)))
    func bound() async {
        let line = TypingLine()
        for number in 0...Limits.typingQueue { line.put(Self.event(UInt64(number))) }
        let taken = await Self.taken(from: line, until: Limits.typingQueue).flatMap { $0 }
        #expect(taken.count == Limits.typingQueue)
        #expect(taken.last == Self.event(UInt64(Limits.typingQueue - 1)))
    }
}
