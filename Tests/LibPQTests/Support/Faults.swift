import LibPQ
import Testing

/// What breaks a server that all tests of it share: one after the other, on a server of their own, which each leaves whole.
@Suite(.postgres, .serialized, .timeLimit(.minutes(15))) enum LibPQFaultTests {}

extension PostgresPoolSettings {
    /// What comes back soon, and has so long for a statement: for ever, unless nothing but time can tell that it is lost.
    ///
    /// For a connection too: it must be refused, and not give up.
    static func hasty(_ url: String, size: Int = 2, statementTimeout: Duration? = nil) -> Self {
        var connection = PostgresSettings.patient(url)
        if let statementTimeout {
            connection.connectTimeout = .seconds(2)
            connection.statementTimeout = statementTimeout
            connection.cancelGrace = statementTimeout
        }
        var settings = Self(connection)
        settings.size = size
        settings.acquireTimeout = .seconds(240)
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

/// Asks again until the pool says that there is no server.
func untilUnreachable(_ pool: PostgresPool) async throws {
    while try await kindOfFailure({ _ = try await pool.query("SELECT 1") }) != .unreachable {}
}

/// Expects that the pool finds its way back by itself, with all of its connections and none too many.
func expectRecovery(_ pool: PostgresPool, size: Int = 2) async throws {
    for number in 0..<50 {
        var answer: Int?
        // It may take several attempts, but no answer is another statement's.
        while answer == nil {
            let kind = try await kindOfFailure { answer = try await pool.query("SELECT $1", [number]).value() }
            if kind != nil { await Task.yield() }
        }
        #expect(answer == number)
    }
    while pool.status.open < size { await Task.yield() }
    expectIdle(pool, open: size)
}

/// Expects that the pool has so many connections, and that nobody has one of them or waits for one.
func expectIdle(_ pool: PostgresPool, open: Int) {
    let status = pool.status
    #expect(status.open == open)
    #expect(status.lent == 0)
    #expect(status.waiting == 0)
}
