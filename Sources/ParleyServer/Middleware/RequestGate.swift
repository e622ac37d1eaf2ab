import HTTPTypes
import Hummingbird
import ParleyCore

/// Refuses what is no proper request before anything looks at it.
struct RequestGate: RouterMiddleware {
    let proxies: TrustedProxies

    func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let host = request.head.authority, !host.isEmpty, request.headers[values: .hostField].isEmpty else {
            throw ParleyError(.invalidRequest, "A request must have one Host.")
        }
        guard (request.head.path ?? "").utf8.count <= Limits.urlBytes else {
            throw ParleyError(.invalidRequest, "The URL is longer than \(Limits.urlBytes) bytes.")
        }
        var context = context
        context.proxies = proxies
        return try await next(request, context)
    }
}

extension HTTPField.Name {
    /// `Host`, where a second one was sent: the first became the request's authority.
    static let hostField = HTTPField.Name("Host") ?? .location
}
