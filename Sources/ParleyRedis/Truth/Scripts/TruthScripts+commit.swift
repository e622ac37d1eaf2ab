internal import RedisWire

extension TruthScripts {
    /// Applies a list of writes, all or none, if everything is still as it was when they were worked out.
    ///
    /// ARGV:
    /// 1. the address, 2. the access that is needed (`none`: nobody is asked), 3. now
    /// 4. the session or `''`; 5. the tag that it must have, `new` where it must not be there, `''` for any; 6. the next tag
    /// 7. the tag that the project must have, `new` where it must not be there, `''` for any; 8. the project's next tag
    /// 9. flags: `p` returns the preview's source, `m` is for who moves the conversation, `d` is for a project that may be
    ///    gone
    /// 10… writes: how many words follow, the word, what it works on. Redis's own commands have the key behind the
    /// project's. `?…` are further checks.
    ///
    /// Returns `ok` and the preview's source.
    static let commit = script(
        """
        local email, access, now, sid, tag, next_tag = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
        local project_tag, next_project_tag, flags = ARGV[7], ARGV[8], ARGV[9]
        if project_tag == 'new' then
            if redis.call('EXISTS', base) == 1 then return { 'exists' } end
        elseif not string.find(flags, 'd', 1, true) and redis.call('EXISTS', base) == 0 then
            return { 'missing' }
        elseif project_tag ~= '' and redis.call('HGET', base, 'tag') ~= project_tag then
            return { 'lost' }
        end
        local why = refusal(email, access, tag == 'new' and '' or sid, now)
        if why then return { why } end
        if tag == 'new' then
            if redis.call('EXISTS', session(sid)) == 1 then return { 'exists' } end
            if redis.call('SISMEMBER', base .. ':trash', sid) == 1 then return { 'trash' } end
            if not string.find(flags, 'm', 1, true) then
                if redis.call('HEXISTS', base .. ':moving', sid) == 1 then return { 'arriving' } end
            end
        elseif sid ~= '' then
            local present = redis.call('HMGET', session(sid), 'tag', 'moving')
            if present[2] and not string.find(flags, 'm', 1, true) then return { 'moving' } end
            if tag ~= '' and present[1] ~= tag then return { 'lost' } end
        end

        local checks = {
            ['?llen'] = function(at) return redis.call('LLEN', base .. ARGV[at]) == tonumber(ARGV[at + 1]) end,
            ['?absent'] = function(at) return redis.call('EXISTS', base .. ARGV[at]) == 0 end,
            ['?zscore'] = function(at) return redis.call('ZSCORE', base .. ARGV[at], ARGV[at + 1]) ~= false end,
            ['?member'] = function(at) return redis.call('SISMEMBER', base .. ARGV[at], ARGV[at + 1]) == 1 end,
            ['?hget'] = function(at) return redis.call('HGET', base .. ARGV[at], ARGV[at + 1]) == ARGV[at + 2] end,
            -- No conversation holds the message but those that are named.
            ['?known'] = function(at, last)
                local known = {}
                for other = at + 1, last do known[ARGV[other]] = true end
                for _, other in ipairs(places(ARGV[at])) do
                    if not known[other] and redis.call('EXISTS', message(other, ARGV[at])) == 1 and (absence(other, now) or 'moving') == 'moving' then return false end
                end
                return true
            end,
            ['?leased'] = function(at)
                local lease_end = redis.call('ZSCORE', base .. ':leases', sid)
                return lease_end and tonumber(lease_end) <= lease_time(ARGV[at])
            end,
        }
        local at = 10
        while at <= #ARGV do
            local check = checks[ARGV[at + 1]]
            if check and not check(at + 2, at + tonumber(ARGV[at])) then return { 'lost' } end
            at = at + tonumber(ARGV[at]) + 1
        end

        local writes = {
            place = function(at) place_put(ARGV[at], ARGV[at + 1]) end,
            unplace = function(at) place_remove(ARGV[at], ARGV[at + 1]) end,
            index = function(at)
                index_put(base, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5])
            end,
            title = function(at) index_title(base, ARGV[at], ARGV[at + 1], ARGV[at + 2]) end,
            lease = function(at)
                local lease_end = lease_time(ARGV[at]) + tonumber(ARGV[at + 1])
                redis.call('ZADD', base .. ':leases', string.format('%.0f', lease_end), sid)
            end,
            forget = function(at)
                for _, other in ipairs(redis.call('SMEMBERS', base .. ':sessions')) do
                    redis.call('HDEL', session(other) .. ':drafts', ARGV[at])
                    redis.call('HDEL', session(other) .. ':read', ARGV[at])
                end
            end,
            import = function(at)
                local present = redis.call('HGET', base .. ARGV[at], ARGV[at + 1]) or ARGV[at + 2]
                redis.call('HSET', base .. ARGV[at], ARGV[at + 1], present .. ARGV[at + 3])
            end,
            reveal = function(at)
                local arrived, hash = ARGV[at], session(ARGV[at])
                if redis.call('EXISTS', hash .. ':arriving') == 1 then
                    redis.call('RENAME', hash .. ':arriving', hash)
                    local fields = redis.call('HMGET', hash, 'updated_at', 'unordered', 'last_message_at')
                    redis.call('SADD', base .. ':sessions', arrived)
                    redis.call('ZADD', base .. ':recent', fields[1], arrived)
                    if fields[2] or (fields[3] and tonumber(fields[3]) > tonumber(fields[1])) then
                        redis.call('SADD', base .. ':ahead', arrived)
                    end
                    index_title(base, arrived, '', ARGV[at + 1])
                end
                redis.call('HDEL', base .. ':moving', arrived)
            end,
            trash = function(at)
                local gone = ARGV[at]
                redis.call('DEL', session(gone), session(gone) .. ':arriving', session(gone) .. ':drafts', session(gone) .. ':read',
                    session(gone) .. ':changed', session(gone) .. ':imports')
                redis.call('SREM', base .. ':sessions', gone)
                redis.call('SREM', base .. ':ahead', gone)
                redis.call('ZREM', base .. ':recent', gone)
                redis.call('ZREM', base .. ':leases', gone)
                redis.call('HDEL', base .. ':moving', gone)
                redis.call('ZREM', base .. ':building', gone)
                redis.call('SADD', base .. ':trash', gone)
            end,
        }
        at = 10
        while at <= #ARGV do
            local count, word = tonumber(ARGV[at]), ARGV[at + 1]
            if writes[word] then
                writes[word](at + 2)
            elseif not checks[word] then
                redis.call(word, base .. ARGV[at + 2], unpack(ARGV, at + 3, at + count))
            end
            at = at + count + 1
        end
        -- Not where it has just been deleted.
        if next_tag ~= '' and redis.call('EXISTS', session(sid)) == 1 then
            redis.call('HSET', session(sid), 'tag', next_tag)
        end
        if next_project_tag ~= '' then redis.call('HSET', base, 'tag', next_project_tag) end
        return { 'ok', string.find(flags, 'p', 1, true) and preview_source(sid) or {} }
        """
    )

