internal import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Takes away what is left of a project's deleted conversations: messages, their versions, and every entry of the index.
    ///
    /// It goes in steps of some messages each, from the last one on, any of which may be the last for now: whoever comes
    /// next goes on. Several may do so at once. A conversation leaves the trash when nothing is left of it.
    func sweepTrash(_ project: ProjectID) async throws {
        while true {
            let reply = try await send(["SRANDMEMBER", .string(TruthKeys.project(project) + ":trash"), 64])
            let ids = reply.elements.compactMap { $0.string.flatMap { ConversationID($0) } }
            guard !ids.isEmpty else { break }
            _ = try await forEach(ids) { [self] id in
                while try await sweep(id, in: project) {}
            }
        }
        _ = try await run(SweepScripts.close, in: project, [])
    }

    /// Takes some messages away; whether there is more to do.
    private func sweep(_ id: ConversationID, in project: ProjectID) async throws -> Bool {
        do {
            let rest = try await run(SweepScripts.rest, in: project, ["\(id)"])
            let parts = rest.first.map { Array($0.elements) } ?? []
            var arguments: [RedisArgument] = ["\(id)"]
            for at in stride(from: 0, to: parts.count - 1, by: 2) {
                guard let message = parts[at].string else { continue }
                let (seq, terms) = Self.indexed(parts[at + 1].withText { Array($0) })
                arguments += [.string(message), .integer(seq), .string(terms)]
            }
            _ = try await run(SweepScripts.remove, in: project, arguments)
            return !parts.isEmpty
        } catch Refusal.lost {
            return true
        } catch Refusal.missing {
            return false
        }
    }

    /// A message's place and the terms that the index has of it, from its value alone; none where it can't be read.
    static func indexed(_ value: [UInt8]) -> (seq: Int, terms: String) {
        // Nothing is lost: what can't be read can't have been indexed by what it says now.
        guard let json = try? JSON(parsing: value), let seq = json["seq"]?.intValue else { return (0, "") }
        let status = json["status"]?.stringValue.flatMap(MessageStatus.init(rawValue:))
        guard status != .streaming, status != .deleted else { return (seq, "") }
        return (seq, TermIndex.terms(of: json["content"]?.stringValue ?? ""))
    }
}

/// The steps in which a deleted conversation goes.
enum SweepScripts {
    /// How many messages, and bytes of them, are taken away at once.
    private static let messages = 64
    private static let bytes = 262_144

    /// The last messages that are left.
    ///
    /// ARGV: session. Returns `ok`, and ids and values in turn.
    static let rest = RedisScript(
        TruthScripts.prelude + "\n" + """
            local sid = ARGV[1]
            if redis.call('SISMEMBER', base .. ':trash', sid) == 0 then return { 'missing' } end
            local mids, some, room = redis.call('LRANGE', session(sid) .. ':messages', -\(messages), -1), {}, \(bytes)
            for at = #mids, 1, -1 do
                room = room - redis.call('STRLEN', message(sid, mids[at]))
                if room < 0 and at < #mids then break end
                some[#some + 1] = mids[at]
                some[#some + 1] = redis.call('GET', message(sid, mids[at])) or ''
            end
            return { 'ok', some }
            """
    )

    /// Takes the last messages away; without any, the conversation leaves the trash.
    ///
    /// ARGV: session, then for each message from the last one on: id, `seq` (0: unknown), terms. Returns `ok`, or `lost`
    /// where they are not the last ones.
    static let remove = TruthScripts.script(
        """
        local sid = ARGV[1]
        local list = session(sid) .. ':messages'
        if redis.call('SISMEMBER', base .. ':trash', sid) == 0 then return { 'missing' } end
        local count = (#ARGV - 1) / 3
        local last = redis.call('LRANGE', list, -math.max(1, count), -1)
        if #last ~= count then return { 'lost' } end
        for at = 1, count do
            if last[count - at + 1] ~= ARGV[at * 3 - 1] then return { 'lost' } end
        end
        -- The project's hash, which says how many, may be gone.
        place_digits = function() return 5 end
        for at = 2, #ARGV, 3 do
            local mid, seq = ARGV[at], tonumber(ARGV[at + 1])
            if seq > 0 then index_put(base, sid, mid, seq, 0, ARGV[at + 2], '') end
            place_remove(sid, mid)
            redis.call('DEL', message(sid, mid), message(sid, mid) .. ':versions', message(sid, mid) .. ':pieces')
            redis.call('RPOP', list)
        end
        if count == 0 then
            redis.call('DEL', session(sid) .. ':documents')
            redis.call('SREM', base .. ':trash', sid)
        end
        return { 'ok' }
        """
    )

    /// Takes away the head of the index of a project that is gone.
    static let close = RedisScript(
        TruthScripts.prelude + "\n" + """
            if redis.call('EXISTS', base, base .. ':trash', base .. ':sessions', base .. ':building') == 0 then
                redis.call('DEL', base .. ':documents')
            end
            return { 'ok' }
            """
    )
}
