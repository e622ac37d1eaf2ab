import HTTPTypes
import Hummingbird
import ParleyCore

extension ParleyError {
    /// The one place where codes become statuses.
    var status: HTTPResponse.Status {
        switch code {
        case .invalidRequest: .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .idempotencyConflict, .stale, .replyInProgress, .conflict: .conflict
        case .resync: .gone
        case .payloadTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .rateLimited: .tooManyRequests
        case .upstreamError: .badGateway
        case .unavailable: .serviceUnavailable
        default: .internalServerError
        }
    }

    /// The answer that tells a client of the error, and where they have missed something, of that.
    func response(requestID: String, missed: ChangePage? = nil) -> Response {
        var response = Response.json(status, capacity: missed?.wireBytes ?? 512) { writer in
            writer.object { writer in
                writer.error(self, requestID: requestID)
                guard let missed else { return }
                writer.name("changes")
                writer.changes(missed)
            }
        }
        if let retryAfter {
            // Whole seconds, rounded up: a client that comes back on time must not be refused again.
            let seconds = retryAfter.components.seconds + (retryAfter.components.attoseconds > 0 ? 1 : 0)
            response.headers[.retryAfter] = String(max(1, seconds))
        }
        if code == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
        if code == .payloadTooLarge { response.headers[.connection] = "close" }
        return response
    }

    /// Any error as ours: Hummingbird's own keep their status, what is unknown is our fault and says nothing.
    init(answering error: any Error) {
        switch error {
        case let write as StaleWrite: self = write.error
        case let error as HTTPError where error.status == .notFound: self = .notFound
        case let error as HTTPError where error.status.kind == .clientError:
            self.init(.invalidRequest, error.body ?? "The request can't be understood.", cause: error)
        default: self.init(wrapping: error)
        }
    }
}
