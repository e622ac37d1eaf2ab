internal import Logging
internal import ParleyCore
internal import RedisWire

/// What a script answers in place of doing its work.
enum Refusal: Error, Hashable {
    /// The project, the conversation or the membership is not there.
    case missing
    /// The conversation is there, but not what is looked for in it.
    case nothing
    /// The caller's role is not enough.
    case forbidden
    /// Somebody else was faster: all is to be looked at again.
    case lost
    /// What was to be made is there already.
    case exists
    /// The conversation is on its way to another project, or has just come from one.
    case moving
    /// The remains of a conversation with this id are to be taken away first.
    case trash
    /// The conversation is at another revision than the caller expects.
    case stale(Int)
    /// One of the messages is there already.
    case known
    /// Pieces that don't continue what is there.
    case gap

    init?(_ word: String, _ rest: [RedisReply]) {
        switch word {
        case "missing": self = .missing
        case "none": self = .nothing
        case "forbidden": self = .forbidden
        case "lost": self = .lost
        case "exists": self = .exists
        case "moving", "arriving": self = .moving
        case "trash": self = .trash
        case "stale": self = .stale(Int(rest.first?.integer ?? 0))
        case "known": self = .known
        case "gap": self = .gap
        default: return nil
        }
    }

    /// The error that a caller gets for what needs `access`.
    func error(for access: Access) -> ParleyError {
        switch self {
        case .missing, .nothing: .notFound
        case .forbidden: access.refusal
        case .stale(let revision): .stale(revision: revision)
        case .gap: .piecesDoNotFit
        case .moving: .unavailable("The conversation is being moved.")
        case .lost, .exists, .trash, .known: .unavailable("Too many change the same thing.")
        }
    }
}

/// Translates what Redis says into the errors that callers get.
enum RedisFault {
    /// How long a client waits after a fault that an operator must mend.
    static let mendingTime = Duration.seconds(10)

    /// The error that a caller gets; faults of the server go to the log as well.
    static func translate(_ error: any Error, logger: Logger) -> any Error {
        switch error {
        case let error as ParleyError: return error
        case is CancellationError: return error
        case let error as Refusal: return error
        case let error as RedisError:
            if error.code == .cancelled { return CancellationError() }
            // The server's words may quote a value: only what names no content is told.
            logger.error(
                "Redis failed.",
                metadata: ["kind": "\(error.code)", "code": "\(error.serverCode?.rawValue ?? "")"]
            )
            logger.debug("What Redis said.", metadata: ["message": "\(error.message)"])
            return translate(error)
        default:
            logger.error("A record could not be read.", metadata: ["error": "\(type(of: error))"])
            return ParleyError(.internalError, "What is stored could not be read.", cause: error)
        }
    }

    private static func translate(_ error: RedisError) -> ParleyError {
        switch error.code {
        case .overloaded: return .unavailable("Too many are waiting for the database.", cause: error)
        case .deadlineExceeded: return .unavailable("The database took too long.", cause: error)
        case .notConnected, .connectionLost, .closed, .refusedByBreaker:
            return .unavailable("The database could not be reached.", cause: error)
        // Such as one over the limit. It ends the connection, also for those whose answers are as they should be.
        case .protocolViolation: return .unavailable("The database's answer could not be read.", cause: error)
        case .server: break
        default: return ParleyError(.internalError, "The database failed.", cause: error)
        }
        switch error.serverCode {
        case .readOnly?, .misconfigured?, .outOfMemory?, .noReplicas?:
            return .unavailable("The database can't be written.", retryAfter: mendingTime, cause: error)
        case .loading?, .busy?, .masterDown?, .clusterDown?, .tryAgain?, .moved?, .ask?:
            return .unavailable("The database could not be reached.", cause: error)
        default: return ParleyError(.internalError, "The database failed.", cause: error)
        }
    }
}

/// What is stored under a key is not what Parley writes there.
struct UnreadableRecord: Error {
    /// Which kind of record.
    let what: String
}
