/// Who waits for a question to be put, and whose questions go together: the rule of ``Gathering``.
///
/// At most `maximumOutstanding` batches are under way. What comes meanwhile waits, and forms the next. So nobody ever joins a
/// batch that has left: what a batch brings back was looked up after everyone in it had asked.
package struct BatchQueue<Asker: Hashable & Sendable>: Sendable {
    package let maximumOutstanding: Int
    package let maximumBatch: Int
    /// How many batches are under way.
    package private(set) var outstanding = 0
    /// Who waits, longest first.
    package private(set) var waiting: [Asker] = []

    package init(maximumOutstanding: Int, maximumBatch: Int) {
        self.maximumOutstanding = maximumOutstanding
        self.maximumBatch = maximumBatch
    }

    /// Whether nothing goes on.
    package var isIdle: Bool { outstanding == 0 && waiting.isEmpty }

    /// Lets a batch of one leave at once, if one may; nothing happens where it returns `false`.
    package mutating func leaveAlone() -> Bool {
        guard outstanding < maximumOutstanding else { return false }
        outstanding += 1
        return true
    }

    /// Waits for the next batch.
    package mutating func wait(_ asker: Asker) {
        waiting.append(asker)
    }

    /// Gives up waiting; who has left with a batch is not affected.
    package mutating func giveUp(_ asker: Asker) {
        waiting.removeAll { $0 == asker }
    }

    /// A batch has come back; returns the next, which leaves now, empty where nobody waits.
    package mutating func cameBack() -> [Asker] {
        outstanding -= 1
        guard !waiting.isEmpty else { return [] }
        outstanding += 1
        defer { waiting.removeFirst(min(maximumBatch, waiting.count)) }
        return Array(waiting.prefix(maximumBatch))
    }

    /// A batch has come back without an answer, because who put the question has gone; the others' turn comes first.
    package mutating func cameBackUnanswered(_ askers: [Asker]) -> [Asker] {
        waiting.insert(contentsOf: askers, at: 0)
        return cameBack()
    }
}
