public import Logging
public import NIOCore
public import NIOPosix
import ServiceLifecycle
import Synchronization

/// A client of a Redis Cluster: one connection to each master, kept up by ``run()``, and each command to the one that has
/// its key.
///
/// It promises what ``RedisClient`` promises, for each node by itself. A command is sent a second time only where a node has
/// answered that it did not run it, since the key is elsewhere: then it goes there, eight times at most; or it waits a moment
/// where the key is just moving, for no longer than its answer may take. What was under way when a connection broke is not
/// sent again.
///
/// Which master has which slots is asked of any node that answers: at the start, every ``RedisConfiguration/checkInterval``,
/// and whenever a node refuses or is lost.
public final class RedisClusterClient: RedisService {
    struct State {
        var routes: ClusterRoutes
        var nodes: [RedisEndpoint: ClusterNode] = [:]
        /// Nodes that ``RedisClusterClient/run()`` has still to run.
        var unstarted: [ClusterNode] = []
        var lastFailure: RedisError?
        var isOver = false
        /// How often the topology has been learned.
        var version = 0
        var nextID = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    let configuration: RedisConfiguration
    let connector: RedisConnector
    let time: RedisTime
    let logger: Logger
    let state: Mutex<State>
    private let random: any RandomNumberGenerator & Sendable
    /// Wakes ``run()`` when there are nodes to run.
    private let births: Wake
    /// Wakes whoever learns the topology.
    let wishes: Wake

    /// Makes a client; nothing is connected before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: Where the cluster is, and what it may cost, for each node.
    ///   - group: The event loops; by default those that all of the process shares.
    ///   - logger: Where the coming and going of connections and nodes is noted.
    ///   - time: The time that pauses and the breakers go by.
    ///   - random: What makes pauses uneven.
    /// - Throws: ``RedisError/Code/invalidConfiguration`` when the URL is none of a cluster, or the files of TLS can't be read.
    public init(
        _ configuration: RedisConfiguration,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger,
        time: RedisTime = .continuous,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) throws(RedisError) {
        guard case .cluster(let seeds) = configuration.url.target else {
            throw RedisError(.invalidConfiguration, "The URL names no cluster.")
        }
        self.configuration = configuration
        connector = try RedisConnector(configuration, group: group, logger: logger)
        self.time = time
        self.random = random
        self.logger = logger
        state = Mutex(State(routes: ClusterRoutes(seeds: seeds)))
        births = Wake()
        wishes = Wake()
    }

    /// Whether every slot has a master, and each master a connection.
    public var isConnected: Bool {
        state.withLock { state in state.isReachable && state.absentMasters.isEmpty }
    }

    /// Why the cluster could not be asked how it stands, the last time that it couldn't.
    public var lastFailure: RedisError? { state.withLock(\.lastFailure) }

    /// Where the masters are that are known at present.
    public var masters: [RedisEndpoint] { state.withLock(\.routes.topology.masters) }

    /// Keeps the connections up until the task is cancelled or a graceful shutdown begins.
    public func run() async {
        await cancelWhenGracefulShutdown { [self] in
            await withDiscardingTaskGroup { group in
                group.addTask { [self] in
                    // Ends when the task is cancelled.
                    while (try? await time.sleep(for: configuration.checkInterval)) != nil { wishes.wake() }
                }
                group.addTask { [self] in await followTopology(random) }
                for await _ in births.calls {
                    let nodes = state.withLock { state in
                        defer { state.unstarted = [] }
                        return state.unstarted
                    }
                    for node in nodes {
                        group.addTask { [self] in await node.run(lingering: configuration.checkInterval) }
                    }
                }
            }
        }
        let waiting = state.withLock { state in
            state.isOver = true
            return state.takeWaiting()
        }
        for waiter in waiting { waiter.resume() }
    }

    /// Waits until every slot has a master and each master a connection; at once when they have.
    ///
    /// - Throws: ``RedisError/Code/closed`` after a shutdown, ``RedisError/Code/cancelled`` when the task is cancelled.
    public func waitUntilConnected() async throws(RedisError) {
        while true {
            guard !Task.isCancelled else { throw RedisError(.cancelled, "The task that waited was cancelled.") }
            let (isOver, isReachable, absent, version) = state.withLock { state in
                (state.isOver, state.isReachable, state.absentMasters, state.version)
            }
            guard !isOver else { throw Self.closed }
            if let node = absent.first {
                await node.settle(within: configuration.connectTimeout)
            } else if isReachable {
                return
            } else {
                await waitForTopology(after: version)
            }
        }
    }

    /// Waits until the topology has been learned once more.
    private func waitForTopology(after version: Int) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    // The cancellation's handler may have run before: then nobody else would wake this.
                    guard state.version == version, !state.isOver, !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
    }

    /// Holds the nodes that come, and lets those go that nothing leads to; under the lock.
    func carryOut(_ change: ClusterRoutes.Change, _ state: inout State) {
        for endpoint in change.retired { state.nodes.removeValue(forKey: endpoint)?.retire() }
        guard !change.started.isEmpty, !state.isOver else { return }
        for endpoint in change.started {
            var nodeLogger = logger
            nodeLogger[metadataKey: "redis.endpoint"] = "\(endpoint)"
            let client = RedisClient(
                connector.aimed(at: endpoint),
                logger: nodeLogger,
                time: time,
                random: random
            )
            let node = ClusterNode(endpoint, client: client, time: time)
            state.nodes[endpoint] = node
            state.unstarted.append(node)
        }
        births.wake()
    }

    static let closed = RedisError(.closed, "The client has been shut down.")
}

extension RedisClusterClient.State {
    /// Whether every slot has a master.
    var isReachable: Bool { routes.topology.isComplete && !isOver }

    /// The masters without a connection.
    var absentMasters: [ClusterNode] {
        routes.topology.masters.compactMap { nodes[$0] }.filter { !$0.client.isConnected }
    }

    /// Takes out all who wait for the topology.
    mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
        defer { waiting = [:] }
        return Array(waiting.values)
    }
}

/// Wakes one waiting task; being woken twice before it looks is being woken once.
struct Wake: Sendable {
    /// The calls; for one task.
    let calls: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// Makes one that nobody has called.
    init() {
        (calls, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes it.
    func wake() { continuation.yield() }
}
