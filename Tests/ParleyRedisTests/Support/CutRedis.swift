import RedisWire
import Synchronization

@testable import RedisWire

/// A Redis that is lost after so many commands: what comes then is not run, as when the process that sends dies.
struct CutRedis: RedisCommanding {
    private final class Count: Sendable {
        let left: Mutex<Int>
        init(_ left: Int) { self.left = Mutex(left) }
    }

    private let redis: any RedisCommanding
    private let count: Count

    init(_ redis: any RedisCommanding, after commands: Int) {
        self.redis = redis
        count = Count(commands)
    }

    /// Whether it has refused a command.
    var isCut: Bool { count.left.withLock { $0 < 0 } }

    private func spend() throws(RedisError) {
        let left = count.left.withLock { left in
            left -= 1
            return left
        }
        guard left >= 0 else { throw RedisError(.notConnected, "It was cut.") }
    }

    func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply {
        try spend()
        return try await redis.send(command, within: timeout)
    }

    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        try spend()
        return try await redis.run(script, keys: keys, arguments: arguments, within: timeout)
    }
}
