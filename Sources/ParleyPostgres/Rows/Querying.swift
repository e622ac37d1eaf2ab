internal import LibPQ

/// What a statement can be sent to: the connections that reads share, or the one of a transaction.
protocol Querying: Sendable {
    /// Executes one statement.
    func rows(_ sql: String, _ arguments: Arguments) async throws -> PostgresRows
}

extension PostgresReader: Querying {
    func rows(_ sql: String, _ arguments: Arguments) async throws -> PostgresRows {
        try await query(sql, arguments.values)
    }
}

extension PostgresConnection: Querying {
    func rows(_ sql: String, _ arguments: Arguments) async throws -> PostgresRows {
        try await query(sql, arguments.values)
    }
}

extension Querying {
    /// Executes a statement; returns how many rows it has changed.
    @discardableResult
    func run(_ sql: String, _ arguments: Arguments = []) async throws -> Int {
        try await rows(sql, arguments).affectedCount
    }

    /// The first row.
    func first<Value>(
        _ sql: String,
        _ arguments: Arguments,
        _ read: (inout Columns) throws -> Value
    ) async throws -> Value? {
        guard let row = try await rows(sql, arguments).first else { return nil }
        var columns = Columns(row)
        return try read(&columns)
    }

    /// All rows.
    func all<Value>(
        _ sql: String,
        _ arguments: Arguments,
        _ read: (inout Columns) throws -> Value
    ) async throws -> [Value] {
        try await rows(sql, arguments).map { row in
            var columns = Columns(row)
            return try read(&columns)
        }
    }

    /// Whether there is a row.
    func exists(_ sql: String, _ arguments: Arguments) async throws -> Bool {
        try await !rows(sql, arguments).isEmpty
    }
}

extension PostgresConnection {
    /// How long a statement may take that touches a whole conversation or project.
    private static let longTime = Duration.seconds(60)

    /// Executes a statement that may take longer than others, in a transaction; returns how many rows it has changed.
    @discardableResult
    func runLong(_ sql: String, _ arguments: Arguments) async throws -> Int {
        try await takeTime()
        return try await query(sql, arguments.values, timeout: Self.longTime).affectedCount
    }

    /// All rows of a statement that may take longer than others, in a transaction.
    func allLong<Value>(
        _ sql: String,
        _ arguments: Arguments,
        _ read: (inout Columns) throws -> Value
    ) async throws -> [Value] {
        try await takeTime()
        return try await query(sql, arguments.values, timeout: Self.longTime).map { row in
            var columns = Columns(row)
            return try read(&columns)
        }
    }

    private func takeTime() async throws {
        try await run("SELECT set_config('statement_timeout', $1, true)", ["61s"])
    }
}
