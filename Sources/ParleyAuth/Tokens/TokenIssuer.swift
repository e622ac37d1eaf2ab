import JWTKit
public import ParleyCore

/// Makes tokens that ``TokenVerifier`` believes: for `parley token`, and for tests.
public struct TokenIssuer: Sendable {
    private let settings: TokenSettings
    private let clock: any WallClock
    private let key: SignatureKey

    /// Makes an issuer that signs with `secret`; of the settings it takes issuer and audience.
    public init(
        secret: HMACSecret,
        settings: TokenSettings = TokenSettings(),
        clock: any WallClock = SystemClock()
    ) throws(ParleyError) {
        self.settings = settings
        self.clock = clock
        key = try SignatureKey(secret)
    }

    /// A signed token that says who someone is, for a time of at least a second.
    ///
    /// `sub` and `email` are both the address. An identity without a department is ``ParleyError/Code/invalidRequest``
    /// naming `dept`, since no verifier would take its token.
    public func token(for identity: Identity, lifetime: Duration) async throws -> String {
        guard let department = identity.department, 1...Limits.departmentBytes ~= department.utf8.count else {
            throw ParleyError.invalid("dept", "A token needs a department of 1 to \(Limits.departmentBytes) bytes.")
        }
        guard lifetime >= .seconds(1) else {
            throw ParleyError.invalid("lifetime", "A token's lifetime must be at least a second.")
        }
        let now = clock.now()
        var header = JSONWriter()
        header.object { writer in
            writer.member("alg", key.algorithm)
            writer.member("typ", "JWT")
            writer.member("kid", key.kid)
        }
        var claims = JSONWriter()
        claims.object { writer in
            writer.member("iss", settings.issuer ?? "parley")
            writer.member("aud", settings.audience ?? "parley")
            writer.member("sub", identity.email.value)
            writer.member("email", identity.email.value)
            writer.member("dept", department)
            writer.member("sid", identity.sessionID)
            writer.member("iat", Int(now.microseconds / 1_000_000))
            writer.member("exp", Int((now + lifetime).microseconds / 1_000_000))
        }
        let signed = Base64.url.encode(header.bytes) + "." + Base64.url.encode(claims.bytes)
        return signed + "." + Base64.url.encode(try await key.signer().sign(Array(signed.utf8)))
    }
}
