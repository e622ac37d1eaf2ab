/// How much is kept in the cache, and for how long.
public struct CacheSettings: Hashable, Sendable {
    /// How long an entry is kept; each for up to a tenth less, so that those made together don't end together.
    public var lifetime: Duration
    /// How many of a conversation's newest messages an entry holds, at least 1.
    public var limit: Int
    /// How many bytes an entry may have when it is made.
    ///
    /// A log whose newest messages are larger is not cached: Redis would need longer for it than it is given to answer, and
    /// everything else on the connection would wait. Appends may make an entry up to twice as large.
    public var entryBytes: Int
    /// How many bytes of ready logs an instance keeps for itself; 0 for none.
    public var localBytes: Int

    /// Makes settings; the defaults are an hour, 15 messages, 256 KiB and 32 MiB.
    public init(
        lifetime: Duration = .seconds(3600),
        limit: Int = 15,
        entryBytes: Int = 256 * 1024,
        localBytes: Int = 32 * 1024 * 1024
    ) {
        self.lifetime = lifetime
        self.limit = max(1, limit)
        self.entryBytes = entryBytes
        self.localBytes = localBytes
    }

    /// How many bytes a message may add to an entry.
    var elementBytes: Int { entryBytes / limit }
}
