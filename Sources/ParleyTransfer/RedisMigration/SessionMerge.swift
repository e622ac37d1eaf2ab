internal import ParleyCore

/// Brings together the records of one session from both places where messages stood: what says the same is one message.
///
/// One are records of the same session, role and text whose ids are the same, or whose times are within a second; or one of
/// which has no time, and stands in the other place. Records of one place with different ids of their own are two, whatever
/// their times. Takes n log n steps.
struct SessionMerge {
    /// A record, and where it stood.
    struct Source {
        let record: OldValue.Record
        let message: OldMessage
        /// Its project; none where only another record may know it.
        let project: ExactText?
        /// Its place in the session's own list; none for memory.
        let listIndex: Int?
        /// Its line in the account.
        let item: Int
    }

    /// One message, from all the records that say it.
    struct Cluster {
        var sources: [Int]
        var project: ExactText?
        var hasMemory: Bool
        var hasListed: Bool
        /// The ids that its records of each place bear.
        var memoryIDs: Set<String> = []
        var listedIDs: Set<String> = []
        var time: Timestamp?
        /// Its place in the session's own list, or just before or after that of the other half.
        var position: Double?
    }

    private(set) var sources: [Source]
    private(set) var clusters: [Cluster] = []

    /// Takes records: those of memory in the order of their keys, then the session's in their order.
    init(_ sources: [Source]) {
        self.sources = sources
        joinByID()
        joinByText()
        placeHalves()
    }

    /// Records with one id, role and text are one.
    private mutating func joinByID() {
        struct Name: Hashable {
            let id: String
            let text: ContentKey
        }
        var byName: [Name: [Int]] = [:]
        for (index, source) in sources.enumerated() {
            let text = source.message.input.contentKey
            let names = Set([source.message.id, source.record.keyName].compactMap(\.self).filter { !$0.isEmpty })
                .map { Name(id: $0, text: text) }
            let known = names.lazy.flatMap { byName[$0] ?? [] }.first { self.mayJoin(index, $0) }
            if let known {
                add(index, to: known)
                for name in names where byName[name]?.contains(known) != true {
                    byName[name, default: []].append(known)
                }
            } else {
                clusters.append(Cluster(sources: [], project: nil, hasMemory: false, hasListed: false))
                add(index, to: clusters.count - 1)
                for name in names { byName[name, default: []].append(clusters.count - 1) }
            }
        }
    }

    private func mayJoin(_ source: Int, _ cluster: Int) -> Bool {
        guard let project = sources[source].project, let other = clusters[cluster].project else { return true }
        return project == other
    }

    private mutating func add(_ index: Int, to cluster: Int) {
        let source = sources[index]
        clusters[cluster].sources.append(index)
        clusters[cluster].project = clusters[cluster].project ?? source.project
        if let place = source.listIndex {
            clusters[cluster].hasListed = true
            clusters[cluster].position = clusters[cluster].position ?? Double(place)
            if let id = source.message.id { clusters[cluster].listedIDs.insert(id) }
        } else {
            clusters[cluster].hasMemory = true
            if let id = source.message.id { clusters[cluster].memoryIDs.insert(id) }
        }
        clusters[cluster].time = clusters[cluster].time ?? source.message.createdAt
    }

