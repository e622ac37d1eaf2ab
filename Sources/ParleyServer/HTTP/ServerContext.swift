import Foundation
public import Hummingbird
import Logging
import NIOCore
import ParleyAuth
import ParleyCore

/// What a request carries from middleware to route.
public struct ServerContext: RequestContext {
    /// What Hummingbird keeps.
    public var coreContext: CoreRequestContextStorage
    /// The connection.
    let channel: any Channel
    /// The value of `X-Request-ID`.
    var requestID = ""
    /// Whose word about their clients is believed.
    var proxies = TrustedProxies.loopback
    /// Who is calling, once the door has let them in.
    var caller: Identity?

    /// Makes a context for a request of a connection.
    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The connection's peer.
    var peer: SocketAddress? { channel.remoteAddress }

    /// Who is calling; only routes behind ``Authentication`` ask.
    var identity: Identity {
        get throws {
            guard let caller else { throw ParleyError.unauthenticated }
            return caller
        }
    }
}

extension ServerContext {
    /// The logger with the request's id; put together where something is logged, since few requests log anything.
    var requestLogger: Logger {
        var logger = logger
        if requestID.isEmpty { return logger }
        logger[metadataKey: "request_id"] = "\(requestID)"
        return logger
    }

    /// Logs an error: what is our fault as an error, what is the client's at debug level.
    func log(_ error: ParleyError, in place: String) {
        requestLogger.log(
            level: error.status.kind == .serverError && !(error.cause is DeadlineExceeded) ? .error : .debug,
            "Request failed",
            metadata: [
                "place": "\(place)",
                "route": "\(endpointPath ?? "none")",
                "code": "\(error.code)",
                "cause": "\(error.cause.map { String(describing: $0) } ?? "none")",
            ]
        )
    }

    /// An id in the path; what is no id names nothing, so it is answered like an id that was never used.
    func pathID<Entity>(_ name: String, of: Entity.Type = Entity.self) throws -> ID<Entity> {
        guard let text = parameters.get(name), let id = ID<Entity>(text) else { throw ParleyError.notFound }
        return id
    }

    /// A decoded segment of the path.
    func pathText(_ name: String) throws -> String {
        guard let text = parameters.get(name)?.removingPercentEncoding else { throw ParleyError.notFound }
        return text
    }
}
