/// The one error that LibPQ throws.
///
/// Its description holds no text of the server's, since that may hold what a user wrote; ``message`` has it.
public struct PostgresError: Error, Hashable, Sendable {
    /// What went wrong, as far as it tells what to do.
    public enum Kind: Hashable, Sendable {
        /// The server refused the statement, which has had no effect; ``PostgresError/sqlState`` says why.
        case refused
        /// The connection ended under the statement: whether it took effect is unknown.
        case connectionLost
        /// There is no connection, and none could be made; nothing was sent.
        case unreachable
        /// The statement's time was up, or that of the server's wait for its standby. Whether it took effect is unknown,
        /// unless the SQLSTATE is `57014`: then it didn't.
        case deadline
        /// The task was cancelled. Whether the statement took effect is unknown, unless the SQLSTATE is `57014`: then it
        /// didn't.
        case cancelled
        /// Too many wait, or it took too long until it was this one's turn; nothing was sent.
        case exhausted
        /// This program has closed what it uses; nothing was sent.
        case closed
        /// An argument can't be sent; nothing was sent.
        case argument
        /// A result is not of the type that was asked for.
        case mismatch
        /// LibPQ was used against its rules, such as with a transaction that was left open.
        case misuse
    }

    /// What went wrong, as far as it tells what to do.
    public let kind: Kind
    /// The server's code of the error, where it sent one.
    public let sqlState: SQLState?
    /// The server's primary message, or what LibPQ has to say; not for strangers' eyes.
    public let message: String
    /// The constraint that was broken, where the server named one.
    public let constraint: String?
    /// The table that it is about, where the server named one.
    public let table: String?
    /// Whether the connection is gone, so that nothing more can be asked of it.
    public let isConnectionLost: Bool

    /// Makes an error.
    public init(
        _ kind: Kind,
        _ message: String,
        sqlState: SQLState? = nil,
        constraint: String? = nil,
        table: String? = nil,
        isConnectionLost: Bool = false
    ) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
        self.table = table
        self.isConnectionLost = isConnectionLost
    }

    /// Whether the same transaction may well succeed when it is begun anew.
    public var isTransient: Bool {
        kind == .refused && (sqlState == .serializationFailure || sqlState == .deadlockDetected)
    }

    /// The same error, as one of another kind.
    func with(kind: Kind, isConnectionLost: Bool? = nil) -> PostgresError {
        PostgresError(
            kind,
            message,
            sqlState: sqlState,
            constraint: constraint,
            table: table,
            isConnectionLost: isConnectionLost ?? self.isConnectionLost
        )
    }
}

extension PostgresError: CustomStringConvertible {
    /// The kind and the SQLSTATE.
    public var description: String {
        "PostgresError(\(kind)\(sqlState.map { ", \($0.rawValue)" } ?? ""))"
    }
}
