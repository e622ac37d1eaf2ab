import RedisWire

/// What the cache does in Redis in one step.
///
/// Whatever may lie under the key, no script fails on it: what is no list, or a list whose head is not of our making, is
/// removed and counts as nothing. The head is looked at by its first bytes and not decoded, so that a script takes no longer
/// for a large message. Tags are compared as text, since Lua's numbers can't hold them.
enum CacheScripts {
    /// Puts appended messages before the others.
    ///
    /// ARGV: the tag before them, the revision after them, limit, milliseconds to live, elements from the oldest on. Returns 0
    /// where there was no entry, 1 where it was older and went, 2 where it was the one before, 3 where it was left alone.
    static let push = RedisScript(
        head + """
            local rev, tag = head(KEYS[1])
            if not rev then return 0 end
            if tag == ARGV[1] then
                redis.call('LPUSH', KEYS[1], unpack(ARGV, 5))
                redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[3]) - 1)
                redis.call('PEXPIRE', KEYS[1], ARGV[4])
                return 2
            end
            if rev < tonumber(ARGV[2]) then
                redis.call('DEL', KEYS[1])
                return 1
            end
            return 3
            """
    )

    /// Makes the entry.
    ///
    /// ARGV: the tag, milliseconds to live, elements from the newest on. Returns 0 where it was there already, else 1.
    static let fill = RedisScript(
        head + """
            local rev, tag = head(KEYS[1])
            if tag == ARGV[1] and redis.call('LLEN', KEYS[1]) == #ARGV - 2 then return 0 end
            redis.call('DEL', KEYS[1])
            redis.call('RPUSH', KEYS[1], unpack(ARGV, 3))
            redis.call('PEXPIRE', KEYS[1], ARGV[2])
            return 1
            """
    )

    private static let head = """
        local function head(key)
            local kind = redis.call('TYPE', key)['ok']
            if kind == 'none' then return nil end
            if kind == 'list' then
                local first = redis.call('LINDEX', key, 0)
                local rev, tag = string.match(first, '^{"rev":(%d+),"tag":"([0-9a-f]+)","seq":%d+,"message":{')
                if rev and #rev <= 15 and #tag == 16 then return tonumber(rev), tag end
            end
            redis.call('DEL', key)
            return nil
        end

        """
}
