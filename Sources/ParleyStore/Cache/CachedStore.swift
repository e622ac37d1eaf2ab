public import ParleyCore

/// Answers reads of a log's newest messages from a cache, when the truth says that the cache is right.
///
/// The truth is asked in every read, but only which version of the log is the present one and whether the caller may see it:
/// the questions of all reads that wait go out as one. An entry of the cache is used where it is of that version, else the
/// truth is read. So a read after an acknowledged write contains it, whatever the cache has lost, kept, or never heard of;
/// `docs/cache-protocol.md` tells why, step by step.
///
/// Writes go to the truth, and after their commit into the cache; what fails there, fails in silence. Everything else passes
/// through. Messages that come out of the cache have their times in whole milliseconds, as clients see them.
public struct CachedStore: WrappingStore {
    /// A truth read: for whom, and how many messages.
    struct Read: Hashable, Sendable {
        let question: LogQuestion
        let limit: Int
    }

    /// What a truth read brought, with the newest messages ready for the cache where they may be kept.
    struct Snapshot: Sendable {
        let page: MessagePage
        let version: LogVersion
        let kept: EncodedLog?
    }

    /// The present versions: all questions that wait go out together.
    typealias VersionChecks = Gathering<Int, LogQuestion, LogVersion?>
    /// Reads of the truth: those that wait for the same go out as one.
    typealias TruthReads = Gathering<Read, Read, Snapshot>

    let base: any VersionedStore
    /// The truth.
    public var wrapped: any ConversationStore { base }
    let cache: any LogCache
    let settings: CacheSettings
    let counters: CacheCounters
    let rule: EntryRule
    let local: LocalLogs
    let checks: VersionChecks
    let reads: TruthReads

    /// Puts a cache before the truth.
    public init(
        _ base: any VersionedStore,
        cache: any LogCache,
        settings: CacheSettings = CacheSettings(),
        counters: CacheCounters = .none
    ) {
        self.base = base
        self.cache = cache
        self.settings = settings
        self.counters = counters
        let rule = EntryRule(limit: settings.limit)
        self.rule = rule
        local = LocalLogs(bytes: settings.localBytes)
        // One, so that all who ask meanwhile share the next: what the truth takes for a check is mostly the statement.
        checks = Gathering(maximumOutstanding: 1, maximumBatch: 256, maximumWaiting: 4096) { _, questions in
            try await base.logVersions(questions)
        }
        reads = Gathering(maximumOutstanding: 1, maximumBatch: .max, maximumWaiting: 4096) { read, _ in
            let snapshot = try await base.newestMessagesWithVersion(
                in: read.question.conversationID,
                limit: read.limit,
                as: Identity(email: read.question.reader)
            )
            return [Snapshot(snapshot.page, of: snapshot.version, rule, settings)]
        }
    }
}

extension CachedStore.Snapshot {
    fileprivate init(_ page: MessagePage, of version: LogVersion, _ rule: EntryRule, _ settings: CacheSettings) {
        self.page = page
        self.version = version
        let newest = Array(page.messages.suffix(rule.limit))
        let bytes = newest.reduce(0) { $0 + $1.wireBytes }
        guard rule.mayKeep(messages: newest.count, of: version), bytes <= settings.entryBytes else {
            kept = nil
            return
        }
        let log = EncodedLog(newest)
        kept = log.bytes.count <= settings.entryBytes ? log : nil
    }
}
