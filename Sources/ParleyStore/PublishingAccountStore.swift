public import ParleyCore

/// Tells an ``EventBus`` of every sign-in that another store ends, so that what is open by it can be shut.
///
/// It is told after the commit and before the call returns. A sign-in that runs out is not told: its end was known.
public struct PublishingAccountStore: AccountStore {
    private let wrapped: any AccountStore
    private let bus: any EventBus

    /// Wraps a store.
    public init(_ base: any AccountStore, bus: any EventBus) {
        wrapped = base
        self.bus = bus
    }

    /// Makes an account.
    public func createAccount(_ account: Account) async throws {
        try await wrapped.createAccount(account)
    }

    /// The account of an address.
    public func account(_ email: EmailAddress) async throws -> Account? {
        try await wrapped.account(email)
    }

    /// Sets a new password's hash, and tells that all sign-ins of the account have ended.
    public func setPasswordHash(_ hash: String, of email: EmailAddress) async throws {
        try await wrapped.setPasswordHash(hash, of: email)
        await bus.announce(.signedOut(email, nil))
    }

    /// Keeps a sign-in.
    public func createLoginSession(_ session: LoginSession) async throws {
        try await wrapped.createLoginSession(session)
    }

    /// The sign-in behind a token's hash, with its account, unless it has expired.
    public func loginSession(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, account: Account)? {
        try await wrapped.loginSession(tokenHash)
    }

    /// Puts a sign-in's end off.
    public func extendLoginSession(_ tokenHash: [UInt8], until expiry: Timestamp) async throws {
        try await wrapped.extendLoginSession(tokenHash, until: expiry)
    }

    /// Ends a sign-in, and tells that it has ended, where there was one.
    @discardableResult
    public func deleteLoginSession(_ tokenHash: [UInt8]) async throws -> EmailAddress? {
        guard let email = try await wrapped.deleteLoginSession(tokenHash) else { return nil }
        await bus.announce(.signedOut(email, LoginKey(tokenHash: tokenHash)))
        return email
    }
}
