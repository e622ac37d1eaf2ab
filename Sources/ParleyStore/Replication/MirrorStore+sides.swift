public import ParleyCore

/// Notes for a ``Mirror`` what becomes of accounts and sign-ins.
public struct MirrorAccountStore: AccountStore {
    private let truth: any AccountStore
    private let mirror: Mirror

    /// Wraps the truth.
    public init(_ truth: any AccountStore, noting mirror: Mirror) {
        self.truth = truth
        self.mirror = mirror
    }

    /// Makes an account.
    public func createAccount(_ account: Account) async throws {
        try await truth.createAccount(account)
        mirror.note(.person(account.email))
    }

    /// The account of an address.
    public func account(_ email: EmailAddress) async throws -> Account? {
        try await truth.account(email)
    }

    /// Sets a new password's hash and ends all sign-ins of the account.
    public func setPasswordHash(_ hash: String, of email: EmailAddress) async throws {
        try await truth.setPasswordHash(hash, of: email)
        mirror.note(.person(email))
    }

    /// Keeps a sign-in.
    public func createLoginSession(_ session: LoginSession) async throws {
        try await truth.createLoginSession(session)
        mirror.note(.person(session.email))
    }

    /// The sign-in behind a token's hash, with its account, unless it has expired.
    public func loginSession(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, account: Account)? {
        try await truth.loginSession(tokenHash)
    }

    /// Puts a sign-in's end off.
    public func extendLoginSession(_ tokenHash: [UInt8], until expiry: Timestamp) async throws {
        try await truth.extendLoginSession(tokenHash, until: expiry)
        // Whose it is, the store alone knows. Where it can't say, the next comparison finds out.
        if let found = try? await truth.loginSession(tokenHash) { mirror.note(.person(found.session.email)) }
    }

    /// Ends a sign-in everywhere at once.
    @discardableResult
    public func deleteLoginSession(_ tokenHash: [UInt8]) async throws -> EmailAddress? {
        guard let email = try await truth.deleteLoginSession(tokenHash) else { return nil }
        mirror.note(.person(email))
        return email
    }
}

/// Notes for a ``Mirror`` what is written into the query log.
public struct MirrorQueryLog: QueryLog {
    private let truth: any QueryLog
    private let mirror: Mirror

    /// Wraps the truth.
    public init(_ truth: any QueryLog, noting mirror: Mirror) {
        self.truth = truth
        self.mirror = mirror
    }

    /// Adds a line.
    public func record(_ entry: QueryLogEntry) async throws {
        try await truth.record(entry)
        mirror.note(.line(entry))
    }

    /// Lines from `start` on, oldest first.
    public func entries(since start: Timestamp, limit: Int) async throws -> [QueryLogEntry] {
        try await truth.entries(since: start, limit: limit)
    }
}

/// Notes for a ``Mirror`` which imports were forgotten.
public struct MirrorImportBatchStore: ImportBatchStore {
    private let truth: any ImportBatchStore
    private let mirror: Mirror

    /// Wraps the truth.
    public init(_ truth: any ImportBatchStore, noting mirror: Mirror) {
        self.truth = truth
        self.mirror = mirror
    }

    /// The caller's imports, newest first.
    public func importBatches(as identity: Identity) async throws -> [ImportBatch] {
        try await truth.importBatches(as: identity)
    }

    /// What a batch of the caller's did, by conversation.
    public func importedItems(
        of batch: ImportBatchID,
        after conversation: ConversationID?,
        limit: Int,
        as identity: Identity
    ) async throws -> [ImportedItem] {
        try await truth.importedItems(of: batch, after: conversation, limit: limit, as: identity)
    }

    /// Forgets what a batch did to a conversation.
    public func forgetImportedItem(
        of batch: ImportBatchID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws {
        try await truth.forgetImportedItem(of: batch, in: conversation, as: identity)
        mirror.note(.conversation(conversation))
    }
}
