import ParleyAuth
import ParleyCore
import ParleyMetrics
import ParleyPostgres
import ParleyRedis
import ParleySQLite
import RedisWire

extension Wiring {
    /// Opens the store that the settings name, for a server: nobody else may have a file open.
    func openStore() async throws -> OpenedStore { try await open(settings.store, isCopy: false) }

    /// Opens a store for a server; with `isCopy`, replies that are being written there are left alone.
    func open(_ place: StorePlace, isCopy: Bool) async throws -> OpenedStore {
        switch place {
        case .sqlite(let path):
            .sqlite(
                try await SQLiteStore.open(
                    path: path,
                    clock: clock,
                    ids: ids,
                    logger: logger,
                    metrics: BatchMetrics(batch: "writes", factory: watching.factory),
                    statements: StatementMetrics(
                        threshold: settings.slowStatement,
                        logger: logger,
                        factory: watching.factory,
                        memory: watching.slowStatements
                    ),
                    isCopy: isCopy
                )
            )
        case .postgres(let url): .postgres(try await openPostgres(url))
        case .redis(let url): .redis(try await openRedis(url))
        }
    }

    /// Opens the store for a short command, also while a server has it open.
    func openStoreBesideServer() async throws -> OpenedStore {
        try await openBesideServer(settings.store, isCopy: false)
    }

    /// Opens any store for a command; with `isCopy`, replies that are being written there are left alone.
    func openBesideServer(_ place: StorePlace, isCopy: Bool) async throws -> OpenedStore {
        switch place {
        case .sqlite(let path):
            .sqlite(
                try await SQLiteStore.openBesideServer(
                    path: path,
                    clock: clock,
                    ids: ids,
                    logger: logger,
                    isCopy: isCopy
                )
            )
        case .postgres(let url): .postgres(try await openPostgres(url, patience: .seconds(30)))
        case .redis(let url): .redis(try await openRedis(url))
        }
    }

    /// Opens a Redis that is the truth; a URL that can't be used is wrong with the configuration.
    private func openRedis(_ url: String) async throws -> OpenedRedis {
        do {
            return try await OpenedRedis.open(try RedisURL(url), clock: clock, ids: ids, logger: logger)
        } catch let error as RedisError where error.code == .invalidConfiguration {
            throw InvalidSettings(problems: [SettingProblem(key: "store", reason: error.message)])
        }
    }

    /// Opens the database; with `patience`, calls wait that long for a connection: a server sheds load, a command need not.
    private func openPostgres(_ url: String, patience: Duration? = nil) async throws -> PostgresStore {
        let metrics = PostgresMetrics(
            slowStatement: settings.slowStatement,
            logger: logger,
            factory: watching.factory,
            slowStatements: watching.slowStatements
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
            case .postgres, .redis:
                if let store { return try await ownSecret(keptIn: store) }
                return try await openStoreBesideServer().use { try await ownSecret(keptIn: $0) }
            }
        } catch let error as ParleyError where error.parameter == "jwt.secret" {
            throw InvalidSettings(problems: [SettingProblem(key: "jwt.secret", reason: error.message)])
        }
    }

    private func ownSecret(keptIn store: OpenedStore) async throws -> HMACSecret {
        let proposal = SigningSecret.makeText()
        let bytes =
            switch store {
            case .postgres(let database): try await database.signingSecret(orKeep: proposal)
            case .redis(let opened): try await opened.store.signingSecret(orKeep: proposal)
            case .sqlite: throw ParleyError.invalid("jwt.secret", "must be set")
            }
        return HMACSecret(kid: nil, bytes: bytes)
    }
}
