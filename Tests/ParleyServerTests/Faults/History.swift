/// What clients did in one conversation, and were told of it.
struct History {
    typealias Rule = JournalCheck.Rule
    typealias Violation = JournalCheck.Violation

    let id: String
    let operations: [Operation]
    let truth: JournalCheck.Log?

    /// The conversation was to be deleted, by the earliest at this time.
    private var firstDeletion: Int? { deletions.map(\.start).min() }
    private var deletions: [Operation] { operations.filter { $0.kind == .deleteConversation } }

    private func note(_ rule: Rule, _ what: String, _ found: inout [Violation]) {
        found.append(Violation(rule: rule, what: "\(what) in \(id)"))
    }

    // MARK: The log

    /// What is there in the end.
    func checkLog(_ found: inout [Violation]) {
        let deletion = firstDeletion
        // Before somebody was told that it is there, it may not be.
        let creation = operations.filter(\.isDone).map(\.end).min() ?? .max
        for operation in operations where operation.outcome == .answered(404) && operation.start > creation {
            // The message, or what was to be copied, may be gone.
            if operation.kind == .touch || operation.kind == .fork { continue }
            if deletion.map({ $0 > operation.end }) ?? true {
                note(.kept, "nothing was found by \(operation.kind)", &found)
            }
        }
        guard let truth else {
            if deletion == nil, operations.contains(where: \.isDone) { note(.kept, "everything is lost", &found) }
            return
        }
        // Sent again after its answer was lost, a deletion finds nothing: so it must have happened.
        if deletions.contains(where: { $0.isDone || $0.outcome == .answered(404) }) {
            note(.kept, "the deletion is lost", &found)
        }
        checkMessages(truth, &found)
        checkSights(truth, &found)
    }

    private func checkMessages(_ truth: JournalCheck.Log, _ found: inout [Violation]) {
        let seqs = truth.messages.map(\.seq)
        if seqs != seqs.indices.map({ $0 + 1 }) || truth.count != seqs.count { note(.seqs, "there are gaps", &found) }
        var texts: [String: Set<Int>] = [:]
        var deleted: Set<String> = []
        for operation in operations {
            if let text = operation.text { texts[operation.message, default: []].insert(text) }
            if operation.kind == .delete { deleted.insert(operation.message) }
        }
        let replies = Set(operations.compactMap(\.reply))
        var ids: Set<String> = []
        for message in truth.messages {
            if !ids.insert(message.id).inserted { note(.once, "\(message.id) is there again", &found) }
            if let sent = texts[message.id] {
                let isSent = message.status == "deleted" ? deleted.contains(message.id) : sent.contains(message.text)
                if !isSent { note(.authentic, "\(message.id) says something else", &found) }
            } else if !replies.contains(message.id), !operations.contains(where: { [.turn, .fork].contains($0.kind) }) {
                note(.authentic, "nobody sent \(message.id)", &found)
            }
            if message.isStreaming { note(.rest, "\(message.id) is still written", &found) }
        }
        for operation in operations where operation.isDone && !operation.message.isEmpty && !operation.isRead {
            if !ids.contains(operation.message) {
                note(.kept, "\(operation.kind) of \(operation.message) is lost", &found)
            }
        }
    }

