import ParleyCore
import ParleyStore
import ParleyTesting

extension StoreFactory {
    /// A cache that holds little, so that logs are longer than it.
    static let cached = StoreFactory(name: "CachedStore(VersionedMemoryStore)") { clock, ids in
        let memory = MemoryStore(clock: clock, ids: ids)
        let store = CachedStore(
            VersionedMemoryStore(memory),
            cache: MemoryLogCache(limit: 4),
            settings: CacheSettings(limit: 4)
        )
        return Product(store: store, accounts: memory, queryLog: memory, usage: memory) {}
    }

    /// The same without copies of its own: every read goes through the shared cache.
    static let cachedElsewhere = StoreFactory(name: "CachedStore(VersionedMemoryStore), no copies") { clock, ids in
        let memory = MemoryStore(clock: clock, ids: ids)
        let store = CachedStore(
            VersionedMemoryStore(memory),
            cache: MemoryLogCache(),
            settings: CacheSettings(localBytes: 0)
        )
        return Product(store: store, accounts: memory, queryLog: memory, usage: memory) {}
    }
}
