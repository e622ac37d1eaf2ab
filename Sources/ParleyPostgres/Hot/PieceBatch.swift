internal import LibPQ
internal import ParleyCore
internal import ParleyMetrics

/// One call that adds pieces to a running reply, or only renews its lease.
struct PieceCall: Sendable {
    /// How many bytes weigh as much as one more piece.
    private static let bytesPerWeight = 16 * 1024

    let lease: ReplyLease
    /// Where the first piece belongs; `nil` where there are none and only the lease is renewed.
    let index: Int?
    let pieces: [String]

    /// What it counts as in a batch.
    var weight: Int { 1 + pieces.count + pieces.reduce(0) { $0 + $1.utf8.count } / Self.bytesPerWeight }
}

/// Writes batches of pieces: one statement each for all replies of the moment.
struct PieceBatch: Sendable {
    private let time: LeaseTime
    private let metrics: PostgresMetrics

    init(time: LeaseTime, metrics: PostgresMetrics) {
        self.time = time
        self.metrics = metrics
    }

    /// Writes a batch and returns when it is committed; `nil` says that a call is to be decided alone.
    func write(_ calls: [PieceCall], _ connection: PostgresConnection) async throws -> [Result<LeaseState?, any Error>]
    {
        metrics.pieces.ran(count: calls.count)
        var replies: Set<ConversationID> = []
        let numbers = calls.indices.filter { replies.insert(calls[$0].lease.conversationID).inserted }
        let pieces = numbers.enumerated().flatMap { row, number in
            calls[number].pieces.enumerated().map { (row: row + 1, place: $0.offset, text: $0.element) }
        }
        let arguments = Arguments([
            .column(numbers.map { calls[$0].lease.conversationID }),
            .column(numbers.map { calls[$0].lease.messageID }),
            .column(numbers.map { calls[$0].lease.fence }),
            .column(numbers.map { calls[$0].index }),
            .column(numbers.map { calls[$0].pieces.count }),
            .value(numbers.count),
            .column(pieces.map(\.row)),
            .column(pieces.map(\.place)),
            .column(pieces.map(\.text)),
            .value(pieces.count),
            .value(time.now),
        ])
        let answer = try await metrics.timing("appendPieces") {
            try await AppendBatch.rows(
                PieceStatement.waiting,
                PieceStatement.passing,
                arguments.values,
                connection
            )
        }
        return try AppendBatch.committed {
            var states: [LeaseState?] = calls.map { _ in nil }
            for row in answer {
                var columns = Columns(row)
                let index = try columns.next(Int.self) - 1
                guard numbers.indices.contains(index) else { throw Columns.Unreadable(index: 0) }
                states[numbers[index]] = try columns.next(Bool.self) ? .stopRequested : .held
            }
            return states.map { .success($0) }
        }
    }
}
