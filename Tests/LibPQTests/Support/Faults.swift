import LibPQ
import Testing

/// What breaks a server that all tests of it share: one after the other, on a server of their own, which each leaves whole.
@Suite(.postgres, .serialized, .timeLimit(.minutes(5))) enum LibPQFaultTests {}

extension PostgresPoolSettings {
    /// What gives up soon and comes back soon.
    static func hasty(_ url: String, size: Int = 2) -> Self {
        var connection = PostgresSettings(url: url)
        connection.statementTimeout = .milliseconds(500)
        connection.cancelGrace = .milliseconds(200)
        var settings = Self(connection)
        settings.size = size
        settings.backoff = PostgresBackoff(first: .milliseconds(5), limit: .milliseconds(50))
        return settings
    }
}

/// The kind of error that a statement fails with; `nil` where it doesn't.
func kindOfFailure(_ body: () async throws -> Void) async throws -> PostgresError.Kind? {
    do {
        try await body()
        return nil
    } catch {
        return try #require(error as? PostgresError).kind
    }
}

/// Asks again until it fails in that way, and expects of every failure before that nobody could mistake it.
func untilFailure(_ kind: PostgresError.Kind, _ pool: PostgresPool) async throws {
    while true {
        let present = try await kindOfFailure { _ = try await pool.query("SELECT 1") }
        if present == kind { return }
        let mild: Set<PostgresError.Kind?> = [nil, .deadline, .connectionLost, .exhausted, .unreachable]
        #expect(mild.contains(present), "\(String(describing: present))")
    }
}

/// Expects that the pool finds its way back by itself, with all of its connections and none too many.
func expectRecovery(_ pool: PostgresPool, size: Int = 2) async throws {
    while try await kindOfFailure({ _ = try await pool.query("SELECT 1") }) != nil { await Task.yield() }
    while pool.status.open < size { await Task.yield() }
    for number in 0..<50 {
        let rows = try await pool.query("SELECT $1", [number])
        #expect(try rows.value(Int.self) == number, "an answer to another statement")
    }
    expectIdle(pool, open: size)
}

/// Expects that the pool has so many connections, and that nobody has one of them or waits for one.
func expectIdle(_ pool: PostgresPool, open: Int) {
    let status = pool.status
    #expect(status.open == open)
    #expect(status.lent == 0)
    #expect(status.waiting == 0)
}
