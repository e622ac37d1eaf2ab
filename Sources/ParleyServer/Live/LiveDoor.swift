import HTTPTypes
import Hummingbird
import ParleyAuth
import ParleyCore
import ParleyLive

/// The door for those who stay: who is calling, and for how long they may.
///
/// As ``Authentication``, and beside it a token may come in a socket's subprotocols, since a browser's WebSocket can't have
/// an `Authorization`.
struct LiveDoor {
    /// Somebody who may come in.
    struct Caller {
        let identity: Identity
        let credential: LiveCredential
        /// Whether the credential is a browser's cookie, which comes along whoever made the page.
        let hasCookie: Bool
        /// The cookie to be set again, since its sign-in was extended.
        var renewedCookie: Cookie?
    }

    let accounts: AccountService
    let tokens: TokenVerifier
    let origins: OriginPolicy

    /// Finds out who is calling; ``ParleyError/unauthenticated`` where nobody is.
    func caller(of request: Request, in context: ServerContext) async throws -> Caller {
        if let authorization = request.headers[.authorization] {
            let words = authorization.split(separator: " ")
            guard words.count == 2, words[0].lowercased() == "bearer" else { throw ParleyError.unauthenticated }
            return try await caller(token: String(words[1]))
        }
        if let token = request.subprotocolToken { return try await caller(token: token) }
        guard let token = request.sessionToken else { throw ParleyError.unauthenticated }
        let signedIn = try await accounts.authenticate(token: token)
        let accounts = accounts
        return Caller(
            identity: signedIn.identity,
            credential: LiveCredential(login: signedIn.key, expiresAt: signedIn.expiresAt) {
                try await accounts.authenticate(token: token).expiresAt
            },
            hasCookie: true,
            renewedCookie: signedIn.wasExtended ? .session(token, of: request, in: context) : nil
        )
    }

    /// Refuses an origin that may not open a socket: a foreign one, and none where a cookie is all there is.
    func checkOrigin(of request: Request, for caller: Caller) throws(ParleyError) {
        if request.headers[.origin] == nil, !caller.hasCookie { return }
        guard origins.allows(origin: request.headers[.origin], host: request.head.authority) else {
            throw .forbidden("This origin may not open a connection.")
        }
    }

    private func caller(token: String) async throws -> Caller {
        let verified = try await tokens.verified(token)
        let tokens = tokens
        return Caller(
            identity: verified.identity,
            credential: LiveCredential(login: nil, expiresAt: verified.expiresAt) {
                try await tokens.verified(token).expiresAt
            },
            hasCookie: false
        )
    }
}

extension Request {
    /// The token in the subprotocol pair `parley.v1, bearer.<token>`.
    fileprivate var subprotocolToken: String? {
        let offered = headers[values: .webSocketProtocol].flatMap { $0.split(separator: ",") }
        let names = offered.map { $0.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" } }
        let tokens = names.filter { $0.hasPrefix("bearer.") }
        guard tokens.count == 1, let token = tokens.first else { return nil }
        return String(token.dropFirst("bearer.".count))
    }
}

extension HTTPField.Name {
    /// Which subprotocols a client of a WebSocket offers (RFC 6455, section 11.3.4).
    static let webSocketProtocol = HTTPField.Name("Sec-WebSocket-Protocol") ?? .upgrade
}
