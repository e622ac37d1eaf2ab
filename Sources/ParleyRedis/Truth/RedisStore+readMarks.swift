public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Notes how far the caller has read a conversation.
    public func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Commit<ReadMark> {
        let now = clock.now()
        let (mark, isMoved) = try await inProject(of: conversation, for: .read) { project in
            let arguments: [RedisArgument] = [
                .string(identity.email.value), .integer(now.microseconds), "\(conversation)",
                .integer(max(0, min(seq, 1 << 50))),
            ]
            let answer = try await run(TruthScripts.setReadMark, in: project, arguments)
            let seq = Int(answer.first?.integer ?? 0)
            return (ReadMark(conversationID: conversation, seq: seq), answer.count > 1 && answer[1].integer == 1)
        }
        return isMoved ? .read(mark, by: identity.email) : Commit(mark, changes: [])
    }

    /// How far the caller has read each of several conversations.
    public func readMarks(of conversations: [ConversationID], as identity: Identity) async throws -> [ReadMark] {
        let now = clock.now()
        let marks = try await forEach(Array(Set(conversations))) { [self] id -> ReadMark? in
            do {
                return try await inProject(of: id, for: .read) { project in
                    let arguments: [RedisArgument] = [
                        .string(identity.email.value), .integer(now.microseconds), "\(id)",
                    ]
                    let answer = try await run(TruthScripts.readMark, in: project, arguments)
                    return answer.first?.integer.map { ReadMark(conversationID: id, seq: Int($0)) }
                }
            } catch let error as ParleyError where error.code == .notFound {
                return nil
            }
        }
        return marks.compactMap(\.self)
    }
}

extension TruthScripts {
    /// Moves a person's read mark on.
    ///
    /// ARGV: address, now, session, seq. Returns `ok`, how far it is now, 1 where it has moved.
    static let setReadMark = script(
        """
        local email, now, sid = ARGV[1], ARGV[2], ARGV[3]
        local why = refusal(email, 'read', sid, now)
        if why then return { why } end
        local key = session(sid) .. ':read'
        local present = tonumber(redis.call('HGET', key, email) or '0')
        local seq = math.min(tonumber(ARGV[4]), tonumber(redis.call('HGET', session(sid), 'message_count')))
        if seq <= present then return { 'ok', present, 0 } end
        if redis.call('HEXISTS', session(sid), 'moving') == 1 then return { 'moving' } end
        redis.call('HSET', key, email, seq)
        return { 'ok', seq, 1 }
        """
    )

    /// A person's read mark.
    ///
    /// ARGV: address, now, session. Returns `ok`, how far it is, or nothing.
    static let readMark = script(
        """
        local why = refusal(ARGV[1], 'read', ARGV[3], ARGV[2])
        if why then return { why } end
        return { 'ok', redis.call('HGET', session(ARGV[3]) .. ':read', ARGV[1]) }
        """
    )
}
