import RedisWire

/// Reads a project's records as they are; nobody is asked who they are.
enum ReplicaScripts {
    /// The revisions of conversations, `''` where one is not there.
    static let heads = TruthScripts.script(
        """
        local found = {}
        for at = 1, #ARGV do found[at] = redis.call('HGET', session(ARGV[at]), 'revision') or '' end
        return found
        """
    )

    /// A conversation without its messages: its hash, drafts, read marks and what imports did to it.
    static let conversation = TruthScripts.script(
        """
        local hash = session(ARGV[1])
        return {
            redis.call('HGETALL', hash), redis.call('HGETALL', hash .. ':drafts'), redis.call('HGETALL', hash .. ':read'),
            redis.call('HGETALL', hash .. ':imports')
        }
        """
    )

    /// Messages of a conversation that have changed since a revision.
    ///
    /// Arguments: the conversation, the revision, the `seq` to begin behind, how many, how many bytes. Answers its hash, the
    /// end of its running reply's lease, and for each message: id, value, versions, pieces.
    ///
    /// A message that only was appended has a revision that is by one more than its `seq`, and by one more for each change of
    /// something else before: so it is within as many of that as there were such changes. The others are in `changed`. A
    /// running reply always counts: its pieces take no revision.
    static let messages = TruthScripts.script(
        """
        local sid, since, after, limit, bytes = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
        local hash, list = session(sid), session(sid) .. ':messages'
        local count, out = redis.call('LLEN', list), {}
        local revision = tonumber(redis.call('HGET', hash, 'revision') or '0')
        local first = after + 1
        if since > 0 and revision > 0 then
            first = math.max(first, since - math.max(0, revision - 1 - count))
        end
        local places, running = {}, redis.call('HGET', hash, 'running')
        if first > after + 1 then
            for _, seq in ipairs(redis.call('ZRANGEBYSCORE', hash .. ':changed', '(' .. since, '+inf')) do
                seq = tonumber(seq)
                if seq > after and seq < first then places[#places + 1] = seq end
            end
            if running then
                local value = redis.call('GETRANGE', message(sid, running), 0, 63)
                local seq = tonumber(string.match(value, '^{"seq":(%d+)') or '0')
                local score = redis.call('ZSCORE', hash .. ':changed', seq)
                if seq > after and seq < first and not (score and tonumber(score) > since) then places[#places + 1] = seq end
            end
            table.sort(places)
        end
        local function take(seq, mid)
            if not mid then return false end
            local key = message(sid, mid)
            local head = redis.call('GETRANGE', key, 0, 255)
            if mid ~= running and (tonumber(string.match(head, '^{[%w_":,%-]-"revision":(%d+)') or '') or seq + 1) <= since then return true end
            local value = redis.call('GET', key)
            if not value then return true end
            local versions, pieces = {}, {}
            if string.find(value, '^{[%w_":,%-]-"versions":') then versions = redis.call('LRANGE', key .. ':versions', 0, -1) end
            if is_streaming(value) then pieces = redis.call('LRANGE', key .. ':pieces', 0, -1) end
            local size = #value
            for _, version in ipairs(versions) do size = size + #version end
            for _, piece in ipairs(pieces) do size = size + #piece end
            if #out > 0 and size > bytes then return false end
            bytes = bytes - size
            for _, part in ipairs({ mid, value, versions, pieces }) do out[#out + 1] = part end
            return #out < limit * 4
        end
        local function read()
            if limit <= 0 then return end
            for _, seq in ipairs(places) do
                if not take(seq, redis.call('LINDEX', list, seq - 1)) then return end
            end
            for from = first, count, 100 do
                for at, mid in ipairs(redis.call('LRANGE', list, from - 1, math.min(from + 98, count - 1))) do
                    if not take(from + at - 1, mid) then return end
                end
            end
        end
        read()
        return { redis.call('HGETALL', hash), redis.call('ZSCORE', base .. ':leases', sid) or '', out }
        """
    )
}
