import ParleyCore
import ParleyTesting
import RedisWire
import Synchronization

@testable import ParleyRedis

/// Fails every call from a certain one on, before it does anything: a process that dies.
final class DyingRedis: RedisCommanding {
    private let redis: RedisClient
    private let calls: Mutex<Int>

    init(_ redis: RedisClient, after calls: Int) {
        self.redis = redis
        self.calls = Mutex(calls)
    }

    private var isDead: Bool {
        calls.withLock { calls in
            calls -= 1
            return calls < 0
        }
    }

    func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply {
        // An error that no server gives.
        if isDead { return try await redis.send(["THIS_PROCESS_HAS_DIED"], within: timeout) }
        return try await redis.send(command, within: timeout)
    }

    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        if isDead { return try await redis.send(["THIS_PROCESS_HAS_DIED"], within: timeout) }
        return try await redis.run(script, keys: keys, arguments: arguments, within: timeout)
    }
}

/// Gives `body` two stores over one empty Redis, the second of which dies after so many calls, and the first as a test uses it.
func withDyingStore(
    after calls: Int,
    _ body: (
        _ store: RedisStore, _ other: RedisStore, _ t: StoreUnderTest, _ clock: ManualClock, _ client: RedisClient
    ) async throws -> Void
) async throws {
    let databases = try await TestRedisDatabases.shared()
    let (number, client) = try await databases.take()
    let clock = ManualClock(tick: .milliseconds(1))
    let ids = SequentialIDs(series: 1)
    let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
        group.addTask { await client.run() }
        defer { group.cancelAll() }
        do {
            try await client.waitUntilConnected()
            let store = RedisStore(client, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
            let dying = DyingRedis(client, after: calls)
            let other = RedisStore(dying, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
            let t = StoreUnderTest(.of(store), clock: clock)
            let result: Result<Void, any Error>
            do { result = .success(try await body(store, other, t, clock, client)) } catch { result = .failure(error) }
            _ = try await client.send(["FLUSHDB"], within: .seconds(60))
            return result
        } catch {
            return .failure(error)
        }
    }
    await databases.giveBack(number)
    try result.get()
}
