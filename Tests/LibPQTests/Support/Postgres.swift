import Foundation
import LibPQ
import Testing

/// How to reach the suite's server, without TLS unless a test says so: what isn't about it runs faster.
func settings(_ query: String = "sslmode=disable") throws -> PostgresSettings {
    .patient(try #require(ThrowawayPostgres.shared).url + "?" + query)
}

extension PostgresSettings {
    /// Settings whose deadlines no busy machine misses: nothing but a test of deadlines is to meet one.
    static func patient(_ url: String) -> Self {
        var settings = Self(url: url)
        settings.connectTimeout = .seconds(240)
        settings.statementTimeout = .seconds(240)
        settings.cancelGrace = .seconds(240)
        return settings
    }
}

/// Connects for as long as the body takes.
func withConnection<Value>(
    _ settings: PostgresSettings? = nil,
    _ body: (PostgresConnection) async throws -> Value
) async throws -> Value {
    let connection = try await PostgresConnection.open(settings ?? LibPQTests.settings())
    defer { connection.close() }
    return try await body(connection)
}

/// Makes a table of that name and number for as long as the body takes.
func withTable(
    _ columns: String,
    _ body: (_ connection: PostgresConnection, _ table: String) async throws -> Void
) async throws {
    let table = "t" + UUID().uuidString.replacing("-", with: "").lowercased()
    try await withConnection { connection in
        _ = try await connection.query("CREATE TABLE \(table) (\(columns))")
        do {
            try await body(connection, table)
        } catch {
            // The test has failed already.
            _ = try? await connection.query("DROP TABLE \(table)")
            throw error
        }
        _ = try await connection.query("DROP TABLE \(table)")
    }
}

/// Runs a pool of connections for as long as the body takes, and sees that it ends.
func withPool<Value>(
    _ settings: PostgresPoolSettings,
    _ body: (PostgresPool) async throws -> Value
) async throws -> Value {
    let pool = PostgresPool(settings)
    async let running: Void = pool.run()
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(pool))
    } catch {
        result = .failure(error)
    }
    pool.close()
    await running
    return try result.get()
}

/// Waits until the server's process is executing something that waits, as another connection sees it.
func untilWaiting(_ processID: Int32, _ observer: PostgresConnection) async throws {
    let sql = "SELECT state = 'active' AND wait_event_type IN ('Timeout', 'Lock') FROM pg_stat_activity WHERE pid = $1"
    while true {
        let rows = try await observer.query(sql, [processID])
        if try rows.first?.decode(0, as: Bool?.self) == true { return }
    }
}

extension PostgresRows {
    /// The first column of the only row.
    func value<Value: PostgresDecodable>(_: Value.Type = Value.self) throws -> Value {
        try #require(count == 1)
        return try self[0].decode(0)
    }
}

/// Expects that the connection answers.
func expectAlive(_ connection: PostgresConnection) async throws {
    #expect(try await connection.query("SELECT 1").value(Int.self) == 1)
}

/// The error that the body fails with.
func failure(_ body: () async throws -> Void) async throws -> PostgresError {
    do {
        try await body()
    } catch {
        return try #require(error as? PostgresError)
    }
    throw NoFailure()
}

/// Something succeeded that should have failed.
struct NoFailure: Error {}
