internal import Foundation
internal import GRDB
public import ParleyCore

extension SQLiteStore: AccountStore {
    /// Makes an account.
    public func createAccount(_ account: Account) async throws {
        try await write { transaction in
            try transaction.db.run(
                """
                INSERT INTO account (email, name, department, password_hash, created_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (email) DO NOTHING
                """,
                [account.email, account.name, account.department, account.passwordHash, account.createdAt]
            )
            guard transaction.db.changesCount == 1 else {
                throw ParleyError(.conflict, "There is an account with this address.", parameter: "email")
            }
        }
    }

    /// The account of an address.
    public func account(_ email: EmailAddress) async throws -> Account? {
        try await read { db in
            try db.first("SELECT \(Account.columns) FROM account a WHERE a.email = ?", [email]) { try Account(&$0) }
        }
    }

    /// Sets a new password's hash and ends all sign-ins of the account.
    public func setPasswordHash(_ hash: String, of email: EmailAddress) async throws {
        try await write { transaction in
            try transaction.db.run("UPDATE account SET password_hash = ? WHERE email = ?", [hash, email])
            guard transaction.db.changesCount == 1 else { throw ParleyError.notFound }
            try transaction.db.run("DELETE FROM login_session WHERE email = ?", [email])
        }
    }

    /// Keeps a sign-in, and forgets those that have ended.
    public func createLoginSession(_ session: LoginSession) async throws {
        try await write { transaction in
            let db = transaction.db
            guard try db.exists("SELECT 1 FROM account WHERE email = ?", [session.email]) else {
                throw ParleyError.notFound
            }
            try db.run("DELETE FROM login_session WHERE expires_at <= ?", [transaction.now])
            try db.run(
                "INSERT INTO login_session (token_hash, email, created_at, expires_at) VALUES (?, ?, ?, ?)",
                [Data(session.tokenHash), session.email, session.createdAt, session.expiresAt]
            )
        }
    }

    /// The sign-in behind a token's hash, with its account, unless it has expired.
    public func loginSession(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, account: Account)? {
        let now = clock.now()
        return try await read { db in
            try db.first(
                """
                SELECT s.email, s.created_at, s.expires_at, \(Account.columns)
                FROM login_session s CROSS JOIN account a ON a.email = s.email
                WHERE s.token_hash = ? AND s.expires_at > ?
                """,
                [Data(tokenHash), now]
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
        try await write { transaction in
            try transaction.db.run(
                "UPDATE login_session SET expires_at = ? WHERE token_hash = ? AND expires_at > ?",
                [expiry, Data(tokenHash), transaction.now]
            )
        }
    }

    /// Ends a sign-in everywhere at once, and says whose it was.
    @discardableResult
    public func deleteLoginSession(_ tokenHash: [UInt8]) async throws -> EmailAddress? {
        try await write { transaction in
            // All rows, so that the statement has ended before the commit.
            try transaction.db.all(
                "DELETE FROM login_session WHERE token_hash = ? RETURNING email",
                [Data(tokenHash)]
            ) { try $0.next(EmailAddress.self) }
            .first
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
