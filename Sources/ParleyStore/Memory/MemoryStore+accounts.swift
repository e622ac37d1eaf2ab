public import ParleyCore

extension MemoryStore {
    /// Makes an account.
    public func createAccount(_ account: Account) throws {
        try write { state, _ in
            guard state.accounts[account.email] == nil else {
                throw ParleyError(.conflict, "There is an account with this address.", parameter: "email")
            }
            state.accounts[account.email] = account
        }
    }

    /// The account of an address.
    public func account(_ email: EmailAddress) throws -> Account? {
        read { state, _ in state.accounts[email] }
    }

    /// Sets a new password's hash and ends all sign-ins of the account.
    public func setPasswordHash(_ hash: String, of email: EmailAddress) throws {
        try write { state, _ in
            guard let account = state.accounts[email] else { throw ParleyError.notFound }
            state.accounts[email] = Account(
                email: email,
                name: account.name,
                department: account.department,
                passwordHash: hash,
                createdAt: account.createdAt
            )
            state.loginSessions = state.loginSessions.filter { $0.value.email != email }
        }
    }

    /// Keeps a sign-in.
    public func createLoginSession(_ session: LoginSession) throws {
        try write { state, _ in
            guard state.accounts[session.email] != nil else { throw ParleyError.notFound }
            state.loginSessions[session.tokenHash] = session
        }
    }

    /// The sign-in behind a token's hash, with its account, unless it has expired.
    public func loginSession(_ tokenHash: [UInt8]) throws -> (session: LoginSession, account: Account)? {
        read { state, now in
            guard let session = state.loginSessions[tokenHash], session.expiresAt > now,
                let account = state.accounts[session.email]
            else { return nil }
            return (session, account)
        }
    }

    /// Puts a sign-in's end off.
    public func extendLoginSession(_ tokenHash: [UInt8], until expiry: Timestamp) throws {
        write { state, now in
            guard let session = state.loginSessions[tokenHash], session.expiresAt > now else { return }
            state.loginSessions[tokenHash] = LoginSession(
                tokenHash: tokenHash,
                email: session.email,
                createdAt: session.createdAt,
                expiresAt: expiry
            )
        }
    }

    /// Ends a sign-in everywhere at once, and says whose it was.
    @discardableResult
    public func deleteLoginSession(_ tokenHash: [UInt8]) throws -> EmailAddress? {
        write { state, _ in state.loginSessions.removeValue(forKey: tokenHash)?.email }
    }
}
