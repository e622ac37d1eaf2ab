internal import Crypto
public import ParleyCore

/// Compares all that two stores hold: counts, order, and hashes over every field that a caller or a later write could tell by.
///
/// It may run while a server writes: what differs is looked at again, some times and later each time, before it counts.
public struct Verification: Sendable {
    /// What differs.
    public struct Difference: Hashable, Sendable {
        /// How it differs.
        public enum Kind: String, Hashable, Sendable {
            /// Only the first store has it.
            case missing
            /// Only the second store has it.
            case extra
            /// Both have it, and not the same.
            case different
        }

        /// How it differs.
        public let kind: Kind
        /// What differs, by its id.
        public let name: String
    }

    /// What was found.
    public struct Report: Hashable, Sendable {
        /// Projects that were compared.
        public var projects = 0
        /// Conversations that were compared.
        public var conversations = 0
        /// Messages of the first store's conversations.
        public var messages = 0
        /// People that were compared.
        public var people = 0
        /// Lines of the query log that were compared.
        public var queryLogLines = 0
        /// What differs; at most a thousand.
        public var differences: [Difference] = []
        /// How much differs.
        public var differenceCount = 0
        /// SHA-256 over all of the first store, in hexadecimal digits.
        public var firstDigest = ""
        /// SHA-256 over all of the second store.
        public var secondDigest = ""

        /// Whether the stores hold the same.
        public var holds: Bool { differenceCount == 0 }
    }

    private let first: any ReplicaStore
    private let second: any ReplicaStore
    private let retries: Int
    private let clock: any WallClock
    private let sleep: @Sendable (Duration) async throws -> Void

    private static let page = 1000

    /// Compares two stores.
    ///
    /// - Parameters:
    ///   - first: One.
    ///   - second: The other.
    ///   - retries: How often a difference is looked at again before it counts: after a tenth of a second, and after twice
    ///     the time before each time.
    ///   - clock: Says which sign-ins have ended.
    ///   - sleep: Waits.
    public init(
        _ first: any ReplicaStore,
        _ second: any ReplicaStore,
        retries: Int = 6,
        clock: any WallClock = SystemClock(),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.first = first
        self.second = second
        self.retries = retries
        self.clock = clock
        self.sleep = sleep
    }

    /// Compares everything; tells how far it is after each conversation.
    public func run(_ tell: @escaping @Sendable (Report) -> Void = { _ in }) async throws -> Report {
        let (first, second) = (first, second)
        var sums = Sums()
        var projects = MergedWalk(
            PagedList { try await first.replicaProjects(after: $0, limit: Self.page) },
            PagedList { try await second.replicaProjects(after: $0, limit: Self.page) }
        ) { $0 }
        while let (one, other) = try await projects.next() {
            try Task.checkCancellation()
            guard let id = one ?? other else { continue }
            sums.report.projects += 1
            try await compare("project \(id)", &sums) { try await RecordDigest(of: $0.replicaProject(id)) }
            try await conversations(of: id, &sums, tell)
        }
        try await people(&sums)
        try await queryLog(&sums)
        return sums.end()
    }

    private func conversations(
        of project: ProjectID,
        _ sums: inout Sums,
        _ tell: @escaping @Sendable (Report) -> Void
    ) async throws {
        let (first, second) = (first, second)
        var heads = MergedWalk(
            PagedList { try await first.replicaConversations(in: project, after: $0?.id, limit: Self.page) },
            PagedList { try await second.replicaConversations(in: project, after: $0?.id, limit: Self.page) }
        ) { $0.id }
        while let (one, other) = try await heads.next() {
            try Task.checkCancellation()
            guard let id = one?.id ?? other?.id else { continue }
            // One that only the second has here may have moved: then it is met in its new project, too.
            sums.report.conversations += 1
            try await compare("conversation \(id)", &sums) { try await RecordDigest(ofConversation: id, in: $0) }
            tell(sums.report)
        }
    }

    private func people(_ sums: inout Sums) async throws {
        let (first, second, now) = (first, second, clock.now())
        var people = MergedWalk(
            PagedList { try await first.replicaPeople(after: $0?.email, limit: Self.page) },
            PagedList { try await second.replicaPeople(after: $0?.email, limit: Self.page) }
        ) { $0.email }
        while let (one, other) = try await people.next() {
            guard let email = one?.email ?? other?.email else { continue }
            sums.report.people += 1
            try await compare("person \(email.value)", &sums) { store in
                try await store.replicaPerson(email).map { RecordDigest(RecordForm($0, at: now)) }
            }
        }
    }

    private func queryLog(_ sums: inout Sums) async throws {
        let (first, second) = (first, second)
        var lines = MergedWalk(
            PagedList { try await first.replicaQueryLog(after: $0, limit: Self.page) },
            PagedList { try await second.replicaQueryLog(after: $0, limit: Self.page) }
        ) { LinePlace(of: $0) }
        while let (one, other) = try await lines.next() {
            guard let line = one ?? other else { continue }
            sums.report.queryLogLines += 1
            let digests = (one.map { RecordDigest(RecordForm($0)) }, other.map { RecordDigest(RecordForm($0)) })
            if digests.0 == digests.1 {
                sums.add(digests, name: "")
            } else {
                // A line is written once: it is there a moment later, or it is missing.
                try await compare("query log, message \(line.messageID)", &sums) { store in
                    try await store.line(like: line).map { RecordDigest(RecordForm($0)) }
                }
            }
        }
    }

    /// Compares one thing, some times where it differs.
    private func compare(
        _ name: String,
        _ sums: inout Sums,
        _ digest: @Sendable (any ReplicaStore) async throws -> RecordDigest?
    ) async throws {
        var found = (try await digest(first), try await digest(second))
        for attempt in 0..<retries where found.0 != found.1 {
            try await sleep(.milliseconds(100 << attempt))
            found = (try await digest(first), try await digest(second))
        }
        sums.add(found, name: name)
    }
}

extension ReplicaStore {
    fileprivate func line(like line: QueryLogEntry) async throws -> QueryLogEntry? {
        let before = QueryLogEntry(
            time: Timestamp(microseconds: line.time.microseconds - 1),
            email: line.email,
            department: nil,
            sessionID: nil,
            conversationID: line.conversationID,
            messageID: MessageID(high: .max, low: .max),
            model: nil,
            latencyMilliseconds: 0,
            firstTokenMilliseconds: nil,
            tokensUsed: nil,
            status: .delivered
        )
        return try await replicaQueryLog(after: before, limit: 1000).first {
            $0.time == line.time && $0.messageID == line.messageID
        }
    }
}

/// What comes together while stores are compared.
private struct Sums {
    var report = Verification.Report()
    private var first = SHA256()
    private var second = SHA256()

    init() {}

    mutating func add(_ digests: (RecordDigest?, RecordDigest?), name: String) {
        if let digest = digests.0 {
            first.update(data: digest.hash)
            report.messages += digest.messages
        }
        if let digest = digests.1 { second.update(data: digest.hash) }
        let areSound = digests.0?.isSound ?? true && digests.1?.isSound ?? true
        guard digests.0 != digests.1 || !areSound else { return }
        report.differenceCount += 1
        let kind: Verification.Difference.Kind =
            digests.0 == nil ? .extra : digests.1 == nil ? .missing : .different
        if report.differences.count < 1000 { report.differences.append(.init(kind: kind, name: name)) }
    }

    func end() -> Verification.Report {
        var report = report
        report.firstDigest = Self.digits(first)
        report.secondDigest = Self.digits(second)
        return report
    }

    private static func digits(_ hash: SHA256) -> String {
        hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        .joined()
    }
}
