import ParleyCore
import ParleyMetrics
import ParleyStore
import ServiceLifecycle

/// What stands around the truth and, with Redis, is shared by all instances: the cache, the bus and the limits.
struct Sharing {
    /// The truth, or the cache around it.
    let conversations: any ConversationStore
    /// Carries events.
    let bus: any EventBus
    /// Ends the streams that listen to the bus when the server is shut down.
    let streams: any Service
    /// Says who must wait.
    let limiter: any RateLimiter
    /// What keeps connections up, for as long as anybody may need them.
    let clients: [any Service]
}

extension Wiring {
    /// Puts around the truth what the settings say.
    func sharing(_ store: OpenedStore) throws -> Sharing {
        let bus = InProcessEventBus(metrics: BusMetrics(factory: watching.factory))
        return Sharing(
            conversations: store.conversations,
            bus: bus,
            streams: BusEnding(bus: bus),
            limiter: InProcessRateLimiter(),
            clients: []
        )
    }
}

/// Ends the streams that still listen when the server is shut down.
private struct BusEnding: Service {
    let bus: InProcessEventBus

    func run() async {
        // Cancelled instead: the listeners are, too.
        try? await gracefulShutdown()
        bus.shutDown()
    }
}
