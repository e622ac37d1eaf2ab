internal import RedisWire

/// What a search asks a project's index for.
enum IndexScripts {
    /// How many terms a prefix may stand for; beyond that it says too little, and the texts are asked.
    static let prefixTerms = 512
    /// How many hashes, and terms in them, are looked through for a prefix.
    static let prefixBeginnings = 512
    static let prefixFields = 20_000
    /// How many bytes of lists come with the first answer: with most searches all that are needed.
    static let firstBytes = 65_536

    /// How long each term's list is, the shortest ones themselves, and the head of the records.
    ///
    /// KEYS: the project. ARGV: the caller's address, then for each term `=` or `*` (a prefix) and the term. Returns nothing
    /// where the caller is no member; else the head, and for each term about how many bytes its list has, -1 where it is
    /// not worth asking; its pieces, or nothing where that is too long for now; the names of terms whose list has pieces of
    /// its own; and what stands in the fields.
    static let plan = RedisScript(
        TermIndex.beginnings + """
            local base = KEYS[1]
            if redis.call('HEXISTS', base .. ':members', ARGV[1]) == 0 then return false end

            local function shelf_terms(term, is_prefix)
                local beginning = index_beginning(term)
                if not is_prefix then
                    local list = redis.call('HGET', base .. ':terms:' .. beginning, term)
                    return list and {term, list} or {}
                end
                local beginnings = {beginning}
                if beginning == term then
                    beginnings = redis.call(
                        'ZRANGEBYLEX', base .. ':terms', '[' .. term, '(' .. term .. '\\255', 'LIMIT', 0, \(prefixBeginnings) + 1
                    )
                    if #beginnings > \(prefixBeginnings) then return nil end
                end
                local found, looked = {}, 0
                for _, beginning in ipairs(beginnings) do
                    local shelf = base .. ':terms:' .. beginning
                    looked = looked + redis.call('HLEN', shelf)
                    if looked > \(prefixFields) then return nil end
                    local fields = redis.call('HGETALL', shelf)
                    for at = 1, #fields, 2 do
                        if string.sub(fields[at], 1, #term) == term then
                            found[#found + 1] = fields[at]
                            found[#found + 1] = fields[at + 1]
                        end
                    end
                    if #found > \(prefixTerms) * 2 then return nil end
                end
                return found
            end

            local answer = {redis.call('GET', base .. ':documents') or ''}
            local clauses = {}
            for at = 2, #ARGV, 2 do
                local found = shelf_terms(ARGV[at + 1], ARGV[at] == '*')
                local clause = {bytes = -1, short = {}, long = {}}
                if found then
                    clause.bytes = 0
                    for place = 1, #found, 2 do
                        local field = found[place + 1]
                        local pieces = 0
                        if string.byte(field) == 0 then
                            field = string.sub(field, 6)
                            pieces = redis.call('LLEN', base .. ':term:' .. found[place])
                        end
                        if pieces > 0 then clause.long[#clause.long + 1] = found[place] end
                        clause.short[#clause.short + 1] = '\\0\\0\\0\\0' .. field
                        clause.bytes = clause.bytes + pieces * \(PostingList.pieceBytes) + #field
                    end
                end
                clauses[#clauses + 1] = clause
            end
            local order = {}
            for _, clause in ipairs(clauses) do
                if clause.bytes >= 0 then order[#order + 1] = clause end
            end
            table.sort(order, function(one, other) return one.bytes < other.bytes end)
            local room = \(firstBytes)
            for _, clause in ipairs(order) do
                room = room - clause.bytes
                if room < 0 then break end
                clause.list = {}
                for _, term in ipairs(clause.long) do
                    for _, piece in ipairs(redis.call('LRANGE', base .. ':term:' .. term, 0, -1)) do
                        clause.list[#clause.list + 1] = piece
                    end
                end
                for _, piece in ipairs(clause.short) do clause.list[#clause.list + 1] = piece end
            end
            for _, clause in ipairs(clauses) do
                answer[#answer + 1] = clause.bytes
                answer[#answer + 1] = clause.list or false
                answer[#answer + 1] = clause.long
                answer[#answer + 1] = clause.short
            end
            return answer
            """
    )

    /// The pieces of some terms' lists.
    ///
    /// KEYS: the project. ARGV: the terms.
    static let lists = RedisScript(
        """
        local pieces = {}
        for _, term in ipairs(ARGV) do
            for _, piece in ipairs(redis.call('LRANGE', KEYS[1] .. ':term:' .. term, 0, -1)) do pieces[#pieces + 1] = piece end
        end
        return pieces
        """
    )

    /// Messages where the index says they are, with their conversations.
    ///
    /// ARGV: address, now, then session and `seq` of each. Returns `ok`, for each session the session, hash and preview's
    /// source, and for each message the session, its id and value; those that are not there are left out.
    static let hits = RedisScript(
        TruthScripts.prelude + "\n" + """
            local email, now = ARGV[1], ARGV[2]
            local why = refusal(email, 'read', '', now)
            if why then return { why } end
            local sessions, found, there = {}, {}, {}
            for at = 3, #ARGV, 2 do
                local sid = ARGV[at]
                if there[sid] == nil then
                    there[sid] = absence(sid, now) == nil
                    if there[sid] then
                        sessions[#sessions + 1] = sid
                        sessions[#sessions + 1] = redis.call('HGETALL', session(sid))
                        sessions[#sessions + 1] = preview_source(sid)
                    end
                end
                local mid = there[sid] and redis.call('LINDEX', session(sid) .. ':messages', tonumber(ARGV[at + 1]) - 1)
                local value = mid and redis.call('GET', message(sid, mid))
                if value then
                    found[#found + 1] = sid
                    found[#found + 1] = mid
                    found[#found + 1] = value
                end
            end
            return { 'ok', sessions, found }
            """
    )
}
