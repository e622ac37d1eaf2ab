internal import RedisWire

/// What the doctor asks Redis; none of these changes anything unless it says so.
enum DoctorScripts {
    /// A conversation beside its messages.
    ///
    /// ARGV: session. Returns `ok`, the hash, the log's length, its score in `recent` or nothing, whether it is in the set,
    /// whether it is on its way, its lease's end or nothing, and whether it is in the trash.
    static let session = RedisScript(
        TruthScripts.prelude + "\n" + """
            local sid = ARGV[1]
            return {
                'ok', redis.call('HGETALL', session(sid)), redis.call('LLEN', session(sid) .. ':messages'),
                redis.call('ZSCORE', base .. ':recent', sid), redis.call('SISMEMBER', base .. ':sessions', sid),
                redis.call('HEXISTS', base .. ':moving', sid) + (redis.call('ZSCORE', base .. ':building', sid) and 1 or 0),
                redis.call('ZSCORE', base .. ':leases', sid), redis.call('SISMEMBER', base .. ':trash', sid)
            }
            """
    )

    /// Some messages of a log.
    ///
    /// ARGV: session, the first and the last index. Returns `ok` and for each: id, value, whether it is found by its id.
    static let messages = RedisScript(
        TruthScripts.prelude + "\n" + """
            local sid, out = ARGV[1], {}
            for _, mid in ipairs(redis.call('LRANGE', session(sid) .. ':messages', ARGV[2], ARGV[3])) do
                out[#out + 1] = mid
                out[#out + 1] = redis.call('GET', message(sid, mid)) or ''
                local is_placed = 0
                for _, other in ipairs(places(mid)) do
                    if other == sid then is_placed = 1 end
                end
                out[#out + 1] = is_placed
            end
            return { 'ok', out }
            """
    )

    /// Whether texts are in the index.
    ///
    /// ARGV: session, then for each its `seq` (0: the title), the title's mark or `''`, its terms. Returns `ok` and the
    /// `seq`s of those that are not there with all of their terms and nothing missing in between.
    static let indexed = TruthScripts.script(
        """
        local sid, wrong = ARGV[1], {}
        local documents = redis.call('GET', session(sid) .. ':documents') or ''
        local id = bytes_of(sid)
        local function holds(term, number)
            local field = redis.call('HGET', base .. ':terms:' .. index_beginning(term), term)
            if not field then return false end
            for _, other in ipairs(index_numbers(field, index_start(field))) do
                if other == number then return true end
            end
            if index_start(field) == 1 then return false end
            for _, other in ipairs(index_numbers((index_place(base .. ':term:' .. term, number)), 5)) do
                if other == number then return true end
            end
            return false
        end
        for at = 2, #ARGV, 3 do
            local seq, number = tonumber(ARGV[at]), 0
            local place = string.sub(documents, seq * 4 + 1, seq * 4 + 4)
            if #place == 4 then number = struct.unpack('>I4', place) end
            local is_right = (number > 0) == (ARGV[at + 2] ~= '')
            if is_right and number > 0 then
                local group = math.floor(number / 72)
                local start = (number - group * 72) * 28
                local record = redis.call(
                    'GETRANGE', base .. ':documents:' .. string.format('%.0f', group), start, start + 19)
                is_right = record == id .. struct.pack('>I4', seq)
                for term in string.gmatch(ARGV[at + 2], '[^ ]+') do
                    is_right = is_right and holds(ARGV[at + 1] .. term, number)
                end
            end
            if not is_right then wrong[#wrong + 1] = seq end
        end
        return { 'ok', wrong }
        """
    )

    /// Functions that take texts out of the index; what terms say of their numbers is pruned later.
    ///
    /// - `forget_document(sid, seq)`: one text has no number any more.
    /// - `forget_documents(sid)`: none of a conversation's has.
    static let forgetting = """
        local function forget_document(sid, seq)
            local documents = session(sid) .. ':documents'
            local place = redis.call('GETRANGE', documents, seq * 4, seq * 4 + 3)
            if #place < 4 then return end
            local number = struct.unpack('>I4', place)
            if number == 0 then return end
            local group = math.floor(number / 72)
            local key = base .. ':documents:' .. string.format('%.0f', group)
            local start = (number - group * 72) * 28
            local record = bytes_of(sid) .. struct.pack('>I4', seq)
            if redis.call('GETRANGE', key, start, start + 19) == record then
                redis.call('SETRANGE', key, start, string.rep('\\0', 28))
                if redis.call('GET', key) == string.rep('\\0', 72 * 28) then redis.call('DEL', key) end
            end
            redis.call('SETRANGE', documents, seq * 4, '\\0\\0\\0\\0')
        end

        local function forget_documents(sid)
            local count = math.floor(redis.call('STRLEN', session(sid) .. ':documents') / 4)
            for seq = 0, count - 1 do forget_document(sid, seq) end
            redis.call('DEL', session(sid) .. ':documents')
        end

        """

