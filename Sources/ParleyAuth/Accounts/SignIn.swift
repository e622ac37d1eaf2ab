public import ParleyCore

/// Who may make an account.
public enum SignupPolicy: String, Hashable, Sendable, CaseIterable {
    /// Everyone who reaches the server.
    case open
    /// Only the operator, with `parley user add`.
    case closed
}

/// A sign-in that has just begun.
public struct SignIn: Sendable {
    /// Who signed in.
    public let account: Account
    /// The token for the cookie, 43 characters of base64url.
    ///
    /// Nobody else has it: it can't be read again.
    public let token: String
    /// When it ends, unless it is used before.
    public let expiresAt: Timestamp
}

/// What a valid token says.
public struct SignedIn: Sendable {
    /// Who is signed in.
    public let account: Account
    /// Tells this sign-in from the person's others.
    public let key: LoginKey
    /// The same as an identity, with the account's department.
    public let identity: Identity
    /// When the sign-in ends, unless it is used before.
    public let expiresAt: Timestamp
    /// Whether this use has put the end off, so that the cookie should be set anew.
    public let wasExtended: Bool
}
