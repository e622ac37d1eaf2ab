internal import LibPQ
internal import ParleyCore
internal import ParleyMetrics

/// Writes batches of appends: one statement each, and so one sync of the disk.
struct AppendBatch: Sendable {
    private struct Row {
        let index: Int
        let seq: Int
        let revision: Int
        let projectID: ProjectID
        let tagBefore: LogTag
        let time: Timestamp
    }

    private let clock: any WallClock
    private let tags: TagMaker
    private let metrics: PostgresMetrics

    init(clock: any WallClock, tags: TagMaker, metrics: PostgresMetrics) {
        self.clock = clock
        self.metrics = metrics
        self.tags = tags
    }

    /// How long a batch waits for a conversation that somebody else changes, before it goes on without it.
    static let lockTimeoutMilliseconds = 250

    /// Writes a batch and returns when it is committed; what it could not decide is to be done alone.
    func write(
        _ calls: [AppendCall],
        _ connection: PostgresConnection
    ) async throws -> [Result<AppendOutcome, any Error>] {
        metrics.appends.ran(count: calls.count)
        var columns = AppendColumns()
        // Of an id that comes twice the first is written. The second then finds it, and says whether it is the same.
        var ids: Set<Key> = []
        for (number, call) in calls.enumerated() {
            let keys = call.items.map { Key(conversation: call.conversationID, message: $0.id) }
            guard keys.allSatisfy({ !ids.contains($0) }) else { continue }
            ids.formUnion(keys)
            for item in call.items { columns.append(item, of: call, number, tag: tags.make()) }
        }
        let answer = try await metrics.timing("appendMessages") {
            try await Self.rows(
                AppendStatement.waiting,
                AppendStatement.passing,
                columns.arguments(at: clock.now()),
                connection
            )
        }
        return try Self.committed {
            try Self.outcomes(of: calls, columns, try answer.map(Self.row))
        }
    }

    /// Executes a batch's statement, and where somebody has locked a row of it for long, the one that leaves it out.
    static func rows(
        _ waiting: String,
        _ passing: String,
        _ arguments: [any PostgresEncodable],
        _ connection: PostgresConnection
    ) async throws -> PostgresRows {
        do {
            return try await connection.query(waiting, arguments)
        } catch {
            guard error.sqlState == .lockNotAvailable else { throw error }
            return try await connection.query(passing, arguments)
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
            tagBefore: try columns.next(),
            time: try columns.next()
        )
    }

    private static func outcomes(
        of calls: [AppendCall],
        _ columns: AppendColumns,
        _ rows: [Row]
    ) throws -> [Result<AppendOutcome, any Error>] {
        var places: [Int: (projectID: ProjectID, time: Timestamp, list: [AppendOutcome.Place])] = [:]
        // Several calls may have gone to one log: each begins with the version that the one before has made.
        var last: [ConversationID: LogTag] = [:]
        for row in rows {
            guard columns.calls.indices.contains(row.index) else { throw Columns.Unreadable(index: 0) }
            let owner = columns.calls[row.index]
            let log = calls[owner].conversationID
            let step = LogStep(before: last[log] ?? row.tagBefore, after: columns.newTags[row.index])
            last[log] = step.after
            let place = AppendOutcome.Place(seq: row.seq, revision: row.revision, step: step)
            places[owner, default: (row.projectID, row.time, [])].list.append(place)
        }
        return calls.indices.map { call in
            guard let (project, time, list) = places[call] else { return .success(.alone) }
            return .success(.written(at: time, in: project, list))
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
