import ParleyCore
import RedisWire
import Synchronization

/// Sends everything on, and remembers the last script with what it was given: for another program to do the same.
final class CallRecorder: RedisCommanding {
    private let redis: RedisClient
    private let last = Mutex<(script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument])?>(nil)

    init(_ redis: RedisClient) { self.redis = redis }

    func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply {
        try await redis.send(command, within: timeout)
    }

    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        last.withLock { $0 = (script, keys, arguments) }
        return try await redis.run(script, keys: keys, arguments: arguments, within: timeout)
    }

    /// The last call's words, as `redis-benchmark` takes them; what was its id is one at random each time.
    func lastCall(randomising id: MessageID? = nil) async throws -> [String] {
        guard let call = last.withLock({ $0 }) else { return [] }
        // Redis says what it was sent, whatever form that had here.
        let echo = RedisScript("return {KEYS, ARGV}")
        let parts = try await redis.run(echo, keys: call.keys, arguments: call.arguments, within: nil).elements
            .map { $0.elements.map { $0.string ?? "" } }
        let words = ["EVALSHA", call.script.sha1, "\(call.keys.count)"] + parts.joined()
        guard let id else { return words }
        // Twelve digits, as many as an id's last group has.
        return words.map { $0 == "\(id)" ? "00000000-0000-4000-8000-__rand_int__" : $0 }
    }
}
