public import Logging
public import ParleyCore

/// The gate for bearer tokens: says who a token speaks for, or that it can't be believed.
///
/// Everything that jwt-kit leaves open is closed before and after it; it only checks the signature. Nothing in a token
/// can stop the process, choose an algorithm, or bring a key.
public struct TokenVerifier: Sendable {
    private let settings: TokenSettings
    private let clock: any WallClock
    private let ring: KeyRing
    private let cache = TokenCache()
    private let logger: Logger

    /// Makes a gate.
    ///
    /// Unusable keys are ``ParleyError/Code/invalidRequest``, naming the key of configuration to blame.
    public init(
        settings: TokenSettings,
        clock: any WallClock = SystemClock(),
        logger: Logger = Logger(label: "parley.auth")
    ) throws(ParleyError) {
        self.settings = settings
        self.clock = clock
        self.logger = logger
        ring = try KeyRing(settings.keys)
    }

    /// Whom a token speaks for.
    ///
    /// A token that holds is believed without another look for up to 60 seconds, and never past its `exp`.
    /// Every token that is not believed gets one and the same answer, ``ParleyError/unauthenticated``; why is told at
    /// debug level in the log, without the token.
    public func identity(of token: String) async throws(ParleyError) -> Identity {
        do throws(TokenFlaw) {
            // Before its length is known to be sane, a token is not worth a hash.
            guard token.utf8.count <= CompactToken.maximumBytes else { throw TokenFlaw.tooLong }
            let (key, now) = (CacheKey(token), clock.now())
            if let identity = cache.identity(of: key, now: now) { return identity }
            let claims = try await claims(of: token, now: now)
            cache.keep(claims, of: key, now: now)
            return claims.identity
        } catch {
            logger.debug("A token was refused", metadata: ["reason": "\(error.rawValue)"])
            throw .unauthenticated
        }
    }

    private func claims(of token: String, now: Timestamp) async throws(TokenFlaw) -> TokenClaims {
        let token = try CompactToken(token)
        try await ring.check(token)
        return try TokenClaims(token.payload, settings: settings, now: now)
    }
}

extension ParleyError {
    /// The one answer for everyone whose token or sign-in does not hold.
    public static let unauthenticated = ParleyError(.unauthenticated, "Sign in, or send a valid token.")
}
