internal import RedisWire

/// What the doctor lets Redis do; each looks itself whether there is still something to mend, since servers run meanwhile.
extension DoctorScripts {
    /// `is_passing(sid)`: whether a conversation is on its way, or what was deleted is being taken away.
    private static let passing = """
        local function is_passing(sid)
            return redis.call('SISMEMBER', base .. ':trash', sid) == 1
                or redis.call('HEXISTS', base .. ':moving', sid) == 1
                or redis.call('EXISTS', session(sid) .. ':arriving') == 1
                or redis.call('HEXISTS', session(sid), 'moving') == 1
                or redis.call('ZSCORE', base .. ':building', sid) ~= false
        end

        """

    /// Whether a conversation with fields is in no set; with `1` it is put there.
    ///
    /// ARGV: session, `1` to repair. Returns `ok` and 1 where it was in none.
    static let list = RedisScript(
        TruthScripts.prelude + "\n" + """
            local sid = ARGV[1]
            if redis.call('EXISTS', session(sid)) == 0 or redis.call('SISMEMBER', base .. ':sessions', sid) == 1 then
                return { 'ok', 0 }
            end
            if ARGV[2] == '1' then redis.call('SADD', base .. ':sessions', sid) end
            return { 'ok', 1 }
            """
    )

    /// Takes a conversation without fields or messages out of the set, unless somebody has made it meanwhile.
    ///
    /// ARGV: session. Returns `ok`; what is left of it is in the trash.
    static let discard = RedisScript(
        TruthScripts.prelude + "\n" + passing + forgetting + """
            local sid = ARGV[1]
            if redis.call('EXISTS', session(sid)) == 1 or is_passing(sid) then return { 'lost' } end
            for _, mid in ipairs(redis.call('LRANGE', session(sid) .. ':messages', 0, -1)) do
                if redis.call('EXISTS', message(sid, mid)) == 1 then return { 'lost' } end
            end
            local key = session(sid)
            redis.call('DEL', key .. ':drafts', key .. ':read', key .. ':changed', key .. ':imports')
            forget_documents(sid)
            redis.call('SREM', base .. ':sessions', sid)
            redis.call('SREM', base .. ':ahead', sid)
            redis.call('ZREM', base .. ':recent', sid)
            redis.call('ZREM', base .. ':leases', sid)
            redis.call('SADD', base .. ':trash', sid)
            return { 'ok' }
            """
    )

    /// Writes a conversation's log anew, and takes its texts out of the index, which follows the numbers.
    ///
    /// ARGV: session, its tag or `''` where it has no fields, the next tag, how long the log was, the messages in order. Those
    /// that were not in the log are left out where they are gone. Returns `ok`.
    static let relist = TruthScripts.script(
        passing + forgetting + """
            local sid, tag = ARGV[1], ARGV[2]
            local hash, log = session(sid), session(sid) .. ':messages'
            if redis.call('EXISTS', base) == 0 then return { 'missing' } end
            if is_passing(sid) then return { 'moving' } end
            if (redis.call('HGET', hash, 'tag') or '') ~= tag then return { 'lost' } end
            if tag == '' and redis.call('EXISTS', hash) == 1 then return { 'lost' } end
            local present = redis.call('LRANGE', log, 0, -1)
            if #present ~= tonumber(ARGV[4]) then return { 'lost' } end
            local was_there, mids, count = {}, {}, 0
            for _, mid in ipairs(present) do was_there[mid] = true end
            for at = 5, #ARGV do
                local is_there = redis.call('EXISTS', message(sid, ARGV[at])) == 1
                if is_there then count = count + 1 end
                if is_there or was_there[ARGV[at]] then mids[#mids + 1] = ARGV[at] end
            end
            if tag == '' and count == 0 then return { 'lost' } end
            redis.call('DEL', log)
            for from = 1, #mids, 1000 do
                redis.call('RPUSH', log, unpack(mids, from, math.min(from + 999, #mids)))
            end
            redis.call('SADD', base .. ':sessions', sid)
            if tag ~= '' then redis.call('HSET', hash, 'tag', ARGV[3]) end
            forget_documents(sid)
            return { 'ok' }
            """
    )

    /// Takes all texts of a conversation out of the index.
    ///
    /// ARGV: session. Returns `ok`.
    static let unindex = TruthScripts.script(forgetting + "forget_documents(ARGV[1])\nreturn { 'ok' }\n")

