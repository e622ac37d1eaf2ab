internal import LibPQ
internal import ParleyMetrics

/// Where PostgreSQL is and how it is used.
public struct PostgresStoreSettings: Sendable {
    /// A connection URL of libpq's, with all that it can say about hosts, TLS and passwords.
    public var url: String
    /// How many connections share the reads.
    public var readers = 2
    /// How many connections write batches of appends.
    public var lanes = 2
    /// How many connections carry the other writes, one transaction each at a time.
    public var transactions = 4

    /// How long a statement may take before the call fails with `unavailable`.
    public var statementTimeout = Duration.seconds(5)
    /// How long a call waits for a connection before it fails with `unavailable`.
    public var acquireTimeout = Duration.seconds(1)

    /// How many connections carry what takes as long as it is large: moves, forks, deletions.
    public var longTransactions = 2
    /// Whether leases end by the clock that the store is given, and not by PostgreSQL's, as they should: for tests.
    var leasesGoByStoreClock = false
    /// How long it may take to connect to a host.
    var connectTimeout = Duration.seconds(2)

    /// Takes a URL, and for the rest what is usual.
    public init(url: String) {
        self.url = url
    }

    func pool(of size: Int, _ name: PoolName, _ metrics: PostgresMetrics) -> PostgresPoolSettings {
        var connection = connection
        connection.applicationName = "parley \(name.rawValue)"
        var pool = PostgresPoolSettings(connection)
        pool.size = size
        pool.acquireTimeout = acquireTimeout
        pool.waited = { metrics.pool(name)?.waited($0) }
        return pool
    }

    /// Connections for transactions.
    func transactionPool(of size: Int, _ name: PoolName, _ metrics: PostgresMetrics) -> PostgresPoolSettings {
        var pool = pool(of: size, name, metrics)
        // A connection must not stand behind one conversation that somebody has locked for long.
        pool.connection.parameters["lock_timeout"] = String(Int(statementTimeout / .milliseconds(1)) / 5)
        return pool
    }

    /// Connections for statements that write batches.
    func batchPool(of size: Int, _ name: PoolName, _ metrics: PostgresMetrics) -> PostgresPoolSettings {
        var pool = pool(of: size, name, metrics)
        // A batch must not stand behind one row that somebody has locked; it goes on without it.
        pool.connection.parameters["lock_timeout"] = String(AppendBatch.lockTimeoutMilliseconds)
        // Merging walks through a whole index; the statements are made for looking rows up.
        pool.connection.parameters["enable_mergejoin"] = "off"
        return pool
    }

    var connection: PostgresSettings {
        var settings = PostgresSettings(url: url)
        settings.applicationName = "parley"
        settings.statementTimeout = statementTimeout
        settings.connectTimeout = connectTimeout
        // What the server is told to do elsewhere must not weaken what an answer means.
        settings.parameters["synchronous_commit"] = "on"
        settings.parameters["default_transaction_isolation"] = "read committed"
        settings.parameters["client_encoding"] = "UTF8"
        // An instance that has gone without a word must not keep its locks until the network finds out.
        settings.parameters["idle_in_transaction_session_timeout"] = "\(3 * statementTimeout.components.seconds)s"
        // Every statement was made for its indices and is planned once in a connection, when its tables may still be empty.
        settings.parameters["plan_cache_mode"] = "force_generic_plan"
        settings.parameters["enable_seqscan"] = "off"
        // Statements are short: to compile one, or to start processes for it, takes longer than it does.
        settings.parameters["jit"] = "off"
        settings.parameters["max_parallel_workers_per_gather"] = "0"
        return settings
    }
}