    /// What was shown at any time, beside what is there.
    private func checkSights(_ truth: JournalCheck.Log, _ found: inout [Violation]) {
        var seqs: [String: Int] = [:]
        var changes: [Int: Sight] = [:]
        let present = Dictionary(truth.messages.map { ($0.seq, $0) }, uniquingKeysWith: { first, _ in first })
        for sight in operations.flatMap(\.sights) + truth.messages {
            if seqs[sight.id, default: sight.seq] != sight.seq { note(.once, "\(sight.id) has two places", &found) }
            seqs[sight.id] = sight.seq
            if let now = present[sight.seq], now.id == sight.id {
                if now.revision < sight.revision { note(.kept, "a change of \(sight.id) is lost", &found) }
            } else {
                note(.kept, "\(sight.id) was shown", &found)
            }
            guard !sight.isStreaming else { continue }
            if let other = changes[sight.revision] {
                if other.seq != sight.seq {
                    note(.revisions, "\(sight.revision) is two changes", &found)
                } else if !other.agrees(with: sight) {
                    note(.agreement, "\(sight.id) at \(sight.revision) was shown in two ways", &found)
                }
                // One with the bytes of the wire says more.
                if other.wire == nil { changes[sight.revision] = sight }
            } else {
                changes[sight.revision] = sight
            }
        }
        if changes.keys.contains(where: { $0 > truth.revision }) { note(.revisions, "the last are lost", &found) }
        // A reply takes some that nobody is told of.
        guard !operations.contains(where: { [.turn, .touch, .fork].contains($0.kind) }) else { return }
        let unseen = truth.revision - 1 - changes.count
        let doubtful = operations.filter { ($0.kind == .edit || $0.kind == .delete) && $0.isInDoubt }.count
        if unseen > doubtful { note(.revisions, "\(unseen) are of no change", &found) }
    }

    // MARK: Reads

    /// Each read by itself: the newest messages of one version.
    func checkReads(_ found: inout [Violation]) {
        var revisions: [Int: Set<Int>] = [:]
        for sight in operations.flatMap(\.sights) + (truth?.messages ?? []) {
            revisions[sight.seq, default: []].insert(sight.revision)
        }
        let sorted = revisions.mapValues { $0.sorted() }
        for operation in operations {
            guard case .read(let limit) = operation.kind, operation.isDone else { continue }
            let sights = operation.sights
            let newest = sights.last?.seq ?? 0
            let run = sights.map(\.seq)
            if run != Array(run.indices.map { newest - run.count + 1 + $0 }) || run.count != min(limit, newest) {
                note(.whole, "a read is \(run)", &found)
                continue
            }
            if let count = operation.count, count != newest {
                note(.whole, "a read ends at \(newest) of \(count)", &found)
            }
            let version = operation.revision ?? sights.map(\.revision).max() ?? 0
            if sights.contains(where: { $0.revision > version }) { note(.whole, "a read is of the future", &found) }
            if let next = sorted[newest + 1]?.first, next <= version {
                note(.whole, "a read lacks \(newest + 1)", &found)
            }
            for sight in sights {
                let later = sorted[sight.seq]?.contains { $0 > sight.revision && $0 <= version } ?? false
                if later { note(.whole, "a read at \(version) has an old \(sight.id)", &found) }
            }
        }
    }

    /// Reads beside what had been told before they began.
    func checkOrder(_ found: inout [Violation]) {
        var told = Known()
        var read: [Int: Known] = [:]
        let ended = operations.filter { !$0.sights.isEmpty }.sorted { $0.end < $1.end }
        var next = 0
        var deleted = deletions.filter(\.isDone).map(\.end).min()
        if let time = deleted, operations.contains(where: { $0.isDone && $0.isRead && $0.start > time }) {
            note(.fresh, "what was deleted is read", &found)
            deleted = nil
        }
        for operation in operations.filter({ $0.isRead && $0.isDone }).sorted(by: { $0.start < $1.start }) {
            while next < ended.count, ended[next].end < operation.start {
                told.add(ended[next].sights)
                if ended[next].isRead { read[ended[next].client, default: Known()].add(ended[next].sights) }
                next += 1
            }
            if !told.isWithin(operation) { note(.fresh, "a read at \(operation.instance) is stale", &found) }
            if let own = read[operation.client], !own.isWithin(operation) { note(.forward, "reads go back", &found) }
        }
    }

    /// The newest that was told of each message.
    private struct Known {
        var newest = 0
        var revisions: [Int: Int] = [:]

        mutating func add(_ sights: [Sight]) {
            for sight in sights {
                newest = max(newest, sight.seq)
                revisions[sight.seq] = max(revisions[sight.seq] ?? 0, sight.revision)
            }
        }

        func isWithin(_ operation: Operation) -> Bool {
            (operation.sights.last?.seq ?? 0) >= newest
                && operation.sights.allSatisfy { $0.revision >= revisions[$0.seq] ?? 0 }
        }
    }
}
