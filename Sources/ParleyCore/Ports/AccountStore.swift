/// Where accounts and their sign-ins live.
public protocol AccountStore: Sendable {
    /// Makes an account. ``ParleyError/Code/conflict`` where the address has one.
    func createAccount(_ account: Account) async throws

    /// The account of an address.
    func account(_ email: EmailAddress) async throws -> Account?

    /// Sets a new password's hash and ends all sign-ins of the account. `notFound` where there is none.
    func setPasswordHash(_ hash: String, of email: EmailAddress) async throws

    /// Keeps a sign-in. Committed before it returns. `notFound` where its address has no account.
    func createLoginSession(_ session: LoginSession) async throws

    /// The sign-in behind a token's hash, with its account, unless it has expired.
    func loginSession(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, account: Account)?

    /// Puts a sign-in's end off. One that has ended, or is not there, stays so.
    func extendLoginSession(_ tokenHash: [UInt8], until expiry: Timestamp) async throws

    /// Ends a sign-in everywhere at once, and says whose it was. Ending one that is not there changes nothing: `nil`.
    @discardableResult
    func deleteLoginSession(_ tokenHash: [UInt8]) async throws -> EmailAddress?
}

/// Someone who signs in with a password.
public struct Account: Hashable, Sendable {
    /// The address.
    public let email: EmailAddress
    /// What they are called.
    public let name: String?
    /// Their department.
    public let department: String?
    /// The password's hash with its parameters, in PHC string format.
    public let passwordHash: String
    /// When it was made.
    public let createdAt: Timestamp

    /// Makes an account.
    public init(
        email: EmailAddress,
        name: String?,
        department: String?,
        passwordHash: String,
        createdAt: Timestamp
    ) {
        self.email = email
        self.name = name
        self.department = department
        self.passwordHash = passwordHash
        self.createdAt = createdAt
    }
}

/// One sign-in.
///
/// The token itself is known to the browser only; the store keeps its SHA-256.
public struct LoginSession: Hashable, Sendable {
    /// SHA-256 of the token, 32 bytes.
    public let tokenHash: [UInt8]
    /// Whose it is.
    public let email: EmailAddress
    /// When it began.
    public let createdAt: Timestamp
    /// When it ends.
    public let expiresAt: Timestamp

    /// Makes a sign-in.
    public init(tokenHash: [UInt8], email: EmailAddress, createdAt: Timestamp, expiresAt: Timestamp) {
        self.tokenHash = tokenHash
        self.email = email
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}
