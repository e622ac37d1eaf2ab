internal import LibPQ
public import Logging
public import ParleyCore

extension PostgresStore {
    /// Opens a database, whose schema is made where it is missing; ``run()`` must follow.
    ///
    /// - Throws: ``ParleyError`` with code `unavailable` where the server can't be reached.
    public static func open(
        _ settings: PostgresStoreSettings,
        clock: any WallClock = SystemClock(),
        ids: any IDMaker = UUIDv7Maker(),
        logger: Logger
    ) async throws -> PostgresStore {
        do {
            let connection = try await PostgresConnection.open(settings.connection)
            defer { connection.close() }
            try await connection.transaction { db in
                if try await db.exists("SELECT WHERE to_regclass('query_log') IS NOT NULL", []) { return }
                for statement in Schema.migrations.flatMap(\.statements) { try await db.run(statement) }
            }
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
        return PostgresStore(settings, clock: clock, ids: ids, logger: logger)
    }
}
