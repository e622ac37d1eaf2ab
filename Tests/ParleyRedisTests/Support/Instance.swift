import Logging
import ParleyCore
import RedisWire
import Synchronization

@testable import ParleyRedis

/// What an instance of Parley has of Redis: a client, a subscriber and a bus, all running.
struct Instance: Sendable {
    /// What its bus has counted.
    final class Counts: Sendable {
        private let values = Mutex<[String: Int]>([:])

        subscript(name: String) -> Int { values.withLock { $0[name] ?? 0 } }

        func counter(_ name: String) -> @Sendable () -> Void {
            { [self] in values.withLock { $0[name, default: 0] += 1 } }
        }

        var counters: BusCounters {
            BusCounters(
                frameSent: counter("sent"),
                publishFailed: counter("failed"),
                frameReceived: counter("received"),
                frameRefused: counter("refused"),
                gap: counter("gap")
            )
        }
    }

    let client: RedisClient
    let subscriber: RedisSubscriber
    let bus: RedisEventBus
    let counts: Counts

    private init(
        _ configuration: RedisConfiguration,
        source: (any ChangeSource)?,
        outbox: EventOutbox,
        clock: any Clock<Duration>
    ) throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        client = try RedisClient(configuration, logger: logger)
        subscriber = try RedisSubscriber(configuration, logger: logger)
        counts = Counts()
        bus = RedisEventBus(
            client: client,
            subscriber: subscriber,
            source: source,
            ids: UUIDv7Maker(),
            outbox: outbox,
            counters: counts.counters,
            clock: clock,
            logger: logger
        )
    }

    /// Runs an instance while `body` uses it; it is connected when that begins, unless `waits` is false.
    static func with<R: Sendable>(
        _ configuration: RedisConfiguration,
        source: (any ChangeSource)? = nil,
        outbox: EventOutbox = EventOutbox(),
        clock: any Clock<Duration> = ContinuousClock(),
        waits: Bool = true,
        _ body: (Instance) async throws -> R
    ) async throws -> R {
        let instance = try Instance(configuration, source: source, outbox: outbox, clock: clock)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await instance.client.run() }
            group.addTask { await instance.subscriber.run() }
            group.addTask { await instance.bus.run() }
            defer { group.cancelAll() }
            if waits { try await instance.waitUntilConnected() }
            return try await body(instance)
        }
    }

    /// Waits until both connections stand.
    func waitUntilConnected() async throws {
        try await client.waitUntilConnected()
        while !subscriber.isConnected { await Task.yield() }
    }

    /// How many connections listen to a project's events.
    func listeners(of project: ProjectID) async throws -> Int64? {
        try await listeners(of: .project(project))
    }

    /// How many connections listen to a channel.
    func listeners(of channel: EventChannel) async throws -> Int64? {
        let reply = try await sendUntilAnswered(["PUBSUB", "NUMSUB", .string(RedisKeys.events(of: channel))])
        return reply.elements[1]?.integer
    }

    /// Sends a command until Redis answers: for after a fault.
    @discardableResult
    func sendUntilAnswered(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        while true {
            do throws(RedisError) {
                return try await client.send(command)
            } catch {
                guard ![.server, .cancelled, .closed].contains(error.code) else { throw error }
                try await client.waitUntilConnected()
                await Task.yield()
            }
        }
    }
}
