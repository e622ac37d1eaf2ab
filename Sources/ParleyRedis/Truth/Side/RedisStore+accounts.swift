public import ParleyCore
import RedisWire

/// Accounts and sign-ins, which lie in different slots: what concerns both is done in steps, in an order in which nothing
/// is wrong where the next one never comes.
///
/// The account's `generation` makes the end of all sign-ins one step: a sign-in counts only while it bears the present one.
extension RedisStore: AccountStore {
    /// Makes an account.
    public func createAccount(_ account: Account) async throws {
        try await finishErasure(of: account.email)
        try await list(account.email)
        let made = try await run(
            AccountScripts.create,
            keys: [.string(SideKeys.account(account.email))],
            arguments: [.string(AccountGeneration.make())] + account.fieldsAndValues
        )
        guard made.integer == 1 else {
            throw ParleyError(.conflict, "There is an account with this address.", parameter: "email")
        }
    }

    /// The account of an address.
    public func account(_ email: EmailAddress) async throws -> Account? {
        try await storedAccount(email)?.account
    }

    /// Sets a new password's hash and ends all sign-ins of the account.
    public func setPasswordHash(_ hash: String, of email: EmailAddress) async throws {
        let reply = try await run(
            AccountScripts.setPassword,
            keys: [.string(SideKeys.account(email))],
            arguments: [.string(hash), .string(AccountGeneration.make())]
        )
        guard reply.integer == 1 else { throw ParleyError.notFound }
        // From here on none of them holds any more; what is left of them goes.
        _ = try await removeSignIns(of: email)
    }

    /// Keeps a sign-in, and forgets those of the same account that have ended.
    public func createLoginSession(_ session: LoginSession) async throws {
        let hash = session.tokenHash.hexadecimal
        let now = clock.now()
        let reply = try await run(
            AccountScripts.beginSignIn,
            keys: [.string(SideKeys.account(session.email)), .string(SideKeys.signIns(of: session.email))],
            arguments: [.string(hash), .integer(session.expiresAt.microseconds), .integer(now.microseconds)]
        )
        // The account's generation, and behind it sign-ins that may have ended.
        let found = reply.elements.compactMap(\.string)
        guard let generation = found.first else { throw ParleyError.notFound }
        _ = try await send([
            "HSET", .string(SideKeys.signIn(hash)),
            "email", .string(session.email.value),
            "generation", .string(generation),
            "created_at", .integer(session.createdAt.microseconds),
            "expires_at", .integer(session.expiresAt.microseconds),
        ])
        // Whoever ended all sign-ins meanwhile did not find this one.
        let present = try await send(["HGET", .string(SideKeys.account(session.email)), "generation"]).string
        if present != generation {
            _ = try await removeSignIns(of: session.email)
            if present == nil { throw ParleyError.notFound }
        }
        for ended in found.dropFirst() { try await forgetSignIn(ended, of: session.email, at: now) }
    }

    /// The sign-in behind a token's hash, with its account, unless it has expired.
    public func loginSession(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, account: Account)? {
        let now = clock.now()
        guard let signIn = try await storedSignIn(tokenHash), signIn.session.expiresAt > now,
            let stored = try await storedAccount(signIn.session.email), stored.generation == signIn.generation
        else { return nil }
        return (signIn.session, stored.account)
    }

    /// Puts a sign-in's end off.
    public func extendLoginSession(_ tokenHash: [UInt8], until expiry: Timestamp) async throws {
        let hash = tokenHash.hexadecimal
        guard let signIn = try await storedSignIn(tokenHash) else { return }
        // The index first: it may name a later end, never an earlier one.
        _ = try await send([
            "ZADD", .string(SideKeys.signIns(of: signIn.session.email)), "XX", "GT",
            .integer(expiry.microseconds), .string(hash),
        ])
        _ = try await run(
            AccountScripts.extendSignIn,
            keys: [.string(SideKeys.signIn(hash))],
            arguments: [.integer(expiry.microseconds), .integer(clock.now().microseconds)]
        )
    }

