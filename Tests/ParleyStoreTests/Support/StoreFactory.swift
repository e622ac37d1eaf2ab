import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

/// A kind of store that must pass ``StoreConformanceTests``.
struct StoreFactory: Sendable, CustomTestStringConvertible {
    /// What a factory makes for one test.
    struct Product: Sendable {
        let store: any ConversationStore
        let accounts: any AccountStore
        let queryLog: any QueryLog
        let usage: any UsageStore
        /// Tells the time to a store that goes by another clock than its own where that must be one for all.
        var tell: @Sendable (Timestamp) async throws -> Void = { _ in }
        /// Closes the store and removes what it left behind.
        let cleanUp: @Sendable () async throws -> Void
    }

    let name: String
    let make: @Sendable (_ clock: any WallClock, _ ids: any IDMaker) async throws -> Product

    var testDescription: String { name }

    /// Gives `body` a fresh store, which is cleaned up also when `body` throws; its clock moves by `tick` at each reading.
    func withStore(
        tick: Duration = .milliseconds(1),
        _ body: (StoreUnderTest) async throws -> Void
    ) async throws {
        let clock = ManualClock(tick: tick)
        let product = try await make(clock, SequentialIDs(series: 1))
        do {
            try await body(StoreUnderTest(product, clock: clock))
        } catch {
            try await product.cleanUp()
            throw error
        }
        try await product.cleanUp()
    }
}

extension StoreFactory {
    /// Every store of the house, and every composition.
    static let all: [StoreFactory] = [
        .memory, .publishingMemory, .measuredMemory, .sqlite, .postgres, .redis, .redisCluster, .cached,
        .cachedElsewhere,
    ]

    static let memory = StoreFactory(name: "MemoryStore") { clock, ids in
        let memory = MemoryStore(clock: clock, ids: ids)
        return Product(store: memory, accounts: memory, queryLog: memory, usage: memory) {}
    }

    static let measuredMemory = StoreFactory(name: "MeasuredStore(MemoryStore)") { clock, ids in
        let memory = MemoryStore(clock: clock, ids: ids)
        return Product(store: MeasuredStore(memory), accounts: memory, queryLog: memory, usage: memory) {}
    }

    static let publishingMemory = StoreFactory(name: "PublishingStore(MemoryStore)") { clock, ids in
        let memory = MemoryStore(clock: clock, ids: ids)
        let store = PublishingStore(memory, bus: InProcessEventBus(), clock: clock)
        return Product(store: store, accounts: memory, queryLog: memory, usage: memory) {}
    }
}