    /// Of those that say the same, what is within a second is one, and what has no time is the next of the other place.
    private mutating func joinByText() {
        var bySaying: [ContentKey: [Int]] = [:]
        for (index, cluster) in clusters.enumerated() {
            guard let first = cluster.sources.first else { continue }
            bySaying[sources[first].message.input.contentKey, default: []].append(index)
        }
        var gone = Set<Int>()
        for same in bySaying.values where same.count > 1 {
            let timed = same.filter { clusters[$0].time != nil }
                .sorted { (clusters[$0].time ?? .distantPast, $0) < (clusters[$1].time ?? .distantPast, $1) }
            // Those that another within a second may still join; times only rise, so those before are done with.
            var open: [Int] = []
            for index in timed {
                open.removeAll { !isWithinSecond($0, index) }
                if let target = open.first(where: { isOne($0, index) }) {
                    join(index, into: target)
                    gone.insert(index)
                } else {
                    open.append(index)
                }
            }
            let untimed = same.filter { clusters[$0].time == nil }
            // Each place's n-th without a time goes with the other place's n-th that has no partner.
            var partners = same.filter { !gone.contains($0) && !(clusters[$0].hasMemory && clusters[$0].hasListed) }[
                ...
            ]
            for index in untimed where !gone.contains(index) {
                let partner = partners.firstIndex { other in
                    other != index && !gone.contains(other) && hasOtherPlace(other, index)
                        && mayJoin(clusters: other, index)
                }
                guard let partner else { continue }
                let target = partners.remove(at: partner)
                partners.removeAll { $0 == index }
                join(index, into: target)
                gone.insert(index)
            }
        }
        clusters = clusters.enumerated().filter { !gone.contains($0.offset) }.map(\.element)
    }

    private func isWithinSecond(_ first: Int, _ second: Int) -> Bool {
        guard let one = clusters[first].time, let other = clusters[second].time else { return false }
        return abs(other.microseconds - one.microseconds) <= 1_000_000
    }

    private func isOne(_ first: Int, _ second: Int) -> Bool {
        let (one, other) = (clusters[first], clusters[second])
        guard mayJoin(clusters: first, second) else { return false }
        func differ(_ ids: Set<String>, _ others: Set<String>) -> Bool {
            !ids.isEmpty && !others.isEmpty && ids.isDisjoint(with: others)
        }
        return !differ(one.memoryIDs, other.memoryIDs) && !differ(one.listedIDs, other.listedIDs)
    }

    private func mayJoin(clusters first: Int, _ second: Int) -> Bool {
        guard let project = clusters[first].project, let other = clusters[second].project else { return true }
        return project == other
    }

    private func hasOtherPlace(_ first: Int, _ second: Int) -> Bool {
        let (one, other) = (clusters[first], clusters[second])
        return one.hasMemory && !one.hasListed && other.hasListed && !other.hasMemory
            || one.hasListed && !one.hasMemory && other.hasMemory && !other.hasListed
    }

    private mutating func join(_ index: Int, into target: Int) {
        for source in clusters[index].sources { add(source, to: target) }
        if let position = clusters[index].position {
            clusters[target].position = min(clusters[target].position ?? position, position)
        }
    }

    /// The half of an interaction that the session's list lacks stands beside the other one.
    private mutating func placeHalves() {
        var halves: [ExactText: [(part: String, cluster: Int)]] = [:]
        for (index, cluster) in clusters.enumerated() {
            for source in cluster.sources {
                let place = sources[source].record.place
                if let part = place.part, place.index == nil {
                    halves[ExactText(place.key), default: []].append((part, index))
                }
            }
        }
        for pair in halves.values where pair.count == 2 {
            for (one, other) in [(pair[0], pair[1]), (pair[1], pair[0])] where clusters[one.cluster].position == nil {
                guard let position = clusters[other.cluster].position else { continue }
                clusters[one.cluster].position = position + (one.part == "user_message" ? -0.5 : 0.5)
            }
        }
    }
}

extension SessionMerge {
    /// Of the listed records without ids, the how many-th each is of those that say the same, in the order of the list: that
    /// doesn't hang on what else is found beside it.
    func occurrences(in placed: [Placed]) -> [Int: Int] {
        var counts: [ContentKey: Int] = [:]
        var occurrences: [Int: Int] = [:]
        let listed = placed.flatMap(\.cluster.sources).filter { sources[$0].listIndex != nil }
            .sorted { (sources[$0].listIndex ?? 0) < (sources[$1].listIndex ?? 0) }
        for source in listed where sources[source].message.id == nil {
            let text = sources[source].message.input.contentKey
            counts[text, default: 0] += 1
            occurrences[source] = counts[text]
        }
        return occurrences
    }
}

extension Timestamp {
    static let distantPast = Timestamp(microseconds: .min)
}
