import ParleyCore
import ParleyStore
import ParleyTesting

/// All that the cache's protocol is about, small enough to go through every interleaving: one conversation, its entry, and
/// who is at work on them.
struct CacheWorld: Hashable, Sendable {
    /// The truth at one time; contents are numbers, newest message last.
    struct Truth: Hashable {
        var tag: UInt8
        var revision: UInt8
        var log: [UInt8]
        var isStreaming = false
        var isDeleted = false

        var version: LogVersion? {
            guard !isDeleted else { return nil }
            return LogVersion(
                tag: LogTag(bits: UInt64(tag)),
                revision: Int(revision),
                messageCount: log.count,
                isStreaming: isStreaming
            )
        }
    }

    /// An element of the entry.
    struct Element: Hashable {
        var revision: UInt8
        var tag: UInt8
        var seq: UInt8
        var content: UInt8

        var header: CachedHeader {
            CachedHeader(revision: Int(revision), tag: LogTag(bits: UInt64(tag)), seq: Int(seq))
        }
    }

    /// What is on its way to the cache.
    enum CacheWrite: Hashable {
        case push(before: UInt8, revision: UInt8, elements: [Element])
        case fill(tag: UInt8, elements: [Element])
        case drop
    }

    struct Writer: Hashable {
        var program: [CacheMove]
        /// After the commit: what the cache is still to be told, and which truth is then acknowledged.
        var write: CacheWrite?
        var commits: UInt8 = 0
    }

    struct Reader: Hashable {
        enum Phase: Hashable {
            case idle
            /// The check and the look into the cache are under way.
            case asking(truth: UInt8?, entry: [Element]?)
            case reading
            case filling(CacheWrite)
        }

        var readsLeft: UInt8
        var phase = Phase.idle
        /// The first truth that may be shown.
        var floor: UInt8 = 0
    }

    /// Every truth there has been; the last is the present one.
    var truths: [Truth]
    var entry: [Element] = []
    var writers: [Writer]
    var readers: [Reader]
    /// What nobody waits for any more, and may still reach the cache.
    var late: [CacheWrite] = []
    /// The last truth that a writer has acknowledged.
    var acknowledged: UInt8
    var nextName: UInt8
    var faults: CacheFaults

    var present: Truth { truths[truths.count - 1] }

    /// Of less than what makes worlds equal, since hashing is most of the work: what is left out rarely differs alone.
    func hash(into hasher: inout Hasher) {
        var digest: UInt64 = UInt64(truths.count)
        func add(_ number: UInt8) { digest = (digest ^ UInt64(number)) &* 0x100_0000_01B3 }
        for truth in truths { add(truth.tag) }
        for element in entry { add(element.content) }
        for writer in writers { add(UInt8(writer.program.count) << 1 | (writer.write == nil ? 0 : 1)) }
        for reader in readers {
            add(reader.readsLeft)
            add(reader.floor)
            add(reader.phase.digest)
        }
        for write in late { add(write.digest) }
        add(acknowledged)
        add(faults.lost << 4 | faults.late)
        add(faults.evicted << 4 | faults.rewound)
        hasher.combine(digest)
    }
}

extension CacheWorld.Reader.Phase {
    fileprivate var digest: UInt8 {
        switch self {
        case .idle: 0
        case .asking(let truth, let entry):
            3 &+ (truth ?? 30) &* 7 &+ (entry.map { $0.first?.content ?? 0 } ?? 90) &* 31
        case .reading: 2
        case .filling(let write): write.digest
        }
    }
}

extension CacheWorld.CacheWrite {
    fileprivate var digest: UInt8 {
        switch self {
        case .push(let before, _, _): 0x40 | before
        case .fill(let tag, _): 0x80 | tag
        case .drop: 0xC0
        }
    }
}

/// What a writer does.
enum CacheMove: String, Hashable, Sendable {
    case append
    case edit
    case delete
    case begin
    case piece
    case finish
}

/// How often what may go wrong.
struct CacheFaults: Hashable, Sendable {
    /// A write to the cache is lost.
    var lost: UInt8 = 0
    /// A write to the cache is given up, and arrives later.
    var late: UInt8 = 0
    /// The entry is evicted, expires, or is flushed.
    var evicted: UInt8 = 0
    /// The truth goes back to what it was.
    var rewound: UInt8 = 0
}

/// What a reader was shown, and must not have been.
enum CacheLie: String, Hashable, Sendable {
    /// A message stands twice.
    case double
    /// Messages are missing.
    case gap
    /// What was deleted.
    case zombie
    /// What was there before.
    case stale
    /// What never was.
    case wrong
}