    /// Appends messages: what happens most, in one round trip.
    ///
    /// ARGV: address, now, session, the expected revision or `''`, `1` where a user's message is among them, then for each
    /// message: id, `1` where the client made the id, the author's member for where that is not the owner, the other members,
    /// terms, tag. Returns `ok`, revision, count and tag before, the owner.
    static let append = script(
        """
        local email, now, sid, expected = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
        local why = refusal(email, 'write', sid, now)
        if why then return { why } end
        local hash = session(sid)
        local fields = redis.call(
            'HMGET', hash, 'revision', 'message_count', 'tag', 'owner', 'titled_revision', 'moving', 'last_message_at')
        if fields[6] then return { 'moving' } end
        for at = 6, #ARGV, 6 do
            if ARGV[at + 1] == '1' and redis.call('EXISTS', message(sid, ARGV[at])) == 1 then return { 'known' } end
        end
        local revision, seq, owner = tonumber(fields[1]), tonumber(fields[2]), fields[4]
        if expected ~= '' and tonumber(expected) ~= revision
            and not (fields[5] == fields[1] and tonumber(expected) == revision - 1) then
            return { 'stale', revision }
        end
        local tag
        for at = 6, #ARGV, 6 do
            revision, seq = revision + 1, seq + 1
            local mid, author, terms = ARGV[at], ARGV[at + 2], ARGV[at + 4]
            tag = ARGV[at + 5]
            local head = '{"seq":' .. seq
            if revision ~= seq + 1 then head = head .. ',"revision":' .. revision end
            if owner == email then author = '' end
            redis.call('SET', message(sid, mid), head .. ARGV[at + 3] .. author .. '}')
            redis.call('RPUSH', hash .. ':messages', mid)
            place_put(sid, mid)
            index_put(base, sid, mid, tostring(seq), now, '', terms)
        end
        redis.call(
            'HSET', hash, 'revision', revision, 'message_count', seq, 'tag', tag, 'updated_at', now, 'last_message_at', now)
        if fields[7] and tonumber(fields[7]) > tonumber(now) then
            redis.call('HSET', hash, 'unordered', '1')
            redis.call('SADD', base .. ':ahead', sid)
        end
        redis.call('ZADD', base .. ':recent', now, sid)
        if ARGV[5] == '1' then redis.call('HDEL', hash .. ':drafts', email) end
        return { 'ok', fields[1], fields[2], fields[3], owner }
        """
    )
}
