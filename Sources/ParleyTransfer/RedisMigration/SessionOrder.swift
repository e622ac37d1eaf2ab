internal import ParleyCore

extension SessionMerge {
    /// A cluster with the time it gets.
    struct Placed {
        let cluster: Cluster
        let time: Timestamp
        /// Whether the time is its own.
        let isKnown: Bool
    }

    /// The messages of one project (the one without a name has what knows none, too) in their order: by time, then as the session's list has them, then by key.
    ///
    /// One without a time stands a millisecond behind the one before it in its place, or before the first that has one;
    /// where none has one, from `beginning` on, or so that the last is now.
    func placed(in project: ExactText, beginning: Timestamp?, now: Timestamp) -> [Placed] {
        let all = clusters.filter { ($0.project ?? ExactText("")) == project }
        let listed = all.filter(\.hasListed).sorted { order($0, $1) }
        let others = all.filter { !$0.hasListed }.sorted { order($0, $1) }
        // The list first: where all of memory is without times, it stands behind what is known.
        let known = timed(listed, beginning: beginning, now: now)
        let last = known.last { $0.isKnown }?.time ?? known.last?.time
        let placed =
            known
            + timed(others, beginning: others.contains { $0.time != nil } ? beginning : last ?? beginning, now: now)
        return placed.enumerated().sorted { one, other in
            one.element.time != other.element.time
                ? one.element.time < other.element.time : isBefore(one.element.cluster, other.element.cluster)
        }.map(\.element)
    }

    private func timed(_ clusters: [Cluster], beginning: Timestamp?, now: Timestamp) -> [Placed] {
        let firstKnown = clusters.firstIndex { $0.time != nil }
        let unknown = firstKnown ?? clusters.count
        let end = firstKnown.flatMap { clusters[$0].time } ?? now
        var time = beginning ?? end + .milliseconds(-unknown)
        if firstKnown != nil { time = min(time, end + .milliseconds(-unknown)) }
        return clusters.enumerated().map { index, cluster in
            if let own = cluster.time {
                time = own
            } else if index > 0 {
                time = min(now, time + .milliseconds(1))
            }
            return Placed(cluster: cluster, time: time, isKnown: cluster.time != nil)
        }
    }

    /// The order within one place: that of the list, or of the keys.
    private func order(_ one: Cluster, _ other: Cluster) -> Bool {
        if let first = one.position, let second = other.position, one.hasListed, first != second {
            return first < second
        }
        return (one.sources.first ?? 0) < (other.sources.first ?? 0)
    }

    /// The order of what has the same time.
    private func isBefore(_ one: Cluster, _ other: Cluster) -> Bool {
        let (first, second) = (one.position ?? .infinity, other.position ?? .infinity)
        if first != second { return first < second }
        return (one.sources.first ?? 0) < (other.sources.first ?? 0)
    }

    /// The one message of a cluster: what its best record says, filled up from the others; nothing is dropped.
    ///
    /// Records whose fields don't fit into one message together are returned apart.
    func message(_ cluster: Cluster) -> (message: OldMessage, best: Int, unfit: [Int]) {
        func weight(_ index: Int) -> Int {
            let message = sources[index].message
            return (message.input.aiResponse == nil ? 0 : 4) + (message.createdAt == nil ? 0 : 2)
                + (sources[index].listIndex == nil ? 1 : 0)
        }
        let best = cluster.sources.max { (weight($0), -$0) < (weight($1), -$1) } ?? 0
        var message = sources[best].message
        var unfit: [Int] = []
        for index in cluster.sources where index != best {
            let other = sources[index].message
            var filled = message
            filled.fill(from: other)
            do throws(Unfit) {
                try LegacyMessage.check(filled.input)
                message = filled
            } catch {
                unfit.append(index)
            }
        }
        if message.createdAt == nil { message.createdAt = cluster.time }
        return (message, best, unfit)
    }
}

extension OldMessage {
    /// Takes what this record doesn't say from another record of the same message.
    fileprivate mutating func fill(from other: OldMessage) {
        author = author ?? other.author
        latencyMilliseconds = latencyMilliseconds ?? other.latencyMilliseconds
        createdAt = createdAt ?? other.createdAt
        updatedAt = updatedAt ?? other.updatedAt
        input.confidence = input.confidence ?? other.input.confidence
        input.model = input.model ?? other.input.model
        guard var legacy = input.metadata["legacy"]?.objectValue,
            let others = other.input.metadata["legacy"]?.objectValue
        else { return }
        if createdAt != nil { legacy["time"] = nil }
        var different: JSONObject = [:]
        for member in others.members where !["source", "time", "key", "role"].contains(member.name) {
            switch legacy[member.name] {
            case nil: legacy[member.name] = member.value
            case member.value?: break
            default: different[member.name] = member.value
            }
        }
        if input.aiResponse == nil {
            input.aiResponse = other.input.aiResponse
        } else if let answer = other.input.aiResponse, answer != input.aiResponse {
            different["ai_response"] = answer
        }
        if !different.isEmpty {
            different["key"] = others["key"]
            legacy["also"] = .array((legacy["also"]?.arrayValue ?? []) + [.object(different)])
        }
        input.metadata["legacy"] = .object(legacy)
    }
}
