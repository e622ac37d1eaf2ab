public import ParleyCore

/// What a token says that holds.
public struct VerifiedToken: Hashable, Sendable {
    /// Whom it speaks for.
    public let identity: Identity
    /// When it ends.
    public let expiresAt: Timestamp
}

extension VerifiedToken {
    /// What checked claims say.
    init(_ claims: TokenClaims) {
        self.init(
            identity: claims.identity,
            expiresAt: Timestamp(microseconds: Int64(claims.expiry) * 1_000_000)
        )
    }
}
