internal import LibPQ
internal import Logging
internal import ParleyCore

extension PostgresStore {
    /// How long one table may take.
    private static let patience = Duration.seconds(6 * 3600)

    /// Writes the tables and their indices anew, and the samples that the planner keeps of them; then lets go of the log.
    ///
    /// One table after the other, each locked for as long as it is written. The log is let go of by a checkpoint, which needs
    /// the right to (`pg_checkpoint`); where it is missing, that is left to the next one and logged. What becomes of the
    /// log's files is the server's: with `wal_recycle=on` they are used again, and hold what was deleted until then.
    public func rewrite() async throws {
        do {
            try await longTransactions.withConnection { db in
                // Without a limit of the server's own: ours says when it is enough.
                try await db.run("SELECT set_config('statement_timeout', '0', false)", [])
                try await db.run("SELECT set_config('lock_timeout', '60s', false)", [])
                let result = await Self.outcome { try await rewriteTables(by: db) }
                try await db.run("RESET statement_timeout")
                try await db.run("RESET lock_timeout")
                try result.get()
            }
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }

    private func rewriteTables(by db: PostgresConnection) async throws {
        let tables = try await db.all(
            """
            SELECT quote_ident(c.relname), pg_has_role(c.relowner, 'USAGE') FROM pg_class c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' ORDER BY c.relname
            """,
            []
        ) { (name: try $0.next(String.self), isOwn: try $0.next(Bool.self)) }
        // PostgreSQL would only warn, and leave them as they are.
        guard tables.allSatisfy(\.isOwn) else {
            throw ParleyError.unavailable("Only the role that owns the tables can write them anew; run it as that one.")
        }
        // It writes the indices anew, too. The samples are made anew with it.
        for table in tables {
            _ = try await db.query("VACUUM (FULL, ANALYZE) \(table.name)", timeout: Self.patience)
        }
        // The samples that were before.
        let ownsDatabase = try await db.exists(
            "SELECT 1 FROM pg_database WHERE datname = current_database() AND pg_has_role(datdba, 'USAGE')",
            []
        )
        let samples = "VACUUM FULL pg_statistic"
        if ownsDatabase {
            _ = try await db.query(samples, timeout: Self.patience)
        } else {
            leave(samples)
        }
        // A new file of the log, and the ones before are let go of.
        for statement in ["SELECT pg_switch_wal()", "CHECKPOINT", "CHECKPOINT"] {
            do {
                _ = try await db.query(statement, timeout: Self.patience)
            } catch {
                guard error.sqlState?.rawValue == "42501" else { throw error }
                leave(statement)
            }
        }
    }

    private func leave(_ statement: String) {
        logger.warning(
            "The database's user may not do a step of the rewriting; let an administrator do it.",
            metadata: ["statement": "\(statement)"]
        )
    }

    private static func outcome<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await work()) } catch { return .failure(error) }
    }
}
