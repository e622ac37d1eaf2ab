import ParleyCore
import Synchronization

/// What people are typing, until the bus takes it: in order, and all that waits at once.
///
/// A task for each keystroke would cost more than all else about it. Bounded by ``Limits/typingQueue``: what finds no room is
/// left out, for it says nothing that the next does not.
final class TypingLine: Sendable {
    private let waiting = Mutex<[Event]>([])
    // Room for one: a wake says that there is something to do, not what.
    private let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Puts an event in the line.
    func put(_ event: Event) {
        let isFirst = waiting.withLock { waiting in
            guard waiting.count < Limits.typingQueue else { return false }
            waiting.append(event)
            return waiting.count == 1
        }
        if isFirst { wakes.continuation.yield() }
    }

    /// Hands on what comes until the task is cancelled.
    func run(_ publish: ([Event]) async -> Void) async {
        for await _ in wakes.stream {
            let events = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            if !events.isEmpty { await publish(events) }
        }
    }
}
