internal import ParleyCore

/// The inverted index of a project's messages and titles, kept by the same scripts that write them.
///
/// What lies in Redis, with base `project:{pid}`:
/// - `base:terms:BEGINNING` HASH: the terms that begin so, each with its list of documents, or the end of it, see
///   ``PostingList``. Half of all words occur once or twice: as fields of a small hash, which Redis keeps in one piece, they take
///   some 16 bytes each, as keys they took over 100 and in a sorted set for prefixes as much again.
/// - `base:terms` ZSET of those beginnings, all with score 0, for a prefix that is shorter than they are.
/// - `base:term:TERM` LIST: the beginning of a longer list, in pieces.
/// - `base:documents:N` STRING: the records of 72 documents, 28 bytes each: the conversation's id, the message's `seq`
///   (0: the conversation's title), and its time. All zeros where there is none any more.
/// - `base:documents` STRING: the last document's number in 8 bytes, then 8 for each `base:documents:N`: the latest time in
///   it. A search reads records from the latest on, whatever order they came in: imports bring old times.
/// - `base:sessions:SID:documents` STRING: four bytes for each `seq` from 0 on, the number of its document. It goes last of
///   a conversation's keys, since what is left of its terms is found by it.
///
/// A term without documents has neither key nor field: no word that was erased stays as a name.
enum TermIndex {
    /// What a title's terms begin with, so that they are none of a message's.
    static let titleMark = "="
    /// How many documents' records stand in one key: with its header that fills 2 KB, one of the allocator's sizes.
    static let recordsPerKey = 72
    /// The bytes of a document's record.
    static let recordBytes = 28

    /// A text's terms, each once, with a space between them; empty where there are none.
    static func terms(of text: String) -> String {
        // By bytes, as Lua compares them.
        var seen: Set<[UInt8]> = []
        return Tokenizer.terms(of: text).filter { seen.insert(Array($0.utf8)).inserted }.joined(separator: " ")
    }

    /// Lua's `index_beginning(term)`: the first three letters, or the first of a script with thousands of them.
    ///
    /// So there are few terms in each hash, and the terms with a prefix stand in few hashes.
    static let beginnings = """
        local function index_beginning(term)
            local head = string.match(term, '^[%z\\1-\\127][%z\\1-\\127]?[%z\\1-\\127]?')
            if head and string.byte(head) ~= 61 and (#head == 3 or #head == #term) then return head end
            local units, at = 0, 1
            if string.byte(term) == 61 then at = 2 end
            while units < 3 and at <= #term do
                local byte = string.byte(term, at)
                if byte < 128 then at, units = at + 1, units + 1
                elseif byte < 224 then at, units = at + 2, units + 1
                elseif byte < 227 then at, units = at + 3, units + 1
                elseif byte < 240 then at, units = at + 3, units + 3
                else at, units = at + 4, units + 3 end
            end
            return string.sub(term, 1, at - 1)
        end

        """

    /// Lua's local functions, to be put before a script that writes.
    ///
    /// - `index_put(base, sid, mid, seq, created_us, old_terms, new_terms)`: a message's text now has `new_terms`, and had
    ///   `old_terms`; empty new ones take it out.
    /// - `index_title(base, sid, old_terms, new_terms)`: the same for a conversation's title.
    ///
    /// Numbers are compared and not their bytes: Lua compares texts as the server's locale does.
    static let functions =
        beginnings + PostingList.functions + """
            local function index_new_document(base, sid, seq, created_us)
                local documents = base .. ':documents'
                local number = 1
                local last = redis.call('GETRANGE', documents, 0, 7)
                if #last == 8 then number = struct.unpack('>I8', last) + 1 end
                redis.call('SETRANGE', documents, 0, struct.pack('>I8', number))
                local group = math.floor(number / 72)
                local key = documents .. ':' .. string.format('%.0f', group)
                if redis.call('EXISTS', key) == 0 then
                    redis.call('SETRANGE', key, 71 * 28, string.rep('\\0', 28))
                end
                local record = struct.pack(
                    '>I4I4I4I4I4i8',
                    tonumber(string.sub(sid, 1, 8), 16),
                    tonumber(string.sub(sid, 10, 13) .. string.sub(sid, 15, 18), 16),
                    tonumber(string.sub(sid, 20, 23) .. string.sub(sid, 25, 28), 16),
                    tonumber(string.sub(sid, 29, 36), 16),
                    seq,
                    created_us or 0
                )
                redis.call('SETRANGE', key, (number - group * 72) * 28, record)
                if created_us then
                    local at = 8 + group * 8
                    local latest = redis.call('GETRANGE', documents, at, at + 7)
                    if #latest < 8 or latest == '\\0\\0\\0\\0\\0\\0\\0\\0' or struct.unpack('>i8', latest) < created_us then
                        redis.call('SETRANGE', documents, at, struct.pack('>i8', created_us))
                    end
                end
                return number
            end

            -- Redis leaves as much room behind a text that grows as it is long; of many short ones that is much.
            local function index_note(places, seq, document)
                local length = redis.call('STRLEN', places)
                if seq * 4 < length or seq >= 256 then
                    redis.call('SETRANGE', places, seq * 4, document)
                else
                    local present = redis.call('GET', places) or ''
                    redis.call('SET', places, present .. string.rep('\\0', seq * 4 - length) .. document)
                end
            end

            local function index_document(base, sid, seq, created_us, mark, old_terms, new_terms)
                local places = base .. ':sessions:' .. sid .. ':documents'
                local place = redis.call('GETRANGE', places, seq * 4, seq * 4 + 3)
                local number = 0
                if #place == 4 then number = struct.unpack('>I4', place) end
                if new_terms == '' then
                    if number == 0 then return end
                    for term in string.gmatch(old_terms, '[^ ]+') do index_remove(base, mark .. term, number) end
                    local group = math.floor(number / 72)
                    local key = base .. ':documents:' .. string.format('%.0f', group)
                    redis.call('SETRANGE', key, (number - group * 72) * 28, string.rep('\\0', 28))
                    if redis.call('GET', key) == string.rep('\\0', 72 * 28) then redis.call('DEL', key) end
                    redis.call('SETRANGE', places, seq * 4, '\\0\\0\\0\\0')
                    return
                end
                if number == 0 then
                    number = index_new_document(base, sid, seq, created_us)
                    index_note(places, seq, struct.pack('>I4', number))
                    for term in string.gmatch(new_terms, '[^ ]+') do index_add(base, mark .. term, number) end
                    return
                end
                local gone = {}
                for term in string.gmatch(old_terms, '[^ ]+') do gone[term] = true end
                for term in string.gmatch(new_terms, '[^ ]+') do
                    if gone[term] then gone[term] = nil
                    else index_add(base, mark .. term, number) end
                end
                for term in pairs(gone) do index_remove(base, mark .. term, number) end
            end

            local function index_put(base, sid, mid, seq, created_us, old_terms, new_terms)
                index_document(base, sid, tonumber(seq), tonumber(created_us), '', old_terms, new_terms)
            end

            local function index_title(base, sid, old_terms, new_terms)
                index_document(base, sid, 0, nil, '=', old_terms, new_terms)
            end

            """
}
