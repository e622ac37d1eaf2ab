public import ParleyCore
import RedisWire

/// People, as copies and erasure see them.
extension RedisStore {
    /// Makes what is kept of a person what the record says.
    public func putReplica(_ person: PersonRecord) async throws {
        let email = person.email
        guard let account = person.account else {
            try await removeAccount(of: email)
            return try await setDraft(person.draft, of: email)
        }
        try await list(email)
        let stored = try await storedAccount(email)
        // Another password's sign-ins are others, too.
        let isSame = stored?.account.passwordHash == account.passwordHash
        let generation = (isSame ? stored?.generation : nil) ?? AccountGeneration.make()
        _ = try await run(
            AccountScripts.replace,
            keys: [.string(SideKeys.account(email))],
            arguments: [.string(generation)] + account.fieldsAndValues
        )
        for session in person.loginSessions { try await put(session, generation) }
        let kept = Set(person.loginSessions.map { $0.tokenHash.hexadecimal })
        let present = try await send(["ZRANGE", .string(SideKeys.signIns(of: email)), 0, -1]).elements.compactMap(
            \.string
        )
        for hash in present where !kept.contains(hash) {
            _ = try await send(["DEL", .string(SideKeys.signIn(hash))])
            _ = try await send(["ZREM", .string(SideKeys.signIns(of: email)), .string(hash)])
        }
        try await setDraft(person.draft, of: email)
    }

    /// Removes what is kept of a person beside projects.
    public func removeReplica(_ person: EmailAddress) async throws {
        try await removeAccount(of: person)
        try await setDraft(nil, of: person)
        _ = try await send(["ZREM", .string(SideKeys.people), .string(person.value)])
    }

    /// Removes an account, after which nobody is signed in with it, and then what is left of its sign-ins; says how many.
    @discardableResult
    func removeAccount(of email: EmailAddress) async throws -> Int {
        _ = try await send(["DEL", .string(SideKeys.account(email))])
        return try await removeSignIns(of: email)
    }

    private func put(_ session: LoginSession, _ generation: String) async throws {
        let hash = session.tokenHash.hexadecimal
        let expiry = RedisArgument.integer(session.expiresAt.microseconds)
        _ = try await send(["ZADD", .string(SideKeys.signIns(of: session.email)), expiry, .string(hash)])
        _ = try await send([
            "HSET", .string(SideKeys.signIn(hash)), "email", .string(session.email.value), "generation",
            .string(generation), "created_at", .integer(session.createdAt.microseconds), "expires_at", expiry,
        ])
    }
}

extension RedisStore {
    /// Notes that something may be kept of a person, before it is.
    func list(_ email: EmailAddress) async throws {
        _ = try await send(["ZADD", .string(SideKeys.people), 0, .string(email.value)])
    }

    /// What a person has typed of a conversation not yet made.
    func storedDraft(of email: EmailAddress) async throws -> Draft? {
        try await send(["HGET", .string(TruthKeys.person(email)), "draft"]).string.flatMap(Draft.init(stored:))
    }

    /// Makes what a person has typed of a conversation not yet made what a record says.
    private func setDraft(_ draft: Draft?, of email: EmailAddress) async throws {
        let key = RedisArgument.string(TruthKeys.person(email))
        guard let draft else {
            _ = try await send(["HDEL", key, "draft"])
            return
        }
        try await list(email)
        _ = try await send(["HSET", key, "draft", .string(draft.stored)])
    }
}
