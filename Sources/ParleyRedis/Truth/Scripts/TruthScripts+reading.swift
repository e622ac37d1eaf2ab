internal import RedisWire

extension TruthScripts {
    /// The texts a message had before.
    ///
    /// ARGV: address, now, session, message. Returns `ok`, the elements.
    static let versions = script(
        """
        local why = refusal(ARGV[1], 'read', ARGV[3], ARGV[2])
        if why then return { why } end
        local key = message(ARGV[3], ARGV[4])
        if redis.call('EXISTS', key) == 0 then return { 'none' } end
        return { 'ok', redis.call('LRANGE', key .. ':versions', 0, -1) }
        """
    )

    /// What changed in a conversation since a revision, by revision.
    ///
    /// ARGV: address, now, session, revision, limit. Messages that never changed have revisions that rise with `seq`, so the
    /// first is looked for by halves; the others stand in a set by revision. Returns as ``view`` does.
    static let changes = script(
        """
        local email, now, sid = ARGV[1], ARGV[2], ARGV[3]
        local why = refusal(email, 'read', sid, now)
        if why then return { why } end
        local since, limit = tonumber(ARGV[4]), tonumber(ARGV[5])
        local list, changed = session(sid) .. ':messages', session(sid) .. ':changed'
        local count = redis.call('LLEN', list)
        -- The first message from seq on that never changed: its place, revision and id.
        local function unchanged(seq)
            while seq <= count do
                if not redis.call('ZSCORE', changed, seq) then
                    local mid = redis.call('LINDEX', list, seq - 1)
                    local head = redis.call('GETRANGE', message(sid, mid), 0, 63)
                    local revision = string.match(head, '^{"seq":%d+,"revision":(%d+)')
                    return seq, tonumber(revision or seq + 1), mid
                end
                seq = seq + 1
            end
            return seq, nil, nil
        end
        local low, high = 1, count + 1
        while low < high do
            local middle = math.floor((low + high) / 2)
            local _, revision = unchanged(middle)
            if revision and revision <= since then low = middle + 1 else high = middle end
        end
        local others = redis.call('ZRANGEBYSCORE', changed, '(' .. ARGV[4], '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
        local mids, at = {}, 1
        local seq, revision, mid = unchanged(low)
        while #mids < limit and (revision or others[at]) do
            if revision and (not others[at] or revision < tonumber(others[at + 1])) then
                mids[#mids + 1] = mid
                seq, revision, mid = unchanged(seq + 1)
            else
                mids[#mids + 1] = redis.call('LINDEX', list, tonumber(others[at]) - 1)
                at = at + 2
            end
        end
        local out, pieces = {}, {}
        entries(out, sid, mids)
        local running = redis.call('HGET', session(sid), 'running')
        if running then pieces = redis.call('LRANGE', message(sid, running) .. ':pieces', 0, -1) end
        return {
            'ok', redis.call('HGET', base .. ':members', email), redis.call('HGETALL', session(sid)), out, pieces,
            preview_source(sid)
        }
        """
    )

    /// The newest messages of a project.
    ///
    /// ARGV: address, now, limit. Conversations are looked at by `updated_at`, and no more of them than can hold one: no
    /// message of a conversation is later than that, but in those of the set `ahead`. Within a conversation times rise with
    /// `seq`, but where its field `unordered` says so; then all of it is looked at.
    ///
    /// Returns `ok` and, in no order, the sought ones and perhaps more: session, hash, message, value, pieces.
    static let newest = script(
        """
        local email, now, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
        local why = refusal(email, 'read', '', now)
        if why then return { why } end
        if limit <= 0 then return { 'ok', {} } end
        -- A heap would be faster with a large limit; pages are small.
        local best = {}
        local function before(a, b)
            if a.time ~= b.time then return a.time < b.time end
            if a.sid ~= b.sid then return a.sid < b.sid end
            return a.seq < b.seq
        end
        local function offer(found)
            if #best == limit and before(found, best[1]) then return false end
            local low, high = 1, #best + 1
            while low < high do
                local middle = math.floor((low + high) / 2)
                if before(best[middle], found) then low = middle + 1 else high = middle end
            end
            table.insert(best, low, found)
            if #best > limit then table.remove(best, 1) end
            return true
        end
        local function look(sid)
            local fields = redis.call('HMGET', session(sid), 'updated_at', 'unordered')
            if not fields[1] or expired(sid, fields[1], now) then return end
            local list, last = session(sid) .. ':messages', -1
            while true do
                local mids = redis.call('LRANGE', list, last - 49, last)
                for at = #mids, 1, -1 do
                    local head = redis.call('GETRANGE', message(sid, mids[at]), 0, 511)
                    local time = string.match(head, '^{[%w_":,%-]-"created_at":(%-?%d+)')
                    local is_gone = string.find(head, '^{[%w_":,%-]-"status":"deleted"')
                    if time and not is_gone then
                        local seq = tonumber(string.match(head, '^{"seq":(%d+)'))
                        local is_taken = offer({ time = tonumber(time), sid = sid, seq = seq, mid = mids[at] })
                        if not is_taken and not fields[2] then return end
                    end
                end
                if #mids < 50 then return end
                last = last - 50
            end
        end
        local seen = {}
        for _, sid in ipairs(redis.call('SMEMBERS', base .. ':ahead')) do
            seen[sid] = true
            look(sid)
        end
        local offset = 0
        while true do
            local some = redis.call('ZREVRANGE', base .. ':recent', offset, offset + 99, 'WITHSCORES')
            local is_over = #some < 200
            for at = 1, #some, 2 do
                if #best == limit and tonumber(some[at + 1]) < best[1].time then
                    is_over = true
                    break
                end
                if not seen[some[at]] then look(some[at]) end
            end
            if is_over then break end
            offset = offset + 100
        end
        local out = {}
        for _, found in ipairs(best) do
            local key = message(found.sid, found.mid)
            local value = redis.call('GET', key)
            out[#out + 1] = found.sid
            out[#out + 1] = redis.call('HGETALL', session(found.sid))
            out[#out + 1] = found.mid
            out[#out + 1] = value
            out[#out + 1] = is_streaming(value) and redis.call('LRANGE', key .. ':pieces', 0, -1) or {}
        end
        return { 'ok', out }
        """
    )

    /// The conversations of a project that hold a message.
    ///
    /// ARGV: address, now, message. Returns `ok`, the role, and for each: session, hash, message, value, pieces.
    static let find = script(
        """
        local email, now, mid = ARGV[1], ARGV[2], ARGV[3]
        local why = refusal(email, 'read', '', now)
        if why then return { why } end
        local found = {}
        for _, sid in ipairs(places(mid)) do
            local key = message(sid, mid)
            local value = redis.call('GET', key)
            if value and (absence(sid, now) or 'moving') == 'moving' then
                found[#found + 1] = sid
                found[#found + 1] = redis.call('HGETALL', session(sid))
                found[#found + 1] = mid
                found[#found + 1] = value
                found[#found + 1] = is_streaming(value) and redis.call('LRANGE', key .. ':pieces', 0, -1) or {}
            end
        end
        return { 'ok', redis.call('HGET', base .. ':members', email), found }
        """
    )
}