    /// Ends a sign-in everywhere at once, and says whose it was.
    @discardableResult
    public func deleteLoginSession(_ tokenHash: [UInt8]) async throws -> EmailAddress? {
        let hash = tokenHash.hexadecimal
        let reply = try await run(AccountScripts.endSignIn, keys: [.string(SideKeys.signIn(hash))], arguments: [])
        let found = reply.elements.map(\.string)
        guard found.count == 2, let text = found[0] else { return nil }
        let email = EmailAddress(normalized: text)
        let wasPresent = try await run(
            AccountScripts.forgetSignIn,
            keys: [.string(SideKeys.account(email)), .string(SideKeys.signIns(of: email))],
            arguments: [.string(hash), .string(found[1] ?? "")]
        )
        // One that another password had ended before is not ended again.
        return wasPresent.integer == 1 ? email : nil
    }
}

extension RedisStore {
    /// An account with its generation.
    func storedAccount(_ email: EmailAddress) async throws -> (account: Account, generation: String)? {
        let reply = try await send(["HGETALL", .string(SideKeys.account(email))])
        return Account.stored(RedisHash(reply), of: email)
    }

    /// A sign-in with its generation, whether it holds or not.
    func storedSignIn(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, generation: String)? {
        let reply = try await send(["HGETALL", .string(SideKeys.signIn(tokenHash.hexadecimal))])
        let fields = RedisHash(reply)
        guard let email = fields["email"], let generation = fields["generation"],
            let createdAt = fields.time("created_at"), let expiresAt = fields.time("expires_at")
        else { return nil }
        let session = LoginSession(
            tokenHash: tokenHash,
            email: EmailAddress(normalized: email),
            createdAt: createdAt,
            expiresAt: expiresAt
        )
        return (session, generation)
    }

    /// Removes the sign-ins of an account that do not hold, or all where there is no account; says how many.
    ///
    /// Those that hold stay: one may have begun with the new password meanwhile.
    func removeSignIns(of email: EmailAddress) async throws -> Int {
        var removed = 0
        var passed = 0
        while true {
            let generation = try await send(["HGET", .string(SideKeys.account(email)), "generation"]).string
            let page = try await send([
                "ZRANGE", .string(SideKeys.signIns(of: email)), .integer(passed), .integer(passed + 99),
            ])
            .elements.compactMap(\.string)
            guard !page.isEmpty else { return removed }
            for hash in page {
                let reply = try await run(
                    AccountScripts.removeUnlessPresent,
                    keys: [.string(SideKeys.signIn(hash))],
                    arguments: [.string(generation ?? "")]
                )
                // One that is not there may be on its way, as long as there is an account.
                if reply.integer == 2 || (reply.integer == 0 && generation != nil) {
                    passed += 1
                    continue
                }
                removed += reply.integer == 1 ? 1 : 0
                _ = try await send(["ZREM", .string(SideKeys.signIns(of: email)), .string(hash)])
            }
        }
    }

    /// Removes a sign-in that has ended, unless it was put off meanwhile.
    private func forgetSignIn(_ hash: String, of email: EmailAddress, at now: Timestamp) async throws {
        let reply = try await run(
            AccountScripts.removeExpired,
            keys: [.string(SideKeys.signIn(hash))],
            arguments: [.integer(now.microseconds)]
        )
        guard reply.integer == 1 else { return }
        _ = try await send(["ZREM", .string(SideKeys.signIns(of: email)), .string(hash)])
    }
}

/// Makes the names by which sign-ins know whether they began with the present password.
enum AccountGeneration {
    /// A name that no other account, or password, had: also where an account is made again after it was erased.
    static func make() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }
}

extension Account {
    /// What the account's hash holds, all but its generation.
    var fieldsAndValues: [RedisArgument] {
        var values: [RedisArgument] = [
            "password_hash", .string(passwordHash), "created_at", .integer(createdAt.microseconds),
        ]
        if let name { values += ["name", .string(name)] }
        if let department { values += ["department", .string(department)] }
        return values
    }

    /// The account that a hash holds; `nil` where it is none.
    static func stored(_ fields: RedisHash, of email: EmailAddress) -> (account: Account, generation: String)? {
        guard let hash = fields["password_hash"], let generation = fields["generation"],
            let createdAt = fields.time("created_at")
        else { return nil }
        let account = Account(
            email: email,
            name: fields["name"],
            department: fields["department"],
            passwordHash: hash,
            createdAt: createdAt
        )
        return (account, generation)
    }
}

extension [UInt8] {
    /// Two digits for each byte, lower case.
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Reads digits; `nil` where they are none, or one is missing.
    init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { byte in Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init) }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
