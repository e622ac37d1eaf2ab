/// Why the server closes a connection; for a WebSocket, with its code.
///
/// Clients reconnect by themselves after codes under 4500, and do not after the others.
public enum LiveClosing: Int, Hashable, Sendable, CaseIterable {
    /// The server is shut down (RFC 6455, section 7.4.1); another instance may be up.
    case shutdown = 1001
    /// Something went wrong here.
    case failure = 1011
    /// The person has lost a project: what may still be seen is found by connecting again.
    case accessLost = 4003
    /// More than the queue holds was waiting, and then nothing was taken for too long.
    case tooSlow = 4008
    /// The sign-in has ended.
    case signedOut = 4501
    /// The token, or the sign-in, has expired.
    case expired = 4502

    /// The reason that goes along with the code.
    public var text: String {
        switch self {
        case .shutdown: "The server is shutting down."
        case .failure: "Something went wrong; connect again."
        case .accessLost: "Some of what you saw is not yours to see any more; connect again."
        case .tooSlow: "Events were not taken in time."
        case .signedOut: "You have signed out."
        case .expired: "Sign in again."
        }
    }
}
