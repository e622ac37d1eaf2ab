import ParleyAuth
import ParleyCore
import ParleyMetrics
import ParleyPostgres
import ParleySQLite

extension Wiring {
    /// Opens the store that the settings name, for a server: nobody else may have a file open.
    func openStore() async throws -> OpenedStore {
        switch settings.store {
        case .sqlite(let path):
            .sqlite(
                try await SQLiteStore.open(
                    path: path,
                    clock: clock,
                    ids: ids,
                    logger: logger,
                    metrics: BatchMetrics(batch: "writes", factory: watching.factory)
                )
            )
        case .postgres(let url): .postgres(try await openPostgres(url))
        }
    }

    /// Opens the store for a short command, also while a server has it open.
    func openStoreBesideServer() async throws -> OpenedStore {
        switch settings.store {
        case .sqlite(let path):
            .sqlite(try await SQLiteStore.openBesideServer(path: path, clock: clock, ids: ids, logger: logger))
        case .postgres(let url): .postgres(try await openPostgres(url, patience: .seconds(30)))
        }
    }

    /// Opens the database; with `patience`, calls wait that long for a connection: a server sheds load, a command need not.
    private func openPostgres(_ url: String, patience: Duration? = nil) async throws -> PostgresStore {
        let metrics = PostgresMetrics(
            slowStatement: settings.slowStatement,
            logger: logger,
            factory: watching.factory
        )
        var place = PostgresStoreSettings(url: url)
        if let patience {
            place.acquireTimeout = patience
            (place.readers, place.lanes, place.transactions, place.longTransactions) = (1, 1, 1, 1)
        }
        let store = try await PostgresStore.open(place, clock: clock, ids: ids, logger: logger, metrics: metrics)
        watching.watch(store)
        return store
    }

    /// The secret of a server that was given none: beside a file that is its own, or in a database, where all its instances
    /// find it.
    ///
    /// What is wrong with it is wrong with the configuration: the operator mends it there.
    func ownSecret(in store: OpenedStore?) async throws -> HMACSecret {
        do {
            switch settings.store {
            case .sqlite(let path): return try SigningSecret.load(orMakeAt: path + ".secret")
            case .postgres:
                if let store { return try await ownSecret(keptIn: store) }
                return try await openStoreBesideServer().use { try await ownSecret(keptIn: $0) }
            }
        } catch let error as ParleyError where error.parameter == "jwt.secret" {
            throw InvalidSettings(problems: [SettingProblem(key: "jwt.secret", reason: error.message)])
        }
    }

    private func ownSecret(keptIn store: OpenedStore) async throws -> HMACSecret {
        guard case .postgres(let database) = store else { throw ParleyError.invalid("jwt.secret", "must be set") }
        let bytes = try await database.signingSecret(orKeep: SigningSecret.makeText())
        return HMACSecret(kid: nil, bytes: bytes)
    }
}
