import RedisWire

/// Counts what a project's conversations hold of some days.
enum UsageScripts {
    /// How many messages a call reads at most.
    static let messagesPerCall = 1000

    /// Goes through conversations from a message on, newest first, until so many messages were read.
    ///
    /// Keys: the project. Arguments: the first midnight, the one behind the last day, how many messages may be read, how many
    /// of the first conversation's oldest messages are left (-1: all), and the conversations. Answers how many conversations
    /// it is done with, how many messages of the next one are left, then a line for each day of each conversation:
    /// `conversation`, its day; `messages`, the day, the role, how many; `author`, the day, the address as JSON.
    ///
    /// A message's value begins with numbers and words of Parley's own, then comes `content`, then `author`, which is left out
    /// where it is the conversation's owner; where an append wrote it, it comes last. So it is found by its place, without
    /// reading the rest.
    static let count = RedisScript(
        """
        local base, first, last = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
        local left, rest = tonumber(ARGV[3]), tonumber(ARGV[4])
        local day_length = 86400000000
        local lines = {}

        local function behind_text(value, at)
            at = at + 1
            while true do
                local found = string.find(value, '["\\\\]', at)
                if not found then return #value + 1 end
                if string.byte(value, found) == 34 then return found + 1 end
                at = found + 2
            end
        end

        local function author_of(value, at, owner)
            while true do
                local from, to, name = string.find(value, '^,"([a-z_]+)":[%-%w]+', at)
                if not from then break end
                if name == 'author' then return nil end
                at = to + 1
            end
            if string.sub(value, at, at + 10) == ',"content":' then at = behind_text(value, at + 11) end
            if string.sub(value, at, at + 9) ~= ',"author":' then
                return string.match(string.sub(value, -400), ',"author":("[^"\\\\]+")}$') or owner
            end
            if string.byte(value, at + 10) ~= 34 then return nil end
            return string.sub(value, at + 10, behind_text(value, at + 10) - 1)
        end

        for index = 5, #ARGV do
            local key = base .. ':sessions:' .. ARGV[index]
            local created, owner, unordered = unpack(redis.call('HMGET', key, 'created_at', 'owner', 'unordered'))
            if created then
                created, owner = tonumber(created), cjson.encode(owner)
                if rest < 0 and created >= first and created < last then
                    lines[#lines + 1] = {'conversation', math.floor((created - first) / day_length)}
                end
                if rest < 0 then rest = redis.call('LLEN', key .. ':messages') end
                local counts, authors, is_over = {}, {}, rest == 0
                while not is_over do
                    if left <= 0 then break end
                    local size = math.min(left, rest, 100)
                    local page = redis.call('LRANGE', key .. ':messages', rest - size, rest - 1)
                    for place = #page, 1, -1 do
                        local value = redis.call('GET', key .. ':messages:' .. page[place]) or ''
                        local from, to, time = string.find(value, '"created_at":(%-?%d+)')
                        time = tonumber(time or '')
                        if time and time >= first and time < last then
                            local day = math.floor((time - first) / day_length)
                            local role = string.match(string.sub(value, 1, from), '"role":"(%a+)"') or 'user'
                            local name = day .. ' ' .. role
                            counts[name] = (counts[name] or 0) + 1
                            local author = role == 'user' and author_of(value, to + 1, owner)
                            if author then authors[day .. ' ' .. author] = {day, author} end
                        elseif time and time < first and not unordered then
                            is_over = true
                        end
                    end
                    rest, left = rest - size, left - size
                    if rest == 0 then is_over = true end
                end
                for name, number in pairs(counts) do
                    local day, role = string.match(name, '(%d+) (%a+)')
                    lines[#lines + 1] = {'messages', tonumber(day), role, number}
                end
                for _, author in pairs(authors) do lines[#lines + 1] = {'author', author[1], author[2]} end
                if not is_over then return {index - 5, rest, lines} end
            end
            rest = -1
        end
        return {#ARGV - 4, -1, lines}
        """
    )
}
