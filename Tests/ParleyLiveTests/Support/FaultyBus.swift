import ParleyCore
import ParleyStore
import Synchronization

/// The bus of the process, which loses what a test says, and may not hear others.
final class FaultyBus: EventBus {
    private struct State {
        var loses: @Sendable (Event) -> Bool = { _ in false }
        var losesNotices = false
        var hearsOthers = true
    }

    let bus: InProcessEventBus
    private let state = Mutex(State())

    init(capacity: Int = Limits.subscriptionQueue) {
        bus = InProcessEventBus(capacity: capacity)
    }

    /// From now on loses the events that are so.
    func lose(_ isLost: @escaping @Sendable (Event) -> Bool) {
        state.withLock { $0.loses = isLost }
    }

    /// From now on loses all notices, or none.
    func loseNotices(_ loses: Bool) {
        state.withLock { $0.losesNotices = loses }
    }

    func hear(_ hears: Bool) {
        state.withLock { $0.hearsOthers = hears }
    }

    var hearsOthers: Bool { state.withLock(\.hearsOthers) }

    func publish(_ events: [Event]) async {
        let isLost = state.withLock(\.loses)
        await bus.publish(events.filter { !isLost($0) })
    }

    func announce(_ notice: AccessNotice) async {
        guard !state.withLock(\.losesNotices) else { return }
        await bus.announce(notice)
    }

    func withSubscription<Result: Sendable>(
        to topic: EventTopic,
        _ body: (EventSubscription) async throws -> Result
    ) async throws -> Result {
        try await bus.withSubscription(to: topic, body)
    }
}
