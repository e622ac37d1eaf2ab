/// Who is calling: made by the door from a token or a login, and passed to every port.
///
/// The e-mail address is the identity; the store checks what it may touch inside its own statements. The rest is for the log.
public struct Identity: Hashable, Sendable {
    /// The address, as ``EmailAddress`` normalises it.
    public let email: EmailAddress
    /// The department, where the credentials name one.
    public let department: String?
    /// The `sid` claim: for analytics, never a key.
    public let sessionID: String?

    /// Makes an identity.
    public init(email: EmailAddress, department: String? = nil, sessionID: String? = nil) {
        self.email = email
        self.department = department
        self.sessionID = sessionID
    }
}