    /// Takes away what is beside messages that are neither there nor in the log.
    ///
    /// ARGV: session, messages. Returns `ok`.
    static let strays = RedisScript(
        TruthScripts.prelude + "\n" + """
            local sid = ARGV[1]
            for at = 2, #ARGV do
                local key = message(sid, ARGV[at])
                if redis.call('EXISTS', key) == 0 and not redis.call('LPOS', session(sid) .. ':messages', ARGV[at]) then
                    redis.call('DEL', key .. ':versions', key .. ':pieces')
                end
            end
            return { 'ok' }
            """
    )

    /// Makes a message's id no longer lead to a conversation that doesn't hold it.
    ///
    /// ARGV: session, message. Returns `ok`.
    static let unplace = RedisScript(
        TruthScripts.prelude + "\n" + """
            -- How many digits there were may be lost.
            place_digits = function() return 5 end
            if redis.call('EXISTS', message(ARGV[1], ARGV[2])) == 0 then place_remove(ARGV[1], ARGV[2]) end
            return { 'ok' }
            """
    )

    /// Looks through the records of some documents, and with `1` mends them and what stands of them in their head.
    ///
    /// ARGV: their number, `1` to repair. Returns `ok`, how many lead to texts that have other numbers or are gone, whether the
    /// head knows less than they.
    static let documents = RedisScript(
        TruthScripts.prelude + "\n" + """
            local group, repairs = tonumber(ARGV[1]), ARGV[2] == '1'
            local documents = base .. ':documents'
            local key = documents .. ':' .. ARGV[1]
            local records = redis.call('GET', key) or ''
            local blank, stale, last, latest = string.rep('\\0', 28), 0, 0, nil
            for index = 0, 71 do
                local record = string.sub(records, index * 28 + 1, index * 28 + 28)
                if #record == 28 and record ~= blank then
                    local number = group * 72 + index
                    local places = session(text_of(string.sub(record, 1, 16))) .. ':documents'
                    local seq = struct.unpack('>I4', record, 17)
                    local place = redis.call('GETRANGE', places, seq * 4, seq * 4 + 3)
                    if #place == 4 and struct.unpack('>I4', place) == number then
                        last = number
                        if seq > 0 then latest = math.max(latest or -2^52, (struct.unpack('>i8', record, 21))) end
                    else
                        stale = stale + 1
                        if repairs then redis.call('SETRANGE', key, index * 28, blank) end
                    end
                end
            end
            if repairs and stale > 0 and redis.call('GET', key) == string.rep(blank, 72) then redis.call('DEL', key) end
            local head = redis.call('GETRANGE', documents, 0, 7)
            local is_behind = last > 0 and (#head < 8 or struct.unpack('>I8', head) < last)
            if is_behind and repairs then redis.call('SETRANGE', documents, 0, struct.pack('>I8', last)) end
            local at = 8 + group * 8
            local noted = redis.call('GETRANGE', documents, at, at + 7)
            if latest and (#noted < 8 or noted == string.rep('\\0', 8) or struct.unpack('>i8', noted) < latest) then
                is_behind = true
                if repairs then redis.call('SETRANGE', documents, at, struct.pack('>i8', latest)) end
            end
            return { 'ok', stale, is_behind and 1 or 0 }
            """
    )

    /// Whether the terms of a beginning are not found by it; with `1` they are again.
    ///
    /// ARGV: beginning, `1` to repair. Returns `ok` and 1 where they were not.
    static let shelf = RedisScript(
        TruthScripts.prelude + "\n" + """
            local terms = base .. ':terms'
            if redis.call('EXISTS', terms .. ':' .. ARGV[1]) == 0 or redis.call('ZSCORE', terms, ARGV[1]) then
                return { 'ok', 0 }
            end
            if ARGV[2] == '1' then redis.call('ZADD', terms, 0, ARGV[1]) end
            return { 'ok', 1 }
            """
    )

    /// Whether a term's own list is not found by the term; with `1` it is again, or goes where there is another.
    ///
    /// ARGV: term, `1` to repair. Returns `ok` and 1 where it was not.
    static let termList = TruthScripts.script(
        """
        local key, beginning = base .. ':term:' .. ARGV[1], index_beginning(ARGV[1])
        local shelf = base .. ':terms:' .. beginning
        local field = redis.call('HGET', shelf, ARGV[1])
        if redis.call('EXISTS', key) == 0 or field and index_start(field) == 6 then return { 'ok', 0 } end
        if ARGV[2] == '1' then
            if field then
                redis.call('DEL', key)
            else
                redis.call('HSET', shelf, ARGV[1], index_headed(index_last(redis.call('LINDEX', key, -1)), ''))
                redis.call('ZADD', base .. ':terms', 0, beginning)
            end
        end
        return { 'ok', 1 }
        """
    )
}
