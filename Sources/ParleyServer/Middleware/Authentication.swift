import HTTPTypes
import Hummingbird
import ParleyAuth
import ParleyCore

/// The door: finds out who is calling, by bearer token or by cookie.
///
/// A token that doesn't hold is a 401 even where a good cookie came along. With a cookie, a request that changes something
/// must come from our own pages or an origin that the configuration lists.
struct Authentication: RouterMiddleware {
    let accounts: AccountService
    let tokens: TokenVerifier
    let origins: OriginPolicy

    func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let (caller, renewedToken) = try await caller(of: request)
        context.caller = caller
        var response = try await next(request, context)
        // Where the route has ended the sign-in, it stays so.
        let isEnded = response.headers[.setCookie] != nil
        if let renewedToken, !isEnded { response.setCookie(.session(renewedToken, of: request, in: context)) }
        return response
    }

    /// Who is calling, and the token whose cookie must be given out again since its sign-in was extended.
    private func caller(of request: Request) async throws -> (Identity, renewedToken: String?) {
        if let authorization = request.headers[.authorization] {
            // By bytes: a token is long, and to look for the ends of its characters takes longer than to know it again.
            let words = authorization.utf8.split(separator: UInt8(ascii: " ")).map { Substring($0) }
            guard words.count == 2, words[0].lowercased() == "bearer" else { throw ParleyError.unauthenticated }
            return (try await tokens.identity(of: String(words[1])), nil)
        }
        guard let token = request.sessionToken else { throw ParleyError.unauthenticated }
        let signedIn = try await accounts.authenticate(token: token)
        try origins.check(request)
        return (signedIn.identity, signedIn.wasExtended ? token : nil)
    }
}

extension OriginPolicy {
    /// Refuses a request that changes something and does not come from an allowed origin.
    func check(_ request: Request) throws(ParleyError) {
        let isSafe = request.method == .get || request.method == .head || request.method == .options
        guard isSafe || allows(origin: request.headers[.origin], host: request.head.authority) else {
            throw .forbidden("This origin may not act for a signed-in browser.")
        }
    }
}

extension Cookie {
    /// The cookie of a sign-in, out of reach of scripts; an empty token takes it back.
    static func session(_ token: String, of request: Request, in context: ServerContext) -> Cookie {
        Cookie(
            name: Request.sessionCookie,
            value: token,
            maxAge: token.isEmpty ? 0 : Int(Limits.sessionLifetime.components.seconds),
            path: "/",
            secure: request.isSecure(in: context),
            httpOnly: true,
            sameSite: .lax
        )
    }
}

extension Request {
    /// The name of the cookie that holds a sign-in's token.
    static let sessionCookie = "parley_session"

    /// The token of a browser's sign-in.
    var sessionToken: String? {
        guard let value = cookies[Self.sessionCookie]?.value, !value.isEmpty else { return nil }
        return value
    }
}
