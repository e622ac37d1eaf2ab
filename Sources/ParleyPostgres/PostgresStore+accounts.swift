internal import LibPQ
public import ParleyCore

extension PostgresStore: AccountStore {
    /// Makes an account.
    public func createAccount(_ account: Account) async throws {
        try await write { transaction in
            let count = try await transaction.db.run(
                """
                INSERT INTO account (email, name, department, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (email) DO NOTHING
                """,
                Arguments([
                    .value(account.email), .value(account.name), .value(account.department),
                    .value(account.passwordHash), .value(account.createdAt),
                ])
            )
            guard count == 1 else {
                throw ParleyError(.conflict, "There is an account with this address.", parameter: "email")
            }
        }
    }

    /// The account of an address.
    public func account(_ email: EmailAddress) async throws -> Account? {
        try await read { db in
            try await db.first("SELECT \(Account.columns) FROM account a WHERE a.email = $1", [email]) {
                try Account(&$0)
            }
        }
    }

    /// Sets a new password's hash and ends all sign-ins of the account.
    public func setPasswordHash(_ hash: String, of email: EmailAddress) async throws {
        try await write { transaction in
            let count = try await transaction.db.run(
                "UPDATE account SET password_hash = $1 WHERE email = $2",
                [hash, email]
            )
            guard count == 1 else { throw ParleyError.notFound }
            try await transaction.db.run("DELETE FROM login_session WHERE email = $1", [email])
        }
    }

    /// Keeps a sign-in, and forgets those that have ended.
    public func createLoginSession(_ session: LoginSession) async throws {
        try await write { transaction in
            let db = transaction.db
            // Against a new password that is set meanwhile: it ends all sign-ins that were before it.
            guard try await db.exists("SELECT FROM account WHERE email = $1 FOR SHARE", [session.email]) else {
                throw ParleyError.notFound
            }
            try await db.run(
                """
                DELETE FROM login_session WHERE token_hash IN
                (SELECT token_hash FROM login_session WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)
                """,
                [transaction.now]
            )
            try await db.run(
                "INSERT INTO login_session (token_hash, email, created_at, expires_at) VALUES ($1, $2, $3, $4)",
                [PostgresBytes(session.tokenHash), session.email, session.createdAt, session.expiresAt]
            )
        }
    }

    /// The sign-in behind a token's hash, with its account, unless it has expired.
    public func loginSession(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, account: Account)? {
        let now = clock.now()
        return try await read { db in
            try await db.first(
                """
                SELECT s.email, s.created_at, s.expires_at, \(Account.columns)
                FROM login_session s JOIN account a ON a.email = s.email
                WHERE s.token_hash = $1 AND s.expires_at > $2
                """,
                [PostgresBytes(tokenHash), now]
            ) { columns in
                let session = LoginSession(
                    tokenHash: tokenHash,
                    email: try columns.next(),
                    createdAt: try columns.next(),
                    expiresAt: try columns.next()
                )
                return (session, try Account(&columns))
            }
        }
    }

    /// Puts a sign-in's end off.
    public func extendLoginSession(_ tokenHash: [UInt8], until expiry: Timestamp) async throws {
        _ = try await write { transaction in
            try await transaction.db.run(
                "UPDATE login_session SET expires_at = $1 WHERE token_hash = $2 AND expires_at > $3",
                [expiry, PostgresBytes(tokenHash), transaction.now]
            )
        }
    }

    /// Ends a sign-in everywhere at once, and says whose it was.
    @discardableResult
    public func deleteLoginSession(_ tokenHash: [UInt8]) async throws -> EmailAddress? {
        try await write { transaction in
            try await transaction.db.first(
                "DELETE FROM login_session WHERE token_hash = $1 RETURNING email",
                [PostgresBytes(tokenHash)]
            ) { try $0.next(EmailAddress.self) }
        }
    }
}

extension Account {
    /// What ``init(_:)`` reads, of an account `a`.
    static let columns = "a.email, a.name, a.department, a.password_hash, a.created_at"

    init(_ columns: inout Columns) throws {
        self.init(
            email: try columns.next(),
            name: try columns.nextIfPresent(),
            department: try columns.nextIfPresent(),
            passwordHash: try columns.next(),
            createdAt: try columns.next()
        )
    }
}
