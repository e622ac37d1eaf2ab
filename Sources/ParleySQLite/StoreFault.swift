internal import GRDB
internal import Logging
internal import ParleyCore

/// Turns SQLite's errors into Parley's at the edge of the module.
enum StoreFault {
    /// How long a client waits after a fault that an operator must mend.
    static let mendingTime = Duration.seconds(10)

    /// The error that a caller gets; faults of the file go to the log as well.
    static func translate(_ error: any Error, logger: Logger) -> any Error {
        switch error {
        case let error as ParleyError: return error
        case is CancellationError: return error
        case let error as DatabaseError:
            let translation = translate(error)
            logger.error(
                "The database failed.",
                metadata: [
                    // The statement has placeholders only: no argument, so no text of a message, gets here.
                    LogKey.code: "\(error.extendedResultCode.rawValue)", LogKey.sql: "\(error.sql ?? "")",
                    LogKey.error: "\(error.message ?? "")",
                ]
            )
            return translation
        default:
            // Its description may hold a row's values: only its type is told.
            logger.error("A row could not be read.", metadata: [LogKey.error: "\(type(of: error))"])
            return ParleyError(.internalError, "What is stored could not be read.", cause: error)
        }
    }

    private static func translate(_ error: DatabaseError) -> ParleyError {
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            .unavailable("The database is locked by another program.", cause: error)
        case .SQLITE_FULL:
            .unavailable("The database's disk is full.", retryAfter: mendingTime, cause: error)
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL, .SQLITE_NOMEM:
            .unavailable("The database could not be reached.", retryAfter: mendingTime, cause: error)
        case .SQLITE_READONLY:
            .unavailable("The database can't be written.", retryAfter: mendingTime, cause: error)
        case .SQLITE_MISUSE, .SQLITE_ABORT, .SQLITE_INTERRUPT:
            .unavailable("The database was closed.", cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            ParleyError(.internalError, "The database is damaged.", cause: error)
        default:
            ParleyError(.internalError, "The database failed.", cause: error)
        }
    }
}