    /// Puts a text into the index under a new number; what the old one had is pruned later.
    ///
    /// It writes. ARGV: session, message or `''` for the title, `seq`, time, terms, the value or title that they are of. Returns `ok`,
    /// or `lost` where that has changed.
    static let index = TruthScripts.script(
        forgetting + """
            local sid, mid, seq = ARGV[1], ARGV[2], tonumber(ARGV[3])
            local present
            if mid == '' then present = redis.call('HGET', session(sid), 'title')
            else present = redis.call('GET', message(sid, mid)) end
            if present ~= ARGV[6] then return { 'lost' } end
            forget_document(sid, seq)
            if mid == '' then index_title(base, sid, '', ARGV[5])
            else index_put(base, sid, mid, seq, ARGV[4], '', ARGV[5]) end
            return { 'ok' }
            """
    )

    /// The terms that begin in a certain way.
    ///
    /// ARGV: the last beginning or `''`. Returns `ok`, the next one, its terms.
    static let terms = RedisScript(
        TruthScripts.prelude + "\n" + """
            local from = '-'
            if ARGV[1] ~= '' then from = '(' .. ARGV[1] end
            local next = redis.call('ZRANGEBYLEX', base .. ':terms', from, '+', 'LIMIT', 0, 1)
            if #next == 0 then return { 'ok' } end
            return { 'ok', next[1], redis.call('HKEYS', base .. ':terms:' .. next[1]) }
            """
    )

    /// Looks through a term's list, and with `1` takes out what leads nowhere.
    ///
    /// ARGV: term, `1` to repair. Returns `ok`, how many documents there are, how many of
    /// them lead nowhere.
    static let prune = TruthScripts.script(
        """
        local term, repairs = ARGV[1], ARGV[2] == '1'
        local beginning = index_beginning(term)
        local shelf = base .. ':terms:' .. beginning
        local field = redis.call('HGET', shelf, term)
        if not field then return { 'ok', 0, 0 } end
        local key, has_head = base .. ':term:' .. term, index_start(field) == 6
        local pieces = has_head and redis.call('LRANGE', key, 0, -1) or {}
        -- The field as one more piece.
        pieces[#pieces + 1] = has_head and string.sub(field, 2) or '\\0\\0\\0\\0' .. field
        local count, stale, last, group, records = 0, 0, 0, -1, ''
        local kept, is_right = {}, has_head or redis.call('EXISTS', key) == 0
        for place, piece in ipairs(pieces) do
            local numbers = {}
            for _, number in ipairs(index_numbers(piece, 5)) do
                if math.floor(number / 72) ~= group then
                    group = math.floor(number / 72)
                    records = redis.call('GET', base .. ':documents:' .. string.format('%.0f', group)) or ''
                end
                local start = (number - group * 72) * 28
                local record = string.sub(records, start + 1, start + 28)
                local is_title = string.sub(record, 17, 20) == '\\0\\0\\0\\0'
                if number <= last then
                    is_right = false
                elseif #record == 28 and record ~= string.rep('\\0', 28)
                    and is_title == (string.byte(term) == 61) then
                    count, last = count + 1, number
                    numbers[#numbers + 1] = number
                else
                    stale = stale + 1
                end
            end
            local is_field = place == #pieces
            if #numbers > 0 then
                kept[#kept + 1] = numbers
                if (has_head or not is_field) and index_piece(numbers) ~= piece then is_right = false end
            elseif not is_field or place == 1 then
                is_right = false
            end
        end
        if repairs and (stale > 0 or not is_right) then
            redis.call('DEL', key)
            if #kept == 0 then
                index_forget(base, shelf, beginning, term)
            else
                local last = table.remove(kept)
                for _, numbers in ipairs(kept) do redis.call('RPUSH', key, index_piece(numbers)) end
                local list, newest = index_list(last), last[#last]
                if #list > \(PostingList.fieldBytes) then
                    redis.call('RPUSH', key, index_piece(last))
                    list = ''
                end
                local is_bare = #kept == 0 and list ~= '' and #list <= \(PostingList.bareBytes)
                redis.call('HSET', shelf, term, is_bare and list or index_headed(newest, list))
            end
        end
        -- A word that says it has a list, and has none.
        if #kept == 0 and stale == 0 then stale = 1 end
        return { 'ok', count, stale }
        """
    )

    /// Whether keys belong to something.
    ///
    /// ARGV: each key, with the session and message (or `''`) that it names. Returns `ok` and the places of those that are there
    /// and don't.
    static let owners = RedisScript(
        TruthScripts.prelude + "\n" + """
            local wrong = {}
            for at = 1, #ARGV, 3 do
                local sid, mid = ARGV[at + 1], ARGV[at + 2]
                local is_known = redis.call('EXISTS', session(sid)) == 1
                    or redis.call('SISMEMBER', base .. ':trash', sid) == 1
                    or redis.call('SISMEMBER', base .. ':sessions', sid) == 1
                    or redis.call('HEXISTS', base .. ':moving', sid) == 1
                    or redis.call('ZSCORE', base .. ':building', sid)
                if is_known and mid ~= '' then
                    local list = session(sid) .. ':messages'
                    local seq = string.match(redis.call('GETRANGE', message(sid, mid), 0, 31), '^{"seq":(%d+)')
                    is_known = seq and redis.call('LINDEX', list, tonumber(seq) - 1) == mid
                        or redis.call('LPOS', list, mid)
                end
                if not is_known and redis.call('EXISTS', ARGV[at]) == 1 then wrong[#wrong + 1] = (at - 1) / 3 end
            end
            return { 'ok', wrong }
            """
    )
}
