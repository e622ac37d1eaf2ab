internal import ParleyCore

/// Goes through what an index has found from the latest on, without reading more of it than is needed.
///
/// Documents stand in the order in which they came, which is not that of their times: imports bring old ones. So it reads the
/// groups of records by the latest time in each, and gives out what is later than all that it has not read.
struct IndexWalk: Sendable {
    /// How many groups are read at once: some 64 KB.
    private static let groupsAtOnce = 32

    private let reader: IndexReader
    private let candidates: IndexCandidates
    private var groups: ArraySlice<(group: Int, numbers: ArraySlice<UInt32>?)>
    /// Only what is not later than this is wanted.
    private let latest: Timestamp?
    /// What was read and not given out, the latest last.
    private var pending: [IndexedPlace] = []

    /// Begins at the latest, or at what is not later than a time.
    init(_ candidates: IndexCandidates, of reader: IndexReader, notAfter latest: Timestamp?) {
        self.candidates = candidates
        self.reader = reader
        self.latest = latest
        groups = candidates.groups()[...]
    }

    /// The time that nothing still to come is later than; `nil` at the end.
    var bound: Timestamp? {
        let unread = groups.first.map { candidates.latest(of: $0.group) }
        guard let read = pending.last?.createdAt else { return unread }
        return unread.map { max($0, read) } ?? read
    }

    /// The next messages from the latest on; empty at the end.
    mutating func next(_ limit: Int) async throws -> [IndexedPlace] {
        while true {
            let unread = groups.first.map { candidates.latest(of: $0.group) }
            var batch: [IndexedPlace] = []
            while batch.count < limit, let last = pending.last, unread.map({ last.createdAt > $0 }) ?? true {
                batch.append(last)
                pending.removeLast()
            }
            if !batch.isEmpty || groups.isEmpty { return batch }
            let some = groups.prefix(Self.groupsAtOnce)
            groups = groups.dropFirst(some.count)
            pending += try await reader.places(in: some).filter { place in
                place.seq > 0 && latest.map { place.createdAt <= $0 } ?? true
            }
            pending.sort { $0.createdAt < $1.createdAt }
        }
    }
}
