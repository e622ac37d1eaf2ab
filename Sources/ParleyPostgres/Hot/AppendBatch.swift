internal import LibPQ
internal import ParleyCore

/// Writes batches of appends: one statement each, and so one sync of the disk.
struct AppendBatch: Sendable {
    private struct Row {
        let index: Int
        let seq: Int
        let revision: Int
        let projectID: ProjectID
        let tagBefore: LogTag
    }

    private let clock: any WallClock
    private let tags: TagMaker

    init(clock: any WallClock, tags: TagMaker) {
        self.clock = clock
        self.tags = tags
    }

    /// How long a batch waits for a conversation that somebody else changes, before it goes on without it.
    static let lockTimeoutMilliseconds = 250

    /// Writes a batch and returns when it is committed; what it could not decide is to be done alone.
    func write(
        _ calls: [AppendCall],
        _ connection: PostgresConnection
    ) async throws -> [Result<AppendOutcome, any Error>] {
        // Of an id that comes twice the first is written. The second then finds it, and says whether it is the same.
        var ids: Set<Key> = []
        let rows = calls.enumerated().flatMap { number, call -> [(call: Int, item: AppendCall.Item)] in
            let keys = call.items.map { Key(conversation: call.conversationID, message: $0.id) }
            guard keys.allSatisfy({ !ids.contains($0) }) else { return [] }
            ids.formUnion(keys)
            return call.items.map { (number, $0) }
        }
        let now = clock.now()
        let newTags = rows.map { _ in tags.make() }
        let arguments = Arguments([
            .column(rows.map { calls[$0.call].conversationID }),
            .column(rows.map(\.item.id)),
            .column(rows.map(\.call)),
            .column(newTags),
            .column(rows.map { calls[$0.call].email }),
            .column(rows.map(\.item.role)),
            .column(rows.map(\.item.content)),
            .column(rows.map(\.item.metadata)),
            .column(rows.map(\.item.parts)),
            .column(rows.map(\.item.contexts)),
            .column(rows.map(\.item.aiResponse)),
            .column(rows.map(\.item.confidence)),
            .column(rows.map(\.item.model)),
            .column(rows.map(\.item.fingerprint)),
            .column(rows.map(\.item.terms.text)),
            .column(rows.map(\.item.terms.cutLexemes)),
            .value(rows.count),
            .value(now),
        ])
        let answer = try await Self.rows(AppendStatement.waiting, AppendStatement.passing, arguments, connection)
        return try Self.committed {
            try Self.outcomes(of: calls, rows.map(\.call), newTags, now: now, try answer.map(Self.row))
        }
    }

    /// Executes a batch's statement, and where somebody has locked a row of it for long, the one that leaves it out.
    static func rows(
        _ waiting: String,
        _ passing: String,
        _ arguments: Arguments,
        _ connection: PostgresConnection
    ) async throws -> PostgresRows {
        do {
            return try await connection.rows(waiting, arguments)
        } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
            return try await connection.rows(passing, arguments)
        }
    }

    /// Reads what a batch has come to.
    ///
    /// It is committed, so what can't be read must not be taken for a reason to write it again.
    static func committed<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw PostgresError(.misuse, "a batch's answer could not be read: \(type(of: error))")
        }
    }

    private static func row(_ row: PostgresRow) throws -> Row {
        var columns = Columns(row)
        return Row(
            index: try columns.next(Int.self) - 1,
            seq: try columns.next(),
            revision: try columns.next(),
            projectID: try columns.next(),
            tagBefore: try columns.next()
        )
    }

    private static func outcomes(
        of calls: [AppendCall],
        _ owners: [Int],
        _ newTags: [LogTag],
        now: Timestamp,
        _ rows: [Row]
    ) throws -> [Result<AppendOutcome, any Error>] {
        var places: [Int: (projectID: ProjectID, list: [AppendOutcome.Place])] = [:]
        // Several calls may have gone to one log: each begins with the version that the one before has made.
        var last: [ConversationID: LogTag] = [:]
        for row in rows {
            guard owners.indices.contains(row.index) else { throw Columns.Unreadable(index: 0) }
            let owner = owners[row.index]
            let log = calls[owner].conversationID
            let step = LogStep(before: last[log] ?? row.tagBefore, after: newTags[row.index])
            last[log] = step.after
            let place = AppendOutcome.Place(seq: row.seq, revision: row.revision, step: step)
            places[owner, default: (row.projectID, [])].list.append(place)
        }
        return calls.indices.map { call in
            guard let (project, list) = places[call] else { return .success(.alone) }
            return .success(.written(at: now, in: project, list))
        }
    }

    private struct Key: Hashable {
        let conversation: ConversationID
        let message: MessageID
    }
}

extension SQLState {
    /// A lock wasn't had in time.
    static let lockNotAvailable = SQLState(rawValue: "55P03")
}
