import AsyncHTTPClient
import NIOCore
import NIOPosix
import ParleyCore
import ParleyTesting
import Testing

/// Two instances or more on one PostgreSQL and one Redis, all of them real processes, with breakable links between them.
final class Cluster: Sendable {
    /// The one that the tests of a suite share.
    @TaskLocal static var shared: Cluster?

    let postgres: FaultPostgres
    let standby: FaultPostgres?
    /// Where PostgreSQL's data are, if that is a disk of their own.
    let disk: SmallDisk?
    let redis: FaultRedis
    /// Each instance's link to the database, and to Redis.
    let databaseLinks: [FaultLink]
    let redisLinks: [FaultLink]
    /// What stands between each instance and those who stay connected.
    let clientLinks: [FaultLink]
    let instances: [Instance]
    private let http: HTTPClient
    private let token: String

    /// What a cluster is made of.
    struct Plan: Sendable {
        /// How many instances there are.
        var instances = 2
        /// Whether PostgreSQL has a synchronous standby, which instances try next.
        var hasStandby = false
        /// How many connections PostgreSQL takes.
        var connections: Int?
        /// Whether PostgreSQL has a disk of its own, and how large in megabytes.
        var disk: Int?
        /// What instances are started with besides.
        var options: [String] = []
    }

    /// Runs a test in a new cluster, which is gone afterwards.
    static func with<Result>(_ plan: Plan = Plan(), _ body: (Cluster) async throws -> Result) async throws -> Result {
        try await ParleyHome.with { home in
            let cleaning = Cleaning()
            do {
                let cluster = try await Cluster(plan, home, cleaning)
                let result = try await body(cluster)
                await cleaning.run()
                return result
            } catch {
                await cleaning.run()
                throw error
            }
        }
    }

    private init(_ plan: Plan, _ home: ParleyHome, _ cleaning: Cleaning) async throws {
        var disk: SmallDisk?
        if let megabytes = plan.disk {
            let new = try await SmallDisk.mount(at: home.path("disk"), megabytes: megabytes)
            cleaning.add { await new.unmount() }
            disk = new
        }
        self.disk = disk
        let postgres = try await FaultPostgres.start(in: disk?.directory)
        cleaning.add { await postgres.end() }
        if let connections = plan.connections {
            try await postgres.execute("ALTER SYSTEM SET max_connections = \(connections)")
            try await postgres.stop()
            try await postgres.startAgain()
        }
        let redis = try await FaultRedis.start()
        cleaning.add { await redis.end() }
        (self.postgres, self.redis) = (postgres, redis)
        let standby = plan.hasStandby ? try await FaultPostgres.start(standbyOf: postgres) : nil
        if let standby { cleaning.add { await standby.end() } }
        self.standby = standby
        var (databaseLinks, redisLinks, clientLinks): ([FaultLink], [FaultLink], [FaultLink]) = ([], [], [])
        var instances: [Instance] = []
        for _ in 0..<plan.instances {
            let database = try await FaultLink.start(to: postgres.port)
            cleaning.add { await database.end() }
            let cache = try await FaultLink.start(to: redis.port)
            cleaning.add { await cache.end() }
            let url =
                if let standby {
                    // Not through a link: it takes connections also when nobody is behind it, and libpq stays with a host
                    // that has taken one.
                    postgres.url(through: [postgres.port, standby.port], options: "&target_session_attrs=read-write")
                } else {
                    postgres.url(through: [database.port])
                }
            let instance = Instance(
                in: home,
                store: url,
                redis: "redis://127.0.0.1:\(cache.port)",
                options: plan.options
            )
            databaseLinks.append(database)
            redisLinks.append(cache)
            instances.append(instance)
            try await instance.start()
            cleaning.add { await instance.remove() }
            let door = try await FaultLink.start(to: instance.port)
            cleaning.add { await door.end() }
            clientLinks.append(door)
        }
        (self.databaseLinks, self.redisLinks, self.clientLinks) = (databaseLinks, redisLinks, clientLinks)
        self.instances = instances
        var configuration = LiveCaller.clientConfiguration
        // A stream may be silent until somebody finds that its instance is dead.
        configuration.timeout.read = .seconds(60)
        let http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        cleaning.add {
            // There is nothing to do about it.
            try? await http.shutdown()
        }
        self.http = http
        token = try await RunningServer.token(of: .alice)
    }

    /// One who calls an instance: the person whose token it is, or else the one whose tests these are.
    func caller(_ instance: Int, token: String? = nil) -> LiveCaller {
        LiveCaller(address: instances[instance].address, token: token ?? self.token, client: http)
    }

    /// One who stays connected to an instance, through the link for those.
    func guest(_ instance: Int, token: String) -> LiveCaller {
        LiveCaller(address: "http://127.0.0.1:\(clientLinks[instance].port)", token: token, client: http)
    }

    /// Starts an instance again that has ended; those who stay connected find it where it was.
    func startAgain(_ instance: Int) async throws {
        try await instances[instance].start()
        clientLinks[instance].lead(to: instances[instance].port)
    }

    /// What is to be done in the end, the last first.
    final class Cleaning: Sendable {
        private let steps = Guarded<[@Sendable () async -> Void]>([])

        func add(_ step: @escaping @Sendable () async -> Void) { steps.change { $0.append(step) } }

        func run() async {
            for step in steps.value.reversed() { await step() }
        }
    }
}

/// Gives all tests of a suite one cluster, which each leaves whole.
struct ClusterTrait: SuiteTrait, TestScoping {
    var plan = Cluster.Plan()

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await Cluster.with(plan) { cluster in
            try await Cluster.$shared.withValue(cluster, operation: function)
        }
    }
}

extension Trait where Self == ClusterTrait {
    /// One cluster for all tests of the suite.
    static var cluster: Self { ClusterTrait() }
    static func cluster(_ plan: Cluster.Plan) -> Self { ClusterTrait(plan: plan) }
}
