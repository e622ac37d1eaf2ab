/// Somebody may see more, or less, than before, or has seen more: told after it was committed, so that open doors can be
/// opened and shut, and all of a person's tabs know what was read.
public enum AccessNotice: Hashable, Sendable {
    /// A person has become a member of a project.
    case memberJoined(EmailAddress, ProjectID)
    /// A person is no member of a project any more.
    case memberLeft(EmailAddress, ProjectID)
    /// A project is gone, and nobody sees it any more.
    case projectDeleted(ProjectID)
    /// A person's sign-in has ended; without a key, all of them.
    case signedOut(EmailAddress, LoginKey?)
    /// A person has read on in a conversation, which is nobody else's business.
    case read(EmailAddress, ReadMark)

    /// Where it is told: what shuts a project's door comes in one line with that project's events.
    public var channel: EventChannel {
        switch self {
        case .memberLeft(_, let project), .projectDeleted(let project): .project(project)
        case .memberJoined(let person, _), .signedOut(let person, _), .read(let person, _): .person(person)
        }
    }
}

extension AccessNotice {
    /// Whether nobody misses much who is not told of it: then it may be dropped where there is no room for it.
    public var isDispensable: Bool {
        if case .read = self { true } else { false }
    }
}

/// Tells a sign-in from all others, and is of no use to sign in with: the first half of its token's hash.
public typealias LoginKey = ID<LoginSession>

extension LoginSession {
    /// What the sign-in is known by to those who listen.
    public var key: LoginKey { LoginKey(tokenHash: tokenHash) }
}

extension ID where Entity == LoginSession {
    /// The key of the sign-in with a token's hash of 32 bytes.
    public init(tokenHash: [UInt8]) {
        let half = { (range: Range<Int>) in
            tokenHash[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        self.init(high: half(0..<8), low: half(8..<16))
    }
}
