internal import LibPQ
internal import Logging
internal import ParleyCore

/// Brings a schema up to date, one instance at a time.
struct Migrator {
    /// How long it waits for what others have to do first.
    struct Patience {
        /// For a server that is still starting.
        var server = Duration.seconds(30)
        /// For another instance that is migrating.
        var turn = Duration.seconds(120)
        /// For one statement of a migration, which may go through a large table.
        var statement = Duration.seconds(1800)
    }

    private let connection: PostgresConnection
    private let migrations: [Migration]
    private let clock: any WallClock
    private let patience: Patience
    private let logger: Logger

    init(
        _ connection: PostgresConnection,
        _ migrations: [Migration],
        clock: any WallClock,
        patience: Patience,
        logger: Logger
    ) {
        self.connection = connection
        self.migrations = migrations
        self.clock = clock
        self.patience = patience
        self.logger = logger
    }

    /// Runs what is missing.
    ///
    /// Where nothing is, nothing is locked and no right is needed but to read. Each migration is a transaction together with
    /// its row in `parley_migration`.
    ///
    /// - Throws: A ``ParleyError`` where the schema is of a newer program that this one can't work beside, or where another
    ///   instance doesn't come to an end.
    func run() async throws {
        guard try await !missing().isEmpty else { return }
        try await lock()
        do {
            try await migrate()
        } catch {
            // Where that fails, the end of the connection unlocks.
            _ = try? await connection.rows(Self.unlock, [])
            throw error
        }
        _ = try await connection.rows(Self.unlock, [])
    }

    // One lock for each schema of a database.
    private static let key = "1347570765, hashtext(current_schema())"
    private static let unlock = "SELECT pg_advisory_unlock(\(key))"

    private func lock() async throws {
        do {
            _ = try await connection.query("SELECT pg_advisory_lock(\(Self.key))", timeout: patience.turn)
        } catch {
            guard error.kind == .deadline else { throw error }
            throw ParleyError.unavailable("Another instance is still bringing the database up to date.", cause: error)
        }
    }

    private func migrate() async throws {
        try await connection.run(
            """
            CREATE TABLE IF NOT EXISTS parley_migration (
                version bigint PRIMARY KEY,
                name text NOT NULL,
                is_compatible boolean NOT NULL,
                applied_at bigint NOT NULL
            )
            """
        )
        // Another instance may have been first.
        let missing = try await missing()
        for migration in missing { try await apply(migration) }
    }

    private func apply(_ migration: Migration) async throws {
        let patience = patience
        let time = clock.now()
        try await connection.transaction { db in
            for statement in migration.statements {
                _ = try await db.query(statement, timeout: patience.statement)
            }
            let row: Arguments = [migration.version, migration.name, migration.isCompatible, time]
            try await db.run(Self.record, row)
        }
        logger.info("Brought the database's schema up to date.", metadata: ["version": "\(migration.version)"])
    }

    private static let record = """
        INSERT INTO parley_migration (version, name, is_compatible, applied_at) VALUES ($1, $2, $3, $4)
        """

    private func missing() async throws -> [Migration] {
        guard try await connection.exists("SELECT 1 WHERE to_regclass('parley_migration') IS NOT NULL", []) else {
            return migrations
        }
        let applied = try await connection.all("SELECT version, name, is_compatible FROM parley_migration", []) {
            AppliedMigration(
                version: try $0.next(),
                name: try $0.next(),
                isCompatible: try $0.next()
            )
        }
        return try SchemaHistory.missing(of: migrations, where: applied)
    }
}

/// A migration that a database has seen.
struct AppliedMigration: Hashable {
    let version: Int
    let name: String
    let isCompatible: Bool
}

/// The rules by which a program and a schema fit.
enum SchemaHistory {
    /// What is still to be run, in order.
    ///
    /// A schema may be newer, as long as every step since is one that instances of the version before can work beside.
    static func missing(of known: [Migration], where applied: [AppliedMigration]) throws -> [Migration] {
        let names = Dictionary(uniqueKeysWithValues: known.map { ($0.version, $0.name) })
        let newest = names.keys.max() ?? 0
        for step in applied {
            if step.version > newest, !step.isCompatible { throw ParleyError.newerSchema(step.version, than: newest) }
            if let name = names[step.version], name != step.name { throw ParleyError.foreignSchema(step.version) }
        }
        let versions = Set(applied.map(\.version))
        return known.filter { !versions.contains($0.version) }.sorted { $0.version < $1.version }
    }
}

extension ParleyError {
    fileprivate static func newerSchema(_ version: Int, than own: Int) -> ParleyError {
        .unavailable(
            "The database was brought to schema \(version), which this Parley can't work with, whose own is \(own): "
                + "use a newer Parley.",
            retryAfter: StoreFault.mendingTime
        )
    }

    fileprivate static func foreignSchema(_ version: Int) -> ParleyError {
        .unavailable("The database's schema \(version) is not Parley's.", retryAfter: StoreFault.mendingTime)
    }
}
