import ParleyCore
import Synchronization
import Testing

@testable import ParleyChat

@Suite("What waits to be written of a reply", .timeLimit(.minutes(15)))
struct ReplyInboxTests {
    private static let chunk = ReplyChunk.text(String(repeating: "x", count: 1000))

    /// Puts chunks in until it is held back; says how many went in when `isFull`.
    private func fill(_ inbox: ReplyInbox, _ count: Tally) async {
        do {
            while true {
                try await inbox.put(Self.chunk)
                count.increment()
            }
        } catch {
            // Closed: this is how the filling ends.
        }
    }

    @Test("The provider is held back at the limit, until what waits has been committed; everything keeps its order")
    func heldBack() async throws {
        let inbox = ReplyInbox(limit: 3000)
        let put = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fill(inbox, put) }
            var events: [ReplyStateMachine.Event] = []
            while events.count < 3 { events += await inbox.next() }
            #expect(events == Array(repeating: .chunk(Self.chunk), count: 3))
            // All of it waits for its commit still: a stop gets through, more text does not.
            inbox.settle(uncommittedBytes: 3000)
            inbox.post(.stopRequested)
            #expect(await inbox.next() == [.stopRequested])
            #expect(put.count == 3)
            inbox.settle(uncommittedBytes: 0)
            #expect(await inbox.next().first == .chunk(Self.chunk))
            inbox.close()
            try await group.waitForAll()
        }
        #expect(put.count <= 6)
    }

    @Test("Chunks without text take room too")
    func emptyChunks() async {
        let inbox = ReplyInbox(limit: 1000)
        let put = Tally()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await inbox.put(.model(""))) != nil { put.increment() }
            }
            var taken = 0
            while taken < 16 { taken += await inbox.next().count }
            inbox.close()
        }
        #expect(put.count == 16)
    }

    @Test("Passages and answers taken apart take the room of their texts")
    func largeExtras() async {
        let text = JSON.string(String(repeating: "x", count: 500))
        for chunk: ReplyChunk in [
            .contexts([["title": "t", "text": text]]), .structured(["a": [text]], confidence: 1),
        ] {
            let inbox = ReplyInbox(limit: 1000)
            let put = Tally()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while (try? await inbox.put(chunk)) != nil { put.increment() }
                }
                var taken = 0
                while taken < 2 { taken += await inbox.next().count }
                inbox.close()
            }
            #expect(put.count == 2)
        }
    }

    @Test("Closed, it takes nothing and lets everyone go")
    func closed() async {
        let inbox = ReplyInbox(limit: 10)
        inbox.close()
        inbox.post(.stopRequested)
        #expect(await inbox.next() == [])
        await #expect(throws: CancellationError.self) { try await inbox.put(.text("x")) }
    }

    @Test("A cancelled task waits for nothing", arguments: [true, false])
    func cancelled(reading: Bool) async {
        let inbox = ReplyInbox(limit: 0)
        let task = Task {
            if reading { return await inbox.next().isEmpty }
            return (try? await inbox.put(.text("x"))) == nil
        }
        task.cancel()
        #expect(await task.value)
    }
}

/// A count that tasks share.
private final class Tally: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func increment() {
        value.withLock { $0 += 1 }
    }
}
