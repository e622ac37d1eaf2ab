public import Logging
public import Metrics
public import ParleyMetrics

/// What a store in PostgreSQL counts: its pools, its batches, and what took too long.
public struct PostgresMetrics: Sendable {
    let appends: BatchMetrics
    let pieces: BatchMetrics
    let statements: StatementMetrics
    private let pools: [PoolName: PoolMetrics]

    /// Makes the counters.
    ///
    /// - Parameters:
    ///   - slowStatement: From which time on a statement is logged, by its name; zero for never.
    ///   - logger: Where that is.
    ///   - factory: Makes the counters.
    ///   - slowStatements: Is told of such statements, too.
    public init(
        slowStatement: Duration = .zero,
        logger: Logger = Logger(label: "parley"),
        factory: any MetricsFactory = MetricsSystem.factory,
        slowStatements: SlowStatements? = nil
    ) {
        appends = BatchMetrics(batch: "appends", factory: factory)
        pieces = BatchMetrics(batch: "pieces", factory: factory)
        statements = StatementMetrics(
            threshold: slowStatement,
            logger: logger,
            factory: factory,
            memory: slowStatements
        )
        pools = Dictionary(
            uniqueKeysWithValues: PoolName.allCases.map {
                ($0, PoolMetrics(pool: "postgres-\($0.rawValue)", factory: factory))
            }
        )
    }

    func pool(_ name: PoolName) -> PoolMetrics? { pools[name] }

    /// Takes the time of a statement, or of all of a transaction, by the name of what it is for.
    func timing<Value>(_ name: String, _ body: () async throws -> Value) async rethrows -> Value {
        try await statements.timing(name, body)
    }
}

/// The pools of a store.
enum PoolName: String, CaseIterable {
    case reads, transactions, appends, replies
    case longTransactions = "long-transactions"
}
