internal import RedisWire

/// What all scripts of the truth begin with.
///
/// KEYS[1] is always the project's key; every other key begins with it, so all are of one slot. A script looks at everything
/// before its first write, and so can't fail halfway; Redis refuses one that writes before it begins when memory is full.
/// Times and revisions pass through as text where they are not compared: Lua's numbers would write them otherwise.
enum TruthScripts {
    /// A script with the common functions, and those of the index, in front.
    static func script(_ body: String) -> RedisScript {
        RedisScript(prelude + "\n" + TermIndex.functions + "\n" + body)
    }

    /// Functions that other parts build their scripts on, too.
    ///
    /// - `session(sid)`, `message(sid, mid)`: keys.
    /// - `refusal(email, access, sid, now)`: why the caller may not do `access` (`read`, `write`, `administer`, or `none`
    ///   where nobody is asked) to a conversation, or with `''` to the project; `nil` where they may.
    /// - `absence(sid, now)`: why a conversation is not there; `nil` where it is. One that its project keeps no longer is not,
    ///   and one that is being moved is `moving`, unless there is a second key, which is the first again.
    /// - `places(mid)`, `place_put(sid, mid)`, `place_remove(sid, mid)`: which conversations hold a message.
    /// - `entries(out, sid, mids)`: appends ids and values in turn, `''` where there is none.
    /// - `preview_source(sid)`: the newest message's text, as `{kind, beginning}`.
    static let prelude = """
        local base = KEYS[1]
        local function session(sid) return base .. ':sessions:' .. sid end
        local function message(sid, mid) return base .. ':sessions:' .. sid .. ':messages:' .. mid end
        local sees_moving = KEYS[2] ~= nil
        local ranks = { viewer = 1, editor = 2, owner = 3 }
        local needs = { read = 1, write = 2, administer = 3 }

        local retention
        -- A reply that is being written keeps its conversation.
        local function expired(sid, updated_at, now)
            if retention == nil then retention = redis.call('HGET', base, 'retention_days') end
            if not retention then return false end
            return tonumber(updated_at) <= tonumber(now) - tonumber(retention) * 86400000000
                and redis.call('HEXISTS', session(sid), 'running') == 0
        end

        local function absence(sid, now)
            local fields = redis.call('HMGET', session(sid), 'updated_at', 'moving')
            if not fields[1] then
                if redis.call('HEXISTS', base .. ':moving', sid) == 1 then return 'arriving' end
                return 'missing'
            end
            if expired(sid, fields[1], now) then return 'missing' end
            if fields[2] and not sees_moving then return 'moving' end
            return nil
        end

        local function refusal(email, access, sid, now)
            local role = 'owner'
            if access ~= 'none' then
                role = redis.call('HGET', base .. ':members', email)
                if not role then return 'missing' end
            end
            if sid ~= '' then
                local why = absence(sid, now)
                if why then return why end
            end
            if access ~= 'none' and (ranks[role] or 0) < needs[access] then return 'forbidden' end
            return nil
        end

        local function lease_time(given)
            if given ~= '' then return tonumber(given) end
            local time = redis.call('TIME')
            return tonumber(time[1]) * 1000000 + tonumber(time[2])
        end

        local function bytes_of(id)
            local digits = string.gsub(id, '-', '')
            return (string.gsub(digits, '%x%x', function(pair) return string.char(tonumber(pair, 16)) end))
        end

        local function text_of(bytes)
            local digits = string.gsub(bytes, '.', function(byte) return string.format('%02x', string.byte(byte)) end)
            return string.sub(digits, 1, 8) .. '-' .. string.sub(digits, 9, 12) .. '-' .. string.sub(digits, 13, 16)
                .. '-' .. string.sub(digits, 17, 20) .. '-' .. string.sub(digits, 21, 32)
        end

        local function place_key(mid, digits) return base .. ':places:' .. string.sub(mid, -digits) end
        local function place_digits() return tonumber(redis.call('GET', base .. ':places') or '1') end

        local function places(mid)
            local found, seen, id = {}, {}, bytes_of(mid)
            for digits = 1, place_digits() do
                local value = redis.call('HGET', place_key(mid, digits), id) or ''
                for at = 1, #value, 16 do
                    local sid = text_of(string.sub(value, at, at + 15))
                    if not seen[sid] then
                        seen[sid] = true
                        found[#found + 1] = sid
                    end
                end
            end
            return found
        end

        -- A bucket with many entries takes Redis more memory for each: then the next digit makes more and smaller ones.
        local function place_put(sid, mid)
            local digits, id, place = place_digits(), bytes_of(mid), bytes_of(sid)
            local key = place_key(mid, digits)
            local value = redis.call('HGET', key, id) or ''
            for at = 1, #value, 16 do
                if string.sub(value, at, at + 15) == place then return end
            end
            redis.call('HSET', key, id, value .. place)
            if digits < 5 and redis.call('HLEN', key) > 120 then
                redis.call('SET', base .. ':places', digits + 1)
            end
        end

        local function place_remove(sid, mid)
            local id, place = bytes_of(mid), bytes_of(sid)
            for digits = 1, place_digits() do
                local key = place_key(mid, digits)
                local value, rest = redis.call('HGET', key, id) or '', {}
                for at = 1, #value, 16 do
                    local other = string.sub(value, at, at + 15)
                    if other ~= place then rest[#rest + 1] = other end
                end
                if value ~= '' and #rest == 0 then redis.call('HDEL', key, id) end
                if #rest > 0 and #rest * 16 < #value then redis.call('HSET', key, id, table.concat(rest)) end
            end
        end

        local function entries(out, sid, mids)
            for from = 1, #mids, 500 do
                local keys = {}
                for at = from, math.min(from + 499, #mids) do keys[#keys + 1] = message(sid, mids[at]) end
                local values = redis.call('MGET', unpack(keys))
                for at = 1, #keys do
                    out[#out + 1] = mids[from + at - 1]
                    out[#out + 1] = values[at] or ''
                end
            end
        end

        -- Members before the text hold no other characters, whatever people write.
        local function text_start(value) return string.match(value, '^{[%w_":,%-]-"content":"()') end
        local function is_streaming(value) return string.find(value, '^{[%w_":,%-]-"status":"streaming"') ~= nil end

        local function preview_source(sid)
            local list, last = session(sid) .. ':messages', -1
            while true do
                local mids = redis.call('LRANGE', list, last - 19, last)
                for at = #mids, 1, -1 do
                    local key = message(sid, mids[at])
                    local value = redis.call('GETRANGE', key, 0, 511)
                    local from = text_start(value)
                    if from then
                        return { 'json', redis.call('GETRANGE', key, from - 1, from + 24575) }
                    elseif is_streaming(value) then
                        local text = table.concat(redis.call('LRANGE', key .. ':pieces', 0, 4095))
                        if text ~= '' then return { 'text', string.sub(text, 1, 24576) } end
                    end
                end
                if #mids < 20 then return {} end
                last = last - 20
            end
        end
        """
}
