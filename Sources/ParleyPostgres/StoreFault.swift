internal import LibPQ
internal import Logging
internal import ParleyCore

enum StoreFault {
    /// How long a client waits after a fault that an operator must mend.
    static let mendingTime = Duration.seconds(10)

    /// The error that a caller gets; faults of the server go to the log as well.
    static func translate(_ error: any Error, logger: Logger) -> any Error {
        switch error {
        case let error as ParleyError: return error
        case is CancellationError: return error
        case let error as PostgresError:
            if error.kind == .cancelled { return CancellationError() }
            let translation = translate(error)
            logger.error(
                "PostgreSQL failed.",
                metadata: [
                    // The server's primary message of a refusal may quote a value: only what names no content is told.
                    "kind": "\(error.kind)", "sqlstate": "\(error.sqlState?.rawValue ?? "")",
                    "table": "\(error.table ?? "")", "constraint": "\(error.constraint ?? "")",
                ]
            )
            return translation
        default:
            // Its description may hold a row's values: only its type is told.
            logger.error("A row could not be read.", metadata: ["error": "\(type(of: error))"])
            return ParleyError(.internalError, "What is stored could not be read.", cause: error)
        }
    }

    private static func translate(_ error: PostgresError) -> ParleyError {
        switch error.kind {
        // Rules refuse it by the field's name; this is for what has not passed them.
        case .argument where error.sqlState == .characterNotInRepertoire:
            ParleyError(.invalidRequest, "A text must not hold the character U+0000.", cause: error)
        case .exhausted: .unavailable("Too many are waiting for the database.", cause: error)
        case .unreachable, .connectionLost, .closed: .unavailable("The database could not be reached.", cause: error)
        case .deadline: .unavailable("The database took too long.", cause: error)
        case .refused: refusal(error)
        case .cancelled, .argument, .mismatch, .misuse:
            ParleyError(.internalError, "The database failed.", cause: error)
        }
    }

    private static func refusal(_ error: PostgresError) -> ParleyError {
        switch error.sqlState {
        case .serializationFailure?, .deadlockDetected?, .lockNotAvailable?:
            return .unavailable("Too many change the same thing.", cause: error)
        case .readOnlySQLTransaction?:
            return .unavailable("The database can't be written.", retryAfter: mendingTime, cause: error)
        default: break
        }
        return switch error.sqlState?.errorClass {
        case "08", "57": .unavailable("The database could not be reached.", cause: error)
        // Out of disk, memory or connections.
        case "53", "58": .unavailable("The database has no room.", retryAfter: mendingTime, cause: error)
        case "XX": ParleyError(.internalError, "The database is damaged.", cause: error)
        default: ParleyError(.internalError, "The database failed.", cause: error)
        }
    }
}
