internal import LibPQ
public import Logging
public import ParleyCore

extension PostgresStore {
    /// Opens a database and brings its schema up to date; ``run()`` must follow.
    ///
    /// Several instances may do so at once. A server that is still starting, or a standby that is being promoted, is waited
    /// for, half a minute long. The role needs the right to create in its schema only where there is something to bring up
    /// to date.
    ///
    /// - Parameters:
    ///   - settings: Where PostgreSQL is and how it is used.
    ///   - clock: Tells the times that are stored.
    ///   - ids: Makes the ids that are stored.
    ///   - logger: Takes faults of the database; never a text of a message, nor the password.
    ///   - metrics: What is counted.
    /// - Returns: The store.
    /// - Throws: ``ParleyError`` with code `unavailable`, whose message says what the operator can do.
    public static func open(
        _ settings: PostgresStoreSettings,
        clock: any WallClock = SystemClock(),
        ids: any IDMaker = UUIDv7Maker(),
        logger: Logger,
        metrics: PostgresMetrics = PostgresMetrics()
    ) async throws -> PostgresStore {
        try await open(
            settings,
            migrations: Schema.migrations,
            clock: clock,
            ids: ids,
            logger: logger,
            metrics: metrics
        )
    }

    /// Opens a database with a part of the schema's history, or with less patience.
    static func open(
        _ settings: PostgresStoreSettings,
        migrations: [Migration],
        patience: Migrator.Patience = Migrator.Patience(),
        clock: any WallClock,
        ids: any IDMaker,
        logger: Logger,
        metrics: PostgresMetrics = PostgresMetrics()
    ) async throws -> PostgresStore {
        do {
            let (connection, report) = try await connect(settings, patience: patience, logger)
            let migrator = Migrator(connection, migrations, clock: clock, patience: patience, logger: logger)
            defer { connection.close() }
            try await migrator.run()
            for warning in report.warnings { logger.warning("\(warning)") }
            return PostgresStore(
                settings,
                clock: clock,
                ids: ids,
                logger: logger,
                metrics: metrics,
                warnings: report.warnings
            )
        } catch {
            throw openingError(error)
        }
    }

    private static func connect(
        _ settings: PostgresStoreSettings,
        patience: Migrator.Patience,
        _ logger: Logger
    ) async throws -> (PostgresConnection, ServerReport) {
        let deadline = ContinuousClock.now + patience.server
        let backoff = PostgresBackoff(first: .milliseconds(100), limit: .seconds(1))
        var failures = 0
        while true {
            let reason: any Error
            do {
                return try await meet(settings.migrating(patience))
            } catch {
                reason = error
            }
            guard mayPass(reason), ContinuousClock.now < deadline else { throw reason }
            failures += 1
            if failures == 1 {
                let seconds = patience.server.components.seconds
                logger.notice("Waiting for PostgreSQL", metadata: ["seconds": "\(seconds)"])
            }
            try await Task.sleep(for: backoff.delay(afterFailures: failures, random: .random(in: 0..<1)))
        }
    }

    /// Connects to a server that can be written.
    private static func meet(_ settings: PostgresSettings) async throws -> (PostgresConnection, ServerReport) {
        let connection = try await PostgresConnection.open(settings)
        do {
            let report = try await ServerReport.of(connection)
            try report.requireUsable()
            if report.isStandby || report.isReadOnly { throw NotWritable() }
            return (connection, report)
        } catch {
            connection.close()
            throw error
        }
    }

    private static func mayPass(_ error: any Error) -> Bool {
        error is NotWritable || (error as? PostgresError)?.mayPass == true
    }

    private static func openingError(_ error: any Error) -> any Error {
        if error is NotWritable { return ParleyError.cantBeWritten }
        guard let error = error as? PostgresError else { return error }
        if error.kind == .cancelled { return CancellationError() }
        let message =
            switch error.sqlState?.rawValue {
            case "42501":
                "The role lacks a right: to use the tables, or, where the schema is to be brought up to date, CREATE in it."
            case "3F000": "There is no schema to create tables in: see search_path."
            case let state?: "PostgreSQL refused while the database was opened (SQLSTATE \(state))."
            case nil: "PostgreSQL could not be reached: \(error.reason)"
            }
        return ParleyError.unavailable(message, retryAfter: StoreFault.mendingTime, cause: error)
    }
}

extension PostgresStoreSettings {
    fileprivate func migrating(_ patience: Migrator.Patience) -> PostgresSettings {
        var settings = connection
        settings.applicationName = "parley migrations"
        settings.statementTimeout = patience.statement
        return settings
    }
}

/// A server that takes no writes: a standby, perhaps not for long.
private struct NotWritable: Error {}

extension ParleyError {
    fileprivate static let cantBeWritten = ParleyError.unavailable(
        "PostgreSQL can't be written: it is a standby, or read-only. Name all hosts, and target_session_attrs=read-write.",
        retryAfter: StoreFault.mendingTime
    )
}

extension PostgresError {
    /// What a server says to one who has no business there: waiting changes nothing.
    private static let refusals = ["authentication failed", "does not exist", "no pg_hba.conf entry", "certificate"]

    /// Whether a server that is starting, or being promoted, fails so.
    fileprivate var mayPass: Bool {
        switch kind {
        case .unreachable, .connectionLost: !Self.refusals.contains { message.contains($0) }
        // Shutting down, or not up yet.
        case .refused: sqlState?.errorClass == "57"
        default: false
        }
    }

    /// What libpq says, as far as it can't hold a part of the connection's URL: that may hold a password.
    fileprivate var reason: String {
        guard message.hasPrefix("connection to server"), let mark = message.firstRange(of: "failed: ") else {
            return "look at the connection's URL."
        }
        return String(message[mark.upperBound...].split(separator: "\n").first ?? "")
    }
}
