import ParleyCore
import RedisWire

extension ProductionBenchmark {
    /// The Redis client beside Redis' own benchmark, which also sends on one connection as many as there are callers.
    func redis(_ callers: Int, _ report: (Figure) -> Void) async throws {
        let client = stack.redis
        let message = SampleText.message(0)
        // A busy machine must not end the run; what the cache would wait for is another question.
        let patience = Duration.seconds(5)
        _ = try await client.send(["DEL", "bench"])
        for _ in 0..<15 { _ = try await client.send(["LPUSH", "bench", .string(message)]) }
        let script = RedisScript(
            "redis.call('LPUSH', KEYS[1], ARGV[1]) redis.call('LTRIM', KEYS[1], 0, 14) redis.call('PEXPIRE', KEYS[1], 3600000)"
        )
        _ = try await client.send(["SCRIPT", "LOAD", .string(script.source)])
        try await report(
            redis("lrange.\(callers)", callers, ["LRANGE", "bench", "0", "14"]) {
                _ = try await client.send(["LRANGE", "bench", 0, 14], within: patience)
            }
        )
        try await report(
            redis("evalsha.\(callers)", callers, ["EVALSHA", script.sha1, "1", "bench", message]) {
                _ = try await client.run(script, keys: ["bench"], arguments: [.string(message)], within: patience)
            }
        )
    }

    private func redis(
        _ name: String,
        _ callers: Int,
        _ command: [String],
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> Figure {
        let benchmark = RedisBenchmark(port: services.redisPort)
        var rate = 5000.0
        return try await comparison.measure(
            name: name,
            unit: "calls/s",
            parley: { duration in
                try await services.counting {
                    try await DirectLoad.run(callers: callers, for: duration) { _, _ in try await body() }
                }
            },
            bare: { duration in
                let result = try await services.counting {
                    try await benchmark.run(
                        command,
                        callers: callers,
                        count: max(1, Int(rate * (duration / .seconds(1))))
                    )
                }
                rate = result.perSecond
                return result
            }
        )
    }
}
