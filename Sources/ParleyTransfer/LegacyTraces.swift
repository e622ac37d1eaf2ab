internal import ParleyCore

/// What a message was known by where it comes from, read from what is kept of that in its metadata.
///
/// The ids of what had none of its own depend on which of its copies was seen; these don't.
struct LegacyTraces: Sendable {
    /// Where copies of one message stood in several places, with ids or without.
    enum Source: String, Sendable {
        case localStorage
        case redis
    }

    let source: Source
    /// When it was written, where that is known.
    let time: Timestamp?
    /// Whether it stood in a session's own list.
    let isListed: Bool
    /// The ids that its records bore: those of the place where it stood, and of the other one.
    private(set) var ids: Set<String> = []
    private(set) var otherIDs: Set<String> = []
    /// All names that its records had: ids and the last parts of keys.
    private(set) var names: Set<String> = []
    /// Hashes of the answers that came with it.
    private(set) var answers: Set<ContentKey> = []

    /// Reads what a message keeps; none where it comes from elsewhere.
    init?(_ metadata: JSONObject, _ answer: JSON?, at time: Timestamp, from source: Source) {
        guard let legacy = metadata["legacy"], legacy["source"] == .string(source.rawValue) else { return nil }
        self.source = source
        self.time = legacy["time"] == "estimated" ? nil : time
        isListed = Self.isListed(legacy, source)
        if let answer { answers.insert(ContentKey(derivedFrom: [answer.text])) }
        for record in [legacy] + (legacy["also"]?.arrayValue ?? []) {
            if let answer = record["ai_response"] { answers.insert(ContentKey(derivedFrom: [answer.text])) }
            if let id = (record["id"] ?? record["message_id"])?.legacyID {
                names.insert(id)
                if Self.isListed(record, source) == isListed { ids.insert(id) } else { otherIDs.insert(id) }
            }
            if source == .redis, let key = record["key"]?.stringValue,
                case .memory(_, _, let name) = MigrationKey(key).kind, !name.isEmpty
            {
                names.insert(name)
            }
        }
    }

    private static func isListed(_ record: JSON, _ source: Source) -> Bool {
        guard source == .redis, let key = record["key"]?.stringValue else { return false }
        if case .session = MigrationKey(key).kind { return true }
        return false
    }

    /// Whether two that say the same may be one.
    ///
    /// Their times are within a second; or one has none, and they stood in different places. Records of one place with
    /// different ids of their own are two.
    func mayBe(_ other: LegacyTraces) -> Bool {
        guard !Self.differ(idsListed(true), other.idsListed(true)) else { return false }
        guard !Self.differ(idsListed(false), other.idsListed(false)) else { return false }
        if let time, let otherTime = other.time {
            return abs(time.microseconds - otherTime.microseconds) <= Self.tolerance
        }
        return source == .localStorage || isListed != other.isListed
    }

    /// How far the times of two records of one message may lie apart, in microseconds.
    static let tolerance: Int64 = 1_000_000

    private func idsListed(_ listed: Bool) -> Set<String> { listed == isListed ? ids : otherIDs }

    private static func differ(_ ids: Set<String>, _ others: Set<String>) -> Bool {
        !ids.isEmpty && !others.isEmpty && ids.isDisjoint(with: others)
    }
}

/// Finds planned messages among those that are there, each at most once: two that say the same stay two.
struct LegacyMatching {
    /// A message of either side.
    struct Candidate {
        /// Its place on its side.
        let index: Int
        let text: ContentKey
        let traces: LegacyTraces
    }

    /// How many that say the same and don't fit are looked at for one: so whatever somebody has made takes no n² steps.
    private static let maximumTries = 64

    /// In the order of their logs.
    var planned: [Candidate] = []
    var there: [Candidate] = []

    /// Which planned one is which that is there.
    func pairs() -> [(planned: Int, there: Int)] {
        var pairs: [(planned: Int, there: Int)] = []
        var (open, free) = byName(&pairs)
        (open, free) = match(open, free, timed: true, &pairs)
        _ = match(open, free, timed: false, &pairs)
        return pairs
    }

    /// What bears one name and says the same is one, whatever the times.
    private func byName(_ pairs: inout [(planned: Int, there: Int)]) -> (open: [Candidate], free: [Candidate]) {
        struct Name: Hashable {
            let name: String
            let text: ContentKey
        }
        var named: [Name: Int] = [:]
        for (place, candidate) in there.enumerated() {
            for name in candidate.traces.names {
                let key = Name(name: name, text: candidate.text)
                named[key] = named[key] ?? place
            }
        }
        var taken = Set<Int>()
        var open: [Candidate] = []
        for candidate in planned {
            let found = candidate.traces.names.lazy.compactMap { named[Name(name: $0, text: candidate.text)] }.first
            if let found, taken.insert(found).inserted {
                pairs.append((candidate.index, there[found].index))
            } else {
                open.append(candidate)
            }
        }
        return (open, there.enumerated().filter { !taken.contains($0.offset) }.map(\.element))
    }

    /// Of those that say the same: first what is within a second, then, in order, what has no time on one side.
    private func match(
        _ open: [Candidate],
        _ free: [Candidate],
        timed: Bool,
        _ pairs: inout [(planned: Int, there: Int)]
    ) -> (open: [Candidate], free: [Candidate]) {
        func ordered(_ candidates: [Candidate]) -> [Candidate] {
            guard timed else { return candidates }
            return candidates.filter { $0.traces.time != nil }
                .sorted { ($0.traces.time ?? .distantPast, $0.index) < ($1.traces.time ?? .distantPast, $1.index) }
        }
        // Backwards, so that what comes first is taken from the end.
        var waiting = Dictionary(grouping: ordered(free).reversed(), by: \.text)
        var (found, taken) = (Set<Int>(), Set<Int>())
        for candidate in ordered(open) {
            guard var same = waiting.removeValue(forKey: candidate.text) else { continue }
            if timed, let time = candidate.traces.time {
                // Times only rise.
                let earliest = time.microseconds - LegacyTraces.tolerance
                while let first = same.last?.traces.time, first.microseconds < earliest {
                    same.removeLast()
                }
            }
            let tried = same.indices.suffix(Self.maximumTries).reversed()
            let place = tried.first { place in
                let traces = same[place].traces
                let isTimed = traces.time != nil && candidate.traces.time != nil
                return isTimed == timed && candidate.traces.mayBe(traces)
            }
            if let place {
                let match = same.remove(at: place)
                pairs.append((candidate.index, match.index))
                found.insert(candidate.index)
                taken.insert(match.index)
            }
            if !same.isEmpty { waiting[candidate.text] = same }
        }
        return (open.filter { !found.contains($0.index) }, free.filter { !taken.contains($0.index) })
    }
}
