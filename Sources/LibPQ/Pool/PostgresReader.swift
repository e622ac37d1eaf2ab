/// Connections that many share for reading: statements are sent without waiting for the answers of those before.
///
/// One statement that reads is all that can be asked for, so that sharing is safe and a read may be asked again where its
/// connection was lost. Apart from the connections that write, since a read behind a write would wait for the disk.
public final class PostgresReader: Sendable {
    private let connections: ConnectionSet

    /// Makes a reader that has no connection until it runs.
    ///
    /// As many statements are in flight in each connection as its settings say (`inFlightLimit`).
    public init(_ settings: PostgresPoolSettings) {
        connections = ConnectionSet(settings, loansPerConnection: settings.connection.inFlightLimit)
    }

    /// What it is doing.
    public var status: PostgresPoolStatus { connections.status }

    /// Connects, and stays connected until it is closed and everything is back, or the task is cancelled.
    ///
    /// Once only.
    public func run() async {
        await connections.run()
    }

    /// Refuses everyone from now on; what is in flight is answered, and then ``run()`` returns.
    public func close() {
        connections.close()
    }

    /// Executes one statement that changes nothing, once more where its connection was lost.
    ///
    /// - Parameters:
    ///   - sql: One statement, with arguments as `$1`, `$2` and so on.
    ///   - arguments: The arguments.
    ///   - timeout: How long it may take once it has a connection; `nil` for what the settings say.
    /// - Returns: The rows.
    /// - Throws: A `PostgresError`.
    public func query(
        _ sql: String,
        _ arguments: [any PostgresEncodable] = [],
        timeout: Duration? = nil
    ) async throws(PostgresError) -> PostgresRows {
        do throws(PostgresError) {
            return try await attempt(sql, arguments, timeout)
        } catch  where error.kind == .connectionLost || error.kind == .unreachable {
            return try await attempt(sql, arguments, timeout)
        }
    }

    private func attempt(
        _ sql: String,
        _ arguments: [any PostgresEncodable],
        _ timeout: Duration?
    ) async throws(PostgresError) -> PostgresRows {
        let loan = try await connections.borrow()
        defer { connections.giveBack(loan) }
        return try await loan.connection.query(sql, arguments, timeout: timeout)
    }
}
