/// What tokens must be to be believed.
///
/// Every default stands in the initialiser.
public struct TokenSettings: Sendable {
    /// Which claim says who is calling.
    public enum IdentityClaim: String, Hashable, Sendable, CaseIterable {
        /// The `email` claim.
        case email
        /// The `sub` claim, which must then be an e-mail address.
        case sub
    }

    /// The secrets that tokens may be signed with (`jwt.secret`, `jwt.secrets`): several need a `kid` each, and without a
    /// key set there must be one.
    public var keys: [HMACSecret]
    /// Where the public keys come from that tokens may be signed with (`jwt.jwks`).
    public var keySet: KeySetSource?
    /// What `iss` must be, byte for byte (`jwt.issuer`); `nil` accepts any issuer that signs with one of the keys.
    public var issuer: String?
    /// What `aud` must be or hold, byte for byte (`jwt.audience`); `nil` accepts any audience.
    public var audience: String?
    /// Which claim says who is calling (`jwt.identity`).
    public var identityClaim: IdentityClaim

    /// Makes settings; by default tokens of and for `parley`, whose `email` claim is the identity.
    public init(
        keys: [HMACSecret] = [],
        keySet: KeySetSource? = nil,
        issuer: String? = "parley",
        audience: String? = "parley",
        identityClaim: IdentityClaim = .email
    ) {
        self.keys = keys
        self.keySet = keySet
        self.issuer = issuer
        self.audience = audience
        self.identityClaim = identityClaim
    }
}
