internal import RedisWire

extension TruthScripts {
    /// Appends pieces of a reply and renews its lease.
    ///
    /// ARGV: now, session, message, fence, the time that leases go by or `''` for Redis's own, how long a lease holds, the
    /// first piece's index or `''` where there are none, pieces. Returns `ok`, 1 where somebody asked for it to be stopped.
    static let pieces = script(
        """
        local sid, mid = ARGV[2], ARGV[3]
        if absence(sid, ARGV[1]) then return { 'missing' } end
        local fields = redis.call('HMGET', session(sid), 'running', 'fence', 'stop')
        if fields[1] ~= mid or fields[2] ~= ARGV[4] then return { 'missing' } end
        if ARGV[7] ~= '' then
            local key, index = message(sid, mid) .. ':pieces', tonumber(ARGV[7])
            local count = redis.call('LLEN', key)
            if index > count then return { 'gap' } end
            local known = math.min(count - index, #ARGV - 7)
            if known > 0 then
                for at, piece in ipairs(redis.call('LRANGE', key, index, index + known - 1)) do
                    if piece ~= ARGV[7 + at] then return { 'gap' } end
                end
            end
            for at = 8 + known, #ARGV do redis.call('RPUSH', key, ARGV[at]) end
        end
        local lease_end = lease_time(ARGV[5]) + tonumber(ARGV[6])
        redis.call('ZADD', base .. ':leases', string.format('%.0f', lease_end), sid)
        return { 'ok', fields[3] and 1 or 0 }
        """
    )

    /// Sessions whose running reply's lease has run out.
    ///
    /// ARGV: the time that leases go by or `''`. Returns `ok`, the sessions, how many have running replies.
    static let abandoned = script(
        """
        local now = string.format('%.0f', lease_time(ARGV[1]))
        return {
            'ok', redis.call('ZRANGEBYSCORE', base .. ':leases', '-inf', now), redis.call('ZCARD', base .. ':leases')
        }
        """
    )
}
