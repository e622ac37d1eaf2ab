internal import ParleyCore

/// What a mirror may have to be brought up to date with.
enum MirrorName: Hashable, Sendable {
    /// A conversation with its messages.
    case conversation(ConversationID)
    /// A project with its members.
    case project(ProjectID)
    /// A project with all its conversations: someone's drafts and marks have gone from them.
    case wholeProject(ProjectID)
    /// What is kept of a person beside projects.
    case person(EmailAddress)
    /// A line of the query log.
    case line(QueryLogEntry)
    /// Everything: it isn't known what.
    case everything
}
