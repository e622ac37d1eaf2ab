import RedisWire

/// What is done with accounts and sign-ins in one step each; see ``SideKeys`` for what they are kept in.
enum AccountScripts {
    /// Makes an account: 1, or 0 where there is one.
    static let create = RedisScript(
        """
        if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        redis.call('HSET', KEYS[1], 'generation', unpack(ARGV))
        return 1
        """
    )

    /// Makes an account what the arguments say, its generation first, whatever it was.
    static let replace = RedisScript(
        """
        redis.call('DEL', KEYS[1])
        redis.call('HSET', KEYS[1], 'generation', unpack(ARGV))
        return 1
        """
    )

    /// Sets a password's hash and a new generation: 1, or 0 where there is no account.
    static let setPassword = RedisScript(
        """
        if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
        redis.call('HSET', KEYS[1], 'password_hash', ARGV[1], 'generation', ARGV[2])
        return 1
        """
    )

    /// Notes a sign-in with its account: the generation it begins with and some sign-ins that may have ended; nothing
    /// where there is no account.
    static let beginSignIn = RedisScript(
        """
        local generation = redis.call('HGET', KEYS[1], 'generation')
        if not generation then return {} end
        redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
        local ended = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3], 'LIMIT', 0, 100)
        return {generation, unpack(ended)}
        """
    )

    /// Puts a sign-in's end off, where it has not come.
    static let extendSignIn = RedisScript(
        """
        local ends = tonumber(redis.call('HGET', KEYS[1], 'expires_at') or '')
        if ends and ends > tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'expires_at', ARGV[1]) end
        return 0
        """
    )

    /// Removes a sign-in: whose it was and its generation; nothing where there is none.
    static let endSignIn = RedisScript(
        """
        local email, generation = unpack(redis.call('HMGET', KEYS[1], 'email', 'generation'))
        redis.call('DEL', KEYS[1])
        if not email then return {} end
        return {email, generation or ''}
        """
    )

    /// Takes a sign-in from its account: 1 where the generation is the account's.
    static let forgetSignIn = RedisScript(
        """
        redis.call('ZREM', KEYS[2], ARGV[1])
        return redis.call('HGET', KEYS[1], 'generation') == ARGV[2] and 1 or 0
        """
    )

    /// Removes a sign-in that is not of a generation: 1; 0 where there is none, 2 where it is and stays.
    static let removeUnlessPresent = RedisScript(
        """
        local generation = redis.call('HGET', KEYS[1], 'generation')
        if generation and generation == ARGV[1] then return 2 end
        return redis.call('DEL', KEYS[1])
        """
    )

    /// Removes a sign-in that has ended: 1, also where there is none; 0 where it goes on.
    static let removeExpired = RedisScript(
        """
        local ends = tonumber(redis.call('HGET', KEYS[1], 'expires_at') or '')
        if ends and ends > tonumber(ARGV[1]) then return 0 end
        redis.call('DEL', KEYS[1])
        return 1
        """
    )
}
