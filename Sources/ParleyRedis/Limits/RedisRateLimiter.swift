import Crypto
public import ParleyCore
public import RedisWire

/// Budgets that all instances share, in Redis; decided by the generic cell rate algorithm in one script.
///
/// The time is Redis's own, so instances whose clocks differ agree. A budget is one key that goes when it is full again.
/// When Redis fails or takes too long, the fallback decides: then each instance has budgets of its own, full at first, and
/// no caller is told of the failure.
///
/// It differs from ``ParleyStore/GCRA`` in nothing but whole microseconds.
public struct RedisRateLimiter: RateLimiter {
    private static let script = RedisScript(
        """
        local interval, burst, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        if not now then
            local time = redis.call('TIME')
            now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        end
        local value = redis.pcall('GET', KEYS[1])
        if type(value) == 'table' then redis.call('DEL', KEYS[1]) end
        local full = type(value) == 'string' and tonumber(value) or 0
        -- Nothing that could have been written is larger, or not a number: a clock went back, or a stranger wrote it.
        if not (full <= now + interval * burst) then full = now + interval * burst end
        local next = math.max(full, now) + interval
        local wait = next - now - interval * burst
        if wait > 0 then return wait end
        redis.call('SET', KEYS[1], string.format('%.0f', next))
        -- In a time that is not Redis's own, its expiry means nothing.
        if not ARGV[3] then redis.call('PEXPIRE', KEYS[1], math.max(1, math.ceil((next - now) / 1000))) end
        return 0
        """
    )

    private let client: any RedisCommanding
    private let fallback: any RateLimiter
    private let timeout: Duration
    private let fellBack: @Sendable () -> Void
    /// For tests, a time in place of Redis's own, in microseconds.
    private let now: (@Sendable () -> Int64)?

    /// Makes a limiter.
    ///
    /// - Parameters:
    ///   - client: Where budgets are kept.
    ///   - fallback: Decides when Redis can't.
    ///   - timeout: How long an answer of Redis may take; the first one after a restart of Redis may take two.
    ///   - fellBack: Is told of each decision of the fallback.
    public init(
        client: any RedisCommanding,
        fallback: any RateLimiter,
        timeout: Duration = .milliseconds(50),
        fellBack: @escaping @Sendable () -> Void = {}
    ) {
        self.init(client: client, fallback: fallback, timeout: timeout, fellBack: fellBack, now: nil)
    }

    init(
        client: any RedisCommanding,
        fallback: any RateLimiter,
        timeout: Duration,
        fellBack: @escaping @Sendable () -> Void,
        now: (@Sendable () -> Int64)?
    ) {
        self.client = client
        self.fallback = fallback
        self.timeout = timeout
        self.fellBack = fellBack
        self.now = now
    }

    /// Takes one from the budget of `key`; returns how long to wait where it is empty, and then takes nothing.
    public func take(_ key: String, from limit: RateLimit) async -> Duration? {
        do throws(RedisError) {
            let name = RedisKeys.budget(limit.name, of: Self.digest(key))
            var arguments: [RedisArgument] = [.integer(limit.interval.wholeMicroseconds), .integer(limit.burst)]
            if let now { arguments.append(.integer(now())) }
            let reply = try await client.run(Self.script, keys: [.string(name)], arguments: arguments, within: timeout)
            if let wait = reply.integer { return wait > 0 ? .microseconds(wait) : nil }
        } catch {
            // A caller can't be helped by knowing; that Redis is away is said by those who keep it connected.
        }
        fellBack()
        return await fallback.take(key, from: limit)
    }

    /// 128 bits that stand for a key: Redis need not be told who somebody is, and a key is short however long the name is.
    static func digest(_ key: String) -> String {
        SHA256.hash(data: Array(key.utf8)).prefix(16)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension Duration {
    /// The microseconds of it, a part of one counted as one: a budget never refills faster than it should.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let perMicrosecond: Int64 = 1_000_000_000_000
        return seconds * 1_000_000 + (attoseconds + perMicrosecond - 1) / perMicrosecond
    }
}
