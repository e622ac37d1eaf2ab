/// The one error type that crosses Parley's ports.
///
/// `message` and `parameter` are written for the client and may be sent to it. `cause` is for the operator's log and is
/// never sent.
public struct ParleyError: Error, Sendable {
    /// What kind of failure it is; the raw value is the wire's `error.code`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case invalidRequest = "invalid_request"
            case unauthenticated
            case forbidden
            case notFound = "not_found"
            case idempotencyConflict = "idempotency_conflict"
            case stale
            case replyInProgress = "reply_in_progress"
            case conflict
            case resync
            case payloadTooLarge = "payload_too_large"
            case unsupportedMediaType = "unsupported_media_type"
            case rateLimited = "rate_limited"
            case upstreamError = "upstream_error"
            case unavailable
            case internalError = "internal_error"
        }

        private let value: Value

        /// A field breaks a rule, or the body is not what it should be. 400
        public static let invalidRequest = Self(value: .invalidRequest)
        /// Nobody is signed in, or the credentials don't hold. 401
        public static let unauthenticated = Self(value: .unauthenticated)
        /// The caller sees the thing but may not do that to it. 403
        public static let forbidden = Self(value: .forbidden)
        /// There is no such thing, or the caller may not know of it: the two are one. 404
        public static let notFound = Self(value: .notFound)
        /// The id was used before, for something else. 409
        public static let idempotencyConflict = Self(value: .idempotencyConflict)
        /// The conversation has moved on since `expected_revision`; ``ParleyError/revision`` is the present one. 409
        public static let stale = Self(value: .stale)
        /// A reply is being written in this conversation. 409
        public static let replyInProgress = Self(value: .replyInProgress)
        /// The thing exists already, or is in a state that rules this out. 409
        public static let conflict = Self(value: .conflict)
        /// The client's revision is ahead of the store: it must load afresh. 410
        public static let resync = Self(value: .resync)
        /// The body is larger than the route takes. 413
        public static let payloadTooLarge = Self(value: .payloadTooLarge)
        /// The body is not of a kind the route takes. 415
        public static let unsupportedMediaType = Self(value: .unsupportedMediaType)
        /// Too many requests; ``ParleyError/retryAfter`` says when to come back. 429
        public static let rateLimited = Self(value: .rateLimited)
        /// The model's server failed. 502
        public static let upstreamError = Self(value: .upstreamError)
        /// Not acknowledged, whether stored or not; ``ParleyError/retryAfter`` says when to try again. 503
        public static let unavailable = Self(value: .unavailable)
        /// Parley itself is at fault. 500
        public static let internalError = Self(value: .internalError)

        /// The wire's `error.code`.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it is.
    public var code: Code
    /// What a client is told, in a sentence.
    public var message: String
    /// The field to blame.
    public var parameter: String?
    /// How long to wait before trying again.
    public var retryAfter: Duration?
    /// The conversation's present revision, with ``Code/stale``.
    public var revision: Int?
    /// What lies behind it: for the log only.
    public var cause: (any Error)?

    /// Makes an error; the convenience makers below say more at the call.
    public init(
        _ code: Code,
        _ message: String,
        parameter: String? = nil,
        retryAfter: Duration? = nil,
        revision: Int? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.parameter = parameter
        self.retryAfter = retryAfter
        self.revision = revision
        self.cause = cause
    }
}

extension ParleyError {
    /// Any error as one of ours: a cancelled task means that the server is shutting down, what is not known that something
    /// went wrong here.
    public init(wrapping error: any Error) {
        switch error {
        case let error as ParleyError: self = error
        case is CancellationError: self = .unavailable("The server is shutting down.")
        default: self.init(.internalError, "Something went wrong on our side.", cause: error)
        }
    }

    /// The one answer for what does not exist and for what the caller may not see.
    public static let notFound = ParleyError(.notFound, "There is no such thing here.")

    /// A field breaks a rule.
    public static func invalid(_ parameter: String, _ message: String) -> ParleyError {
        ParleyError(.invalidRequest, message, parameter: parameter)
    }

    /// The caller sees the thing but may not do that to it.
    public static func forbidden(_ message: String) -> ParleyError {
        ParleyError(.forbidden, message)
    }

    /// The conversation has moved on.
    public static func stale(revision: Int) -> ParleyError {
        ParleyError(.stale, "The conversation has moved on to revision \(revision).", revision: revision)
    }

    /// The id was used before, for something else.
    public static let idempotencyConflict = ParleyError(
        .idempotencyConflict,
        "This id was used before, with other content.",
        parameter: "id"
    )

    /// A reply is being written in this conversation.
    public static let replyInProgress = ParleyError(
        .replyInProgress,
        "A reply is being written in this conversation; wait for it or stop it."
    )

    /// Not acknowledged: try again.
    public static func unavailable(
        _ message: String,
        retryAfter: Duration = .seconds(1),
        cause: (any Error)? = nil
    ) -> ParleyError {
        ParleyError(.unavailable, message, retryAfter: retryAfter, cause: cause)
    }
}

extension ParleyError: CustomStringConvertible {
    /// Code and message, without the cause.
    public var description: String { "\(code): \(message)" }
}
