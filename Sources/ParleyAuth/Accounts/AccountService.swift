public import Logging
public import ParleyCore

/// Accounts with passwords, and their sign-ins.
///
/// Someone who does not know a password learns nothing about an address by signing in: an unknown address and a wrong
/// password get the same answer after the same work. (Registering does tell that an address is taken; close sign-up
/// where that matters.) Errors are ``ParleyError``s; those about a field name it as the wire does.
public struct AccountService: Sendable {
    private let accounts: any AccountStore
    private let hasher: PasswordHasher
    private let limiter: any RateLimiter
    private let clock: any WallClock
    private let signup: SignupPolicy
    private let logger: Logger

    /// Makes the service over a store.
    public init(
        accounts: any AccountStore,
        hasher: PasswordHasher,
        limiter: any RateLimiter,
        clock: any WallClock = SystemClock(),
        signup: SignupPolicy,
        logger: Logger = Logger(label: "parley.auth")
    ) {
        self.accounts = accounts
        self.hasher = hasher
        self.limiter = limiter
        self.clock = clock
        self.signup = signup
        self.logger = logger
    }

    /// Makes an account and signs it in.
    ///
    /// `forbidden` where sign-up is closed, `conflict` where the address has an account, `rateLimited` with the address
    /// that too much came from. Empty `name` and `department` count as none.
    public func register(
        email: String,
        password: String,
        name: String?,
        department: String?,
        address: String
    ) async throws -> SignIn {
        guard signup == .open else {
            throw ParleyError.forbidden("Sign-up is closed here; ask the operator for an account.")
        }
        let input = try NewAccount(email: email, password: password, name: name, department: department)
        try await takeAttempt(from: address, of: .registrations)
        return try await begin(create(input))
    }

    /// Signs someone in.
    ///
    /// `unauthenticated` for an unknown address and for a wrong password alike; `rateLimited` where too many attempts
    /// came from the network address or were made on the account, right or wrong.
    public func signIn(email: String, password: String, address: String) async throws -> SignIn {
        let email = try NewAccount.email(email)
        guard 1...Limits.passwordBytes.upperBound ~= password.utf8.count else {
            throw ParleyError.invalid(
                "password",
                "password must be 1 to \(Limits.passwordBytes.upperBound) bytes long."
            )
        }
        try await takeAttempt(from: address, of: .signIns)
        try await takeAttempt(on: email)
        let account = try await accounts.account(email)
        let isRight = try await hasher.verify(password, against: account?.passwordHash)
        guard let account, isRight else {
            throw ParleyError(.unauthenticated, "The e-mail address or the password is wrong.")
        }
        return try await begin(account)
    }

    /// Ends a sign-in everywhere at once.
    ///
    /// A token that is not valid changes nothing.
    public func signOut(token: String) async throws {
        guard let token = SessionToken(token) else { return }
        try await accounts.deleteLoginSession(token.hash)
    }

    /// Makes sure that somebody who is signed in knows the account's password, before what can't be taken back.
    ///
    /// `invalidRequest` naming `password` where it is wrong or left out; `rateLimited` as at a sign-in.
    public func confirm(_ password: String?, of email: EmailAddress, address: String) async throws {
        let refusal = ParleyError.invalid("password", "password must be the account's password.")
        guard let password, 1...Limits.passwordBytes.upperBound ~= password.utf8.count else { throw refusal }
        try await takeAttempt(from: address, of: .signIns)
        try await takeAttempt(on: email)
        let account = try await accounts.account(email)
        guard try await hasher.verify(password, against: account?.passwordHash) else { throw refusal }
    }

    /// Who is behind a token; ``ParleyError/unauthenticated`` where nobody is.
    ///
    /// A sign-in that has less than half of its lifetime left is put off to the whole of it.
    public func authenticate(token: String) async throws(ParleyError) -> SignedIn {
        guard let token = SessionToken(token) else { throw .unauthenticated }
        let now = clock.now()
        guard let (session, account) = try await loginSession(token), session.expiresAt > now else {
            throw .unauthenticated
        }
        let extended = await extend(session, now: now)
        return SignedIn(
            account: account,
            key: session.key,
            identity: Identity(email: account.email, department: account.department),
            expiresAt: extended ?? session.expiresAt,
            wasExtended: extended != nil
        )
    }

    /// Makes an account for the operator: without sign-up's policy and limits.
    public func addUser(
        email: String,
        password: String,
        name: String? = nil,
        department: String? = nil
    ) async throws -> Account {
        try await create(NewAccount(email: email, password: password, name: name, department: department))
    }

    private func create(_ input: NewAccount) async throws -> Account {
        let account = Account(
            email: input.email,
            name: input.name,
            department: input.department,
            passwordHash: try await hasher.hash(input.password),
            createdAt: clock.now()
        )
        do {
            try await accounts.createAccount(account)
        } catch let error as ParleyError where error.code == .conflict {
            throw ParleyError(
                .conflict,
                "This e-mail address has an account already.",
                parameter: "email",
                cause: error
            )
        }
        return account
    }

    private func begin(_ account: Account) async throws -> SignIn {
        let token = SessionToken()
        let now = clock.now()
        let session = LoginSession(
            tokenHash: token.hash,
            email: account.email,
            createdAt: now,
            expiresAt: now + Limits.sessionLifetime
        )
        try await accounts.createLoginSession(session)
        return SignIn(account: account, token: token.text, expiresAt: session.expiresAt)
    }

    private func loginSession(_ token: SessionToken) async throws(ParleyError) -> (LoginSession, Account)? {
        do {
            return try await accounts.loginSession(token.hash)
        } catch let error as ParleyError {
            throw error
        } catch {
            throw .unavailable("Sign-ins can't be looked up.", cause: error)
        }
    }

    // A store that only reads for the moment must not sign everyone out: the present end still holds, and the next request
    // tries again.
    private func extend(_ session: LoginSession, now: Timestamp) async -> Timestamp? {
        guard session.expiresAt - now < Limits.sessionLifetime / 2 else { return nil }
        let expiry = now + Limits.sessionLifetime
        do {
            try await accounts.extendLoginSession(session.tokenHash, until: expiry)
            return expiry
        } catch {
            logger.warning("A sign-in could not be put off", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func takeAttempt(from address: String, of limit: RateLimit) async throws {
        try await takeAttempt("address:" + NetworkAddress.network(of: address), of: limit)
    }

    private func takeAttempt(on email: EmailAddress) async throws {
        try await takeAttempt("account:" + email.value, of: .signIns)
    }

    private func takeAttempt(_ key: String, of limit: RateLimit) async throws {
        guard let wait = await limiter.take(key, from: limit) else { return }
        throw ParleyError(.rateLimited, "Too many attempts; wait a while and try again.", retryAfter: wait)
    }
}
