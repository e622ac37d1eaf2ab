public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// The caller's own draft.
    public func draft(in conversation: ConversationID?, as identity: Identity) async throws -> Draft? {
        guard let conversation else {
            return try await send(["HGET", .string(TruthKeys.person(identity.email)), "draft"]).string
                .flatMap(Draft.init(stored:))
        }
        let now = clock.now()
        return try await inProject(of: conversation, for: .read) { project in
            let arguments: [RedisArgument] = [
                .string(identity.email.value), .integer(now.microseconds), "\(conversation)",
            ]
            let answer = try await run(TruthScripts.draft, in: project, arguments)
            return answer.first?.string.flatMap(Draft.init(stored:))
        }
    }

    /// Keeps the caller's own draft; an empty text removes it.
    public func setDraft(
        _ text: String,
        in conversation: ConversationID?,
        as identity: Identity
    ) async throws -> Draft {
        let now = clock.now()
        let draft = Draft(text: text, updatedAt: now)
        guard let conversation else {
            // What lists people comes first, and is harmless where it leads nowhere.
            if !text.isEmpty { try await list(identity.email) }
            let answer = try await run(
                Self.keepDraft,
                keys: [.string(TruthKeys.person(identity.email))],
                arguments: ["draft", .string(draft.stored)]
            )
            return answer.string.flatMap(Draft.init(stored:)) ?? draft
        }
        return try await inProject(of: conversation, for: .write) { project in
            let arguments: [RedisArgument] = [
                .string(identity.email.value), .integer(now.microseconds), "\(conversation)", .string(draft.stored),
            ]
            let answer = try await run(TruthScripts.setDraft, in: project, arguments)
            return answer.first?.string.flatMap(Draft.init(stored:)) ?? draft
        }
    }

    /// Removes what a person has typed of a conversation not yet made.
    func clearDraft(of email: EmailAddress) async throws {
        _ = try await send(["HDEL", .string(TruthKeys.person(email)), "draft"])
    }

    private static let keepDraft = RedisScript(
        TruthScripts.keepDraft + "\nreturn keep_draft(KEYS[1], ARGV[1], ARGV[2])"
    )
}

extension TruthScripts {
    /// A function that keeps a draft in a hash, and returns the one that is there where the text is the same.
    static let keepDraft = """
        local function keep_draft(key, name, draft)
            local text = string.match(draft, '^%-?%d+ (.*)$')
            local present = redis.call('HGET', key, name)
            if present and string.match(present, '^%-?%d+ (.*)$') == text then return present end
            if text == '' then redis.call('HDEL', key, name) else redis.call('HSET', key, name, draft) end
            return draft
        end
        """

    /// A person's draft in a conversation.
    ///
    /// ARGV: address, now, session. Returns `ok`, the draft or nothing.
    static let draft = script(
        """
        local why = refusal(ARGV[1], 'read', ARGV[3], ARGV[2])
        if why then return { why } end
        return { 'ok', redis.call('HGET', session(ARGV[3]) .. ':drafts', ARGV[1]) }
        """
    )

    /// Keeps a person's draft in a conversation.
    ///
    /// ARGV: address, now, session, draft. Returns `ok`, the draft that counts.
    static let setDraft = script(
        keepDraft + """

            local why = refusal(ARGV[1], 'write', ARGV[3], ARGV[2])
            if why then return { why } end
            if redis.call('HEXISTS', session(ARGV[3]), 'moving') == 1 then return { 'moving' } end
            return { 'ok', keep_draft(session(ARGV[3]) .. ':drafts', ARGV[1], ARGV[4]) }
            """
    )
}

extension Draft {
    /// Reads the stored form: microseconds, a space, the text.
    init?(stored: String) {
        guard let space = stored.firstIndex(of: " "), let time = Int64(stored[..<space]) else { return nil }
        self.init(text: String(stored[stored.index(after: space)...]), updatedAt: Timestamp(microseconds: time))
    }

    /// The stored form.
    var stored: String { "\(updatedAt.microseconds) \(text)" }
}
