/// The documents that hold a term, ascending and each once, as the index keeps them.
///
/// A list is the differences from each number to the next, the first one's from 0, seven bits in a byte, the lowest first;
/// a byte with its highest bit set goes on in the next. A common word's documents are near each other: one byte each.
///
/// It is the field of a hash: by itself while it is short, so that a rare word takes no more than that; then behind a head,
/// a zero and the last number in four bytes, big-endian, so that a new document is put behind the others without looking at
/// them. When that is full, all of it goes to the end of a Redis LIST of longer pieces, each of them its last number and
/// such a list, and the field begins anew. Behind a text that grows Redis leaves as much room as it is long; here it leaves none.
enum PostingList {
    /// How long a list may be without a head.
    static let bareBytes = 16
    /// How long a field may be before it goes to the pieces: with one more number it has not yet the 64 bytes that a value
    /// in a small hash may have.
    static let fieldBytes = 58
    /// A piece that is so long is followed by the next one.
    static let pieceBytes = 224
    /// A piece that became longer than this, by what was put in between, is cut in two.
    static let longestPiece = 512

    /// Lua's local functions, to be put behind ``TermIndex/beginnings``.
    ///
    /// - `index_numbers(list, at)`, `index_list(numbers)`: takes a list apart, from a byte on, and makes one.
    /// - `index_piece(numbers)`, `index_last(piece)`: the same for a piece, and its last number.
    /// - `index_start(field)`: where the list begins in a field.
    /// - `index_place(key, number)`: the first piece whose last number is not smaller, `''` if there is none, and its index.
    /// - `index_add(base, term, number)`, `index_remove(base, term, number)`: puts a document in, or takes it out.
    /// - `index_forget(base, shelf, beginning, term)`: takes a term out that has no documents.
    static let functions = """
        local function index_varint(number)
            local bytes = ''
            while number >= 128 do
                bytes = bytes .. string.char(128 + number % 128)
                number = math.floor(number / 128)
            end
            return bytes .. string.char(number)
        end

        local function index_numbers(list, at)
            local numbers, number, step, unit = {}, 0, 0, 1
            for place = at, #list do
                local byte = string.byte(list, place)
                if byte >= 128 then
                    step, unit = step + (byte - 128) * unit, unit * 128
                else
                    number = number + step + byte * unit
                    numbers[#numbers + 1] = number
                    step, unit = 0, 1
                end
            end
            return numbers
        end

        local function index_list(numbers)
            local steps, last = {}, 0
            for at, number in ipairs(numbers) do
                steps[at] = index_varint(number - last)
                last = number
            end
            return table.concat(steps)
        end

        local function index_piece(numbers)
            return struct.pack('>I4', numbers[#numbers]) .. index_list(numbers)
        end

        local function index_last(piece)
            return piece and #piece > 4 and struct.unpack('>I4', piece) or 0
        end

        local function index_place(key, number)
            local low, high = 0, redis.call('LLEN', key)
            while low < high do
                local middle = math.floor((low + high) / 2)
                if index_last(redis.call('LINDEX', key, middle)) < number then low = middle + 1 else high = middle end
            end
            return redis.call('LINDEX', key, low) or '', low
        end

        local function index_forget(base, shelf, beginning, term)
            redis.call('HDEL', shelf, term)
            if redis.call('EXISTS', shelf) == 0 then redis.call('ZREM', base .. ':terms', beginning) end
        end

        -- Puts a number where it belongs; whether it was not there.
        local function index_insert(numbers, number)
            local at = #numbers + 1
            while at > 1 and numbers[at - 1] >= number do at = at - 1 end
            if numbers[at] == number then return false end
            table.insert(numbers, at, number)
            return true
        end

        -- Takes a number away; whether it was there.
        local function index_delete(numbers, number)
            for at, other in ipairs(numbers) do
                if other == number then
                    table.remove(numbers, at)
                    return true
                end
            end
            return false
        end

        -- No bare list begins with a zero: no number is one.
        local function index_start(field) return string.byte(field) == 0 and #field > 4 and 6 or 1 end

        local function index_headed(last, list) return '\\0' .. struct.pack('>I4', last) .. list end

        -- Puts a list that is later than all pieces behind them, and its last number.
        local function index_flush(key, list, last)
            local piece, first = redis.call('LINDEX', key, -1), string.match(list, '^[\\128-\\255]*[%z\\1-\\127]')
            local step = piece and first and index_numbers(first, 1)[1] - index_last(piece) or 0
            if step < 1 or #piece >= \(pieceBytes) then
                redis.call('RPUSH', key, struct.pack('>I4', last) .. list)
                return
            end
            redis.call(
                'LSET', key, -1,
                struct.pack('>I4', last) .. string.sub(piece, 5) .. index_varint(step) .. string.sub(list, #first + 1)
            )
        end

        local function index_put_between(key, piece, at, number)
            local numbers = index_numbers(piece, 5)
            if not index_insert(numbers, number) then return end
            local grown = index_piece(numbers)
            if #grown <= \(longestPiece) then
                redis.call('LSET', key, at, grown)
                return
            end
            local rest, half = {}, math.floor(#numbers / 2)
            for place = half + 1, #numbers do
                rest[#rest + 1] = numbers[place]
                numbers[place] = nil
            end
            local first = index_piece(numbers)
            redis.call('LSET', key, at, first)
            redis.call('LINSERT', key, 'AFTER', first, index_piece(rest))
        end

        local function index_add(base, term, number)
            local beginning = index_beginning(term)
            local shelf = base .. ':terms:' .. beginning
            local field = redis.call('HGET', shelf, term)
            if not field then
                redis.call('HSET', shelf, term, index_varint(number))
                redis.call('ZADD', base .. ':terms', 0, beginning)
                return
            end
            local key, start, last = base .. ':term:' .. term, index_start(field), nil
            if start == 6 then
                last = struct.unpack('>I4', field, 2)
                if number > last then
                    -- What happens for nearly every word of what is said: so without a loop or a call more than is needed.
                    local step = number - last
                    if #field >= \(fieldBytes) then
                        index_flush(key, string.sub(field, 6), last)
                        field, step = '', number
                    elseif #field == 5 then
                        step = number
                    end
                    step = step < 128 and string.char(step) or index_varint(step)
                    redis.call('HSET', shelf, term, '\\0' .. struct.pack('>I4', number) .. string.sub(field, 6) .. step)
                    return
                end
            end
            local numbers = index_numbers(field, start)
            if last and number < (numbers[1] or last + 1) then
                local piece, at = index_place(key, number)
                if piece ~= '' then return index_put_between(key, piece, at, number) end
            end
            if not index_insert(numbers, number) then return end
            if last and #field >= \(fieldBytes) then
                local newest = table.remove(numbers)
                index_flush(key, index_list(numbers), numbers[#numbers])
                field = index_headed(newest, index_varint(newest))
            else
                field = index_list(numbers)
                if last or #field > \(bareBytes) then field = index_headed(numbers[#numbers], field) end
            end
            redis.call('HSET', shelf, term, field)
        end

        local function index_remove(base, term, number)
            local beginning = index_beginning(term)
            local shelf, key = base .. ':terms:' .. beginning, base .. ':term:' .. term
            local field = redis.call('HGET', shelf, term)
            if not field then return end
            local start = index_start(field)
            local numbers = index_numbers(field, start)
            if index_delete(numbers, number) then
                local list = index_list(numbers)
                if start == 6 then
                    list = index_headed(numbers[#numbers] or struct.unpack('>I4', field, 2), list)
                end
                redis.call('HSET', shelf, term, list)
            elseif start == 6 then
                local piece, at = index_place(key, number)
                local others = index_numbers(piece, 5)
                if not index_delete(others, number) then return end
                if #others > 0 then
                    redis.call('LSET', key, at, index_piece(others))
                else
                    -- No piece is empty otherwise.
                    redis.call('LSET', key, at, '')
                    redis.call('LREM', key, 1, '')
                end
            end
            if #numbers == 0 and redis.call('EXISTS', key) == 0 then index_forget(base, shelf, beginning, term) end
        end

        """

    /// Appends the numbers of a list to others; what is cut off in the middle of one is left out.
    static func read(_ bytes: some Sequence<UInt8>, to numbers: inout [UInt32]) {
        var number: UInt64 = 0
        var step: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes {
            // Five bytes hold every number that there is.
            guard shift < 35 else { return }
            step |= UInt64(byte & 0x7F) << shift
            shift += 7
            guard byte < 0x80 else { continue }
            number += step
            guard number <= UInt32.max else { return }
            numbers.append(UInt32(number))
            (step, shift) = (0, 0)
        }
    }
}
