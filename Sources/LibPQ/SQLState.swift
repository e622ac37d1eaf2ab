/// The five characters by which PostgreSQL tells errors apart (its manual, appendix A).
public struct SQLState: RawRepresentable, Hashable, Sendable {
    /// The five characters.
    public let rawValue: String

    /// Takes the five characters as the server sent them.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The first two characters: the class of the error.
    public var errorClass: Substring { rawValue.prefix(2) }
}

extension SQLState {
    /// A text holds a byte that text can't hold, such as NUL.
    public static let characterNotInRepertoire = Self(rawValue: "22021")
    /// A text is not of the form that its type asks for.
    public static let invalidTextRepresentation = Self(rawValue: "22P02")
    /// A value that must be there is missing.
    public static let notNullViolation = Self(rawValue: "23502")
    /// A row points to one that isn't there.
    public static let foreignKeyViolation = Self(rawValue: "23503")
    /// There is such a row already.
    public static let uniqueViolation = Self(rawValue: "23505")
    /// A row breaks a check of its table.
    public static let checkViolation = Self(rawValue: "23514")
    /// A write in a read-only transaction or on a standby.
    public static let readOnlySQLTransaction = Self(rawValue: "25006")
    /// An error came before in the same transaction.
    public static let inFailedSQLTransaction = Self(rawValue: "25P02")
    /// A prepared statement isn't there.
    public static let invalidSQLStatementName = Self(rawValue: "26000")
    /// Concurrent transactions could not be put in an order.
    public static let serializationFailure = Self(rawValue: "40001")
    /// Transactions waited for each other in a circle.
    public static let deadlockDetected = Self(rawValue: "40P01")
    /// The statement is no SQL.
    public static let syntaxError = Self(rawValue: "42601")
    /// There is no such table.
    public static let undefinedTable = Self(rawValue: "42P01")
    /// Not supported; among others a cached plan whose result would be of another type by now.
    public static let featureNotSupported = Self(rawValue: "0A000")
    /// The statement was cancelled, by a request or by `statement_timeout`.
    public static let queryCanceled = Self(rawValue: "57014")
    /// The server's operator has ended the connection.
    public static let adminShutdown = Self(rawValue: "57P01")
}
