/// The unit of access: whoever is a member may touch its conversations, nobody else.
public struct Project: Hashable, Sendable {
    /// The project's id.
    public let id: ProjectID
    /// Its name.
    public var name: String
    /// What it is for.
    public var description: String?
    /// The persona that answers in it.
    public var persona: String?
    /// For how many days after their last change conversations are kept; none means forever.
    ///
    /// One that has expired is hidden at once from everybody and everything, and deleted soon after.
    public var retentionDays: Int?
    /// Whether it is one user's own: it has that one member, and can't be shared or deleted.
    public let isPersonal: Bool
    /// Its members, by e-mail address in ascending order.
    public var members: [Member]
    /// When it was made.
    public let createdAt: Timestamp
    /// When it last changed.
    public var updatedAt: Timestamp

    /// Makes a project.
    public init(
        id: ProjectID,
        name: String,
        description: String? = nil,
        persona: String? = nil,
        retentionDays: Int? = nil,
        isPersonal: Bool,
        members: [Member],
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.persona = persona
        self.retentionDays = retentionDays
        self.isPersonal = isPersonal
        self.members = members
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// The last moment at which a conversation that is not changed again has expired; `nil` where none expires.
    public func expiryLimit(at now: Timestamp) -> Timestamp? {
        retentionDays.map { now + .seconds(-$0 * 86_400) }
    }

    /// The role of a person in this project.
    public func role(of email: EmailAddress) -> Role? {
        members.first { $0.email == email }?.role
    }
}

/// A person's place in a project; someone who has never signed in can have one.
public struct Member: Hashable, Sendable {
    /// Who it is.
    public let email: EmailAddress
    /// What they may do.
    public var role: Role

    /// Makes a member.
    public init(email: EmailAddress, role: Role) {
        self.email = email
        self.role = role
    }
}

/// What a member may do.
public enum Role: String, Hashable, Sendable, CaseIterable {
    /// Everything, members and the project itself included.
    case owner
    /// Everything within conversations.
    case editor
    /// Reading.
    case viewer

    /// Whether the role is enough for an access.
    public func allows(_ access: Access) -> Bool {
        switch access {
        case .read: true
        case .write: self != .viewer
        case .administer: self == .owner
        }
    }
}

/// What a call needs of the caller's role.
public enum Access: String, Hashable, Sendable, CaseIterable {
    /// Seeing: every member.
    case read
    /// Changing conversations and messages: owners and editors.
    case write
    /// Changing the project and its members: owners.
    case administer

    /// The error for a member whose role is not enough.
    public var refusal: ParleyError {
        switch self {
        case .read, .write: .forbidden("Viewers of a project may read only.")
        case .administer: .forbidden("Only an owner of the project may do that.")
        }
    }
}
