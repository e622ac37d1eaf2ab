/// How a transaction sees what others do meanwhile.
public enum PostgresIsolation: String, Hashable, Sendable {
    /// Each statement sees what was committed before it.
    case readCommitted = "READ COMMITTED"
    /// All statements see what was committed before the first.
    case repeatableRead = "REPEATABLE READ"
    /// As if transactions came one after another; one that can't fails with `40001`.
    case serializable = "SERIALIZABLE"
}

extension PostgresConnection {
    /// Does something in a transaction: commits it when the body returns, takes it back when the body throws.
    ///
    /// Where transactions stood in each other's way (`40001`, `40P01`), it is done anew, body included, after a short wait of
    /// random length. Nobody else may use the connection meanwhile.
    ///
    /// - Parameters:
    ///   - isolation: How it sees what others do.
    ///   - retry: How often it is done anew, and after how long.
    ///   - body: Throws to take everything back.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws. A `PostgresError` where the transaction couldn't be committed; of the kinds
    ///   `connectionLost` and `deadline` it leaves open whether it was.
    public func transaction<Value: Sendable>(
        _ isolation: PostgresIsolation = .readCommitted,
        retry: PostgresRetry = PostgresRetry(),
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await attempt(isolation, body)
            } catch let error as PostgresError where error.isTransient && failures + 1 < retry.attempts {
                failures += 1
                // A cancellation ends the wait and, at its next statement, the attempt.
                try await time.sleep(for: retry.backoff.delay(afterFailures: failures, random: .random(in: 0..<1)))
            }
        }
    }

    private func attempt<Value: Sendable>(
        _ isolation: PostgresIsolation,
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let value: Value
        do {
            _ = try await command("BEGIN ISOLATION LEVEL \(isolation.rawValue)", isCancellable: true)
            value = try await body(self)
        } catch {
            // Where that fails the connection is lost or refuses, and the pool throws it away.
            _ = try? await command("ROLLBACK", isCancellable: false)
            throw error
        }
        // Not cancellable: hurrying a commit may make it return before the standby has it.
        let commit = try await command("COMMIT", isCancellable: false)
        // Where a statement had failed and the body went on, the server answers so, and calls it no error.
        guard commit.commandTag == "COMMIT" else {
            throw PostgresError(
                .refused,
                "the transaction was taken back, since a statement in it had failed",
                sqlState: .inFailedSQLTransaction
            )
        }
        return value
    }
}
