/// A store that can forget: people who want to be gone, and conversations that are older than their project keeps them.
///
/// It asks nobody who they are: whoever calls it has made sure that it is the person, or an operator.
public protocol ErasureStore: Sendable {
    /// Erases a person and all that only they could reach. Committed before it returns.
    ///
    /// Their account and sign-ins, drafts, read marks, import batches and lines of the query log go; so do their personal
    /// project and every other project whose only member they are, with all conversations. Of other projects they stop
    /// being a member; where they were the last owner, the first editor by address becomes owner, else the first viewer.
    /// What they wrote there stays, since it is part of what others said, too. Changes: `conversationDeleted` each.
    /// Notices: `projectDeleted`, `memberLeft`, `signedOut`. Erasing again what is gone finds nothing.
    ///
    /// A store for which this is several steps can be asked again after any of them and goes on. Where one fails, what was
    /// deleted before it is not told: only the person could see that.
    func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport>

    /// What ``erase(_:)`` would remove at present; removes nothing.
    func erasable(_ person: EmailAddress) async throws -> ErasureReport

    /// Conversations that are hidden since their project keeps none so long, the longest so first.
    func expiredConversations(limit: Int) async throws -> [ExpiredConversation]

    /// Deletes expired conversations, as `deleteConversation` does, at most `limit`. Changes: `conversationDeleted` each.
    func purgeExpired(limit: Int) async throws -> Commit<Int>

    /// Writes the store's files anew, so that what was deleted is in none of them any more. It may take long.
    func rewrite() async throws
}

/// What an erasure removed.
public struct ErasureReport: Hashable, Sendable {
    /// Whether there was an account.
    public var hadAccount = false
    /// Sign-ins.
    public var loginSessions = 0
    /// Projects that went as a whole.
    public var projects = 0
    /// Conversations in them.
    public var conversations = 0
    /// Messages in those.
    public var messages = 0
    /// Projects of others that the person was a member of.
    public var memberships = 0
    /// Drafts, also those in the projects of others.
    public var drafts = 0
    /// Lines of the query log.
    public var queryLogLines = 0

    /// Nothing was removed.
    public init() {}

    /// Adds what another step removed.
    public mutating func add(_ other: Self) {
        hadAccount = hadAccount || other.hadAccount
        loginSessions += other.loginSessions
        projects += other.projects
        conversations += other.conversations
        messages += other.messages
        memberships += other.memberships
        drafts += other.drafts
        queryLogLines += other.queryLogLines
    }
}

extension Commit where Value == ErasureReport {
    /// Adds what another step removed.
    public mutating func add(_ step: Self) {
        value.add(step.value)
        changes += step.changes
        notices += step.notices
    }
}

/// A conversation that its project keeps no longer.
public struct ExpiredConversation: Hashable, Sendable {
    /// Its id.
    public let id: ConversationID
    /// Its project.
    public let projectID: ProjectID
    /// How many messages it holds.
    public let messageCount: Int
    /// When it last changed.
    public let updatedAt: Timestamp

    /// Describes a conversation.
    public init(id: ConversationID, projectID: ProjectID, messageCount: Int, updatedAt: Timestamp) {
        self.id = id
        self.projectID = projectID
        self.messageCount = messageCount
        self.updatedAt = updatedAt
    }
}
