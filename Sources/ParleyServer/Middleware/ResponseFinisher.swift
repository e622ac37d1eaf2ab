import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ParleyCore

/// The outermost middleware: every answer leaves with a request id and the security headers, every error as the envelope.
struct ResponseFinisher: RouterMiddleware {
    private static let requestID = HTTPField.Name("X-Request-ID")

    /// What every answer bears.
    ///
    /// The policy lets the web app's own files run and nothing else; nothing inline. HTML that a
    /// script makes must have passed the one Trusted Types policy, which is that of rendered Markdown.
    private static let securityHeaders: HTTPFields = {
        let policy = """
            default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
            base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
            require-trusted-types-for 'script'; trusted-types parley-markdown
            """
        let fields: [(HTTPField.Name?, String)] = [
            (.contentSecurityPolicy, policy),
            (.xContentTypeOptions, "nosniff"),
            (HTTPField.Name("Referrer-Policy"), "no-referrer"),
            (HTTPField.Name("Cross-Origin-Opener-Policy"), "same-origin"),
            (HTTPField.Name("Cross-Origin-Resource-Policy"), "same-origin"),
            (HTTPField.Name("X-Frame-Options"), "DENY"),
            (HTTPField.Name("Permissions-Policy"), "camera=(), microphone=(), geolocation=()"),
        ]
        return HTTPFields(fields.compactMap { name, value in name.map { HTTPField(name: $0, value: value) } })
    }()

    let ids: any IDMaker

    func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let id: ID<Request> = ids.make()
        context.requestID = id.description
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let parleyError = ParleyError(answering: error)
            context.log(parleyError, in: "\(request.method)")
            response = parleyError.response(
                requestID: context.requestID,
                missed: (error as? StaleWrite)?.missed
            )
            if parleyError.code == .payloadTooLarge || parleyError.cause is DeadlineExceeded {
                Self.closeSoon(context.channel)
            }
        }
        if request.headers[.upgrade] != nil, response.status != .switchingProtocols {
            // NIO's decoder reads nothing more from a connection after an Upgrade that was not taken.
            response.headers[.connection] = "close"
            Self.closeSoon(context.channel)
        }
        if let name = Self.requestID { response.headers[name] = context.requestID }
        // No route sends one of these itself, so there is nothing to replace.
        response.headers.append(contentsOf: Self.securityHeaders)
        return response
    }

    /// Ends a connection on which nothing can follow, or that is still sending what was refused, once the answer has had time
    /// to arrive.
    private static func closeSoon(_ channel: any Channel) {
        channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }
}
