public import ParleyCore

/// What a token says that holds.
public struct VerifiedToken: Hashable, Sendable {
    /// Whom it speaks for.
    public let identity: Identity
    /// When it ends.
    public let expiresAt: Timestamp
}
