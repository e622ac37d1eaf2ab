public import ParleyCore

/// What lets somebody stay connected, and for how long.
public struct LiveCredential: Sendable {
    /// The sign-in of a browser, whose end closes the connection at once; `nil` with a token.
    public let login: LoginKey?
    /// Until when it holds, as far as is known.
    public let expiresAt: Timestamp
    /// Looks again, and says until when it holds now; ``ParleyError/unauthenticated`` when it doesn't any more.
    public let renew: @Sendable () async throws -> Timestamp

    /// Makes a credential.
    public init(
        login: LoginKey?,
        expiresAt: Timestamp,
        renew: @escaping @Sendable () async throws -> Timestamp
    ) {
        self.login = login
        self.expiresAt = expiresAt
        self.renew = renew
    }
}
