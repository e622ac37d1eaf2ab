/// Connections that are lent to one borrower at a time, for transactions and for writes.
///
/// ``run()`` keeps them. While no connection can be made, whoever asks is refused at once with `unreachable`; while all are
/// lent, whoever asks waits, for a bounded time and in a bounded queue.
public final class PostgresPool: Sendable {
    private let connections: ConnectionSet

    /// Makes a pool that has no connection until it runs.
    public init(_ settings: PostgresPoolSettings) {
        connections = ConnectionSet(settings, loansPerConnection: 1)
    }

    /// The clock that it waits by.
    var time: PostgresTime { connections.time }

    /// What it is doing.
    public var status: PostgresPoolStatus { connections.status }

    /// Connects, and stays connected until it is closed and everything is back, or the task is cancelled.
    ///
    /// Once only.
    public func run() async {
        await connections.run()
    }

    /// Refuses everyone from now on; what is lent may be used to its end, and then ``run()`` returns.
    public func close() {
        connections.close()
    }

    /// Lends a connection for as long as the body takes.
    ///
    /// A connection that comes back with an open transaction is thrown away.
    ///
    /// - Throws: What the body throws, or a `PostgresError` of the kind `exhausted`, `unreachable`, `closed` or `cancelled`.
    public func withConnection<Value>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
        let loan = try await connections.borrow()
        defer { connections.giveBack(loan) }
        return try await body(loan.connection)
    }

    /// Does something in a transaction, as ``PostgresConnection/transaction(_:retry:_:)`` does.
    public func transaction<Value: Sendable>(
        _ isolation: PostgresIsolation = .readCommitted,
        retry: PostgresRetry = PostgresRetry(),
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        try await withConnection { try await $0.transaction(isolation, retry: retry, body) }
    }

    /// Executes one statement, as ``PostgresConnection/query(_:_:timeout:)`` does.
    public func query(
        _ sql: String,
        _ arguments: [any PostgresEncodable] = [],
        timeout: Duration? = nil
    ) async throws(PostgresError) -> PostgresRows {
        let loan = try await connections.borrow()
        defer { connections.giveBack(loan) }
        return try await loan.connection.query(sql, arguments, timeout: timeout)
    }
}
