internal import RedisWire

extension TruthScripts {
    /// A conversation as a caller may see it, with some of its messages.
    ///
    /// ARGV: address, access, now, session, flags, mode, the mode's arguments. Flags: `p` the preview's source, `q` of the
    /// first message the one that it answers, and the one before it, `t` of the first message the reply that answers it.
    /// Modes: `none`; `newest` limit; `before` seq limit; `after` seq limit; `span` first last; `ids` message ….
    ///
    /// Returns `ok`, the role, the hash, message ids and values in turn, the running reply's pieces where it is among
    /// these, the preview's source.
    static let view = script(
        """
        local email, access, now, sid, flags, mode = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
        local why = refusal(email, access, sid, now)
        if why then return { why } end
        local list, mids, out = session(sid) .. ':messages', {}, {}
        local count = redis.call('LLEN', list)
        if mode == 'newest' then
            local limit = tonumber(ARGV[7])
            if limit > 0 then mids = redis.call('LRANGE', list, -limit, -1) end
        elseif mode == 'before' then
            local stop = math.min(tonumber(ARGV[7]) - 1, count)
            if stop > 0 and tonumber(ARGV[8]) > 0 then
                mids = redis.call('LRANGE', list, math.max(0, stop - tonumber(ARGV[8])), stop - 1)
            end
        elseif mode == 'after' then
            local start = math.max(0, tonumber(ARGV[7]))
            if start < count and tonumber(ARGV[8]) > 0 then
                mids = redis.call('LRANGE', list, start, start + tonumber(ARGV[8]) - 1)
            end
        elseif mode == 'span' then
            mids = redis.call('LRANGE', list, tonumber(ARGV[7]) - 1, tonumber(ARGV[8]) - 1)
        elseif mode == 'ids' then
            for at = 7, #ARGV do mids[#mids + 1] = ARGV[at] end
        end
        entries(out, sid, mids)
        local first = out[2]
        if first and first ~= '' then
            local seq = tonumber(string.match(first, '^{"seq":(%d+)'))
            if string.find(flags, 'q', 1, true) then
                local others = {}
                local answers = string.match(first, '^{[%w_":,%-]-"reply_to":(%d+)')
                if answers then others[1] = redis.call('LINDEX', list, tonumber(answers) - 1) or nil end
                if seq > 1 then others[#others + 1] = redis.call('LINDEX', list, seq - 2) or nil end
                entries(out, sid, others)
            end
            if string.find(flags, 't', 1, true) then
                local from, found = seq, false
                while not found and from < count do
                    for _, mid in ipairs(redis.call('LRANGE', list, from, from + 99)) do
                        local head = redis.call('GETRANGE', message(sid, mid), 0, 255)
                        if string.match(head, '^{[%w_":,%-]-"reply_to":(%d+)') == tostring(seq) then
                            entries(out, sid, { mid })
                            found = true
                            break
                        end
                    end
                    from = from + 100
                end
            end
        end
        local running, pieces = redis.call('HGET', session(sid), 'running'), {}
        if running then
            for at = 1, #out, 2 do
                if out[at] == running then pieces = redis.call('LRANGE', message(sid, running) .. ':pieces', 0, -1) end
            end
        end
        return {
            'ok', access == 'none' and '' or redis.call('HGET', base .. ':members', email),
            redis.call('HGETALL', session(sid)), out, pieces,
            string.find(flags, 'p', 1, true) and preview_source(sid) or {}
        }
        """
    )

    /// A project with its members.
    ///
    /// ARGV: address, access. Returns `ok`, the hash, members and roles in turn.
    static let project = script(
        """
        local why = refusal(ARGV[1], ARGV[2], '', '0')
        if why then return { why } end
        local hash = redis.call('HGETALL', base)
        if #hash == 0 then return { 'missing' } end
        return { 'ok', hash, redis.call('HGETALL', base .. ':members') }
        """
    )

    /// Sessions by `updated_at`, newest first, with their previews' sources.
    ///
    /// ARGV: address, now, the time and session of the one before or `''`, status or `''`, `1`, `0` or `''` for pinned or
    /// not, limit. Looks at no more than some thousands. Returns `ok`, where to go on (time and session) or nothing at the
    /// end, and for each: session, hash, preview's source.
    static let list = script(
        """
        local email, now, time, after, status, pinned = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
        local limit = tonumber(ARGV[7])
        local why = refusal(email, 'read', '', now)
        if why then return { why } end
        local from, found, looked, offset, last = '+inf', {}, 0, 0, {}
        if time ~= '' then from = time end
        while true do
            local some = redis.call('ZREVRANGEBYSCORE', base .. ':recent', from, '-inf', 'WITHSCORES', 'LIMIT', offset, 100)
            for at = 1, #some, 2 do
                local sid, score = some[at], tonumber(some[at + 1])
                if time == '' or score < tonumber(time) or sid < after then
                    looked = looked + 1
                    local fields = redis.call('HMGET', session(sid), 'updated_at', 'status', 'pinned')
                    if fields[1] and not expired(sid, fields[1], now)
                        and (status == '' or (fields[2] or 'active') == status)
                        and (pinned == '' or (pinned == '1') == (fields[3] == '1')) then
                        found[#found + 1] = sid
                        found[#found + 1] = redis.call('HGETALL', session(sid))
                        found[#found + 1] = preview_source(sid)
                    end
                    last = { string.format('%.0f', score), sid }
                    if #found >= limit * 3 or looked >= 2000 then return { 'ok', last, found } end
                end
            end
            if #some < 200 then return { 'ok', {}, found } end
            offset = offset + 100
        end
        """
    )
}
