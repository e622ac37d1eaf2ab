internal import GRDB
internal import ParleyCore

/// What a statement says so that conversations that have expired are not there for it.
enum Retention {
    /// Whether a conversation is still kept, by the days that stand with a member of its project.
    ///
    /// Where a project keeps everything, this is one comparison. A reply that is being written keeps its conversation.
    static func keeps(_ conversation: String = "c", for member: String = "p") -> String {
        """
        (\(member).retention_days IS NULL
            OR \(conversation).updated_at > parley_now() - \(member).retention_days * \(microsecondsPerDay)
            OR EXISTS (SELECT 1 FROM live_reply k WHERE k.conversation_id = \(conversation).id))
        """
    }

    /// Expired conversations `c` of their projects `o`.
    static let expired = """
        project o CROSS JOIN conversation c ON c.project_id = o.id
            AND c.updated_at <= parley_now() - o.retention_days * \(microsecondsPerDay)
        WHERE o.retention_days IS NOT NULL AND NOT EXISTS (SELECT 1 FROM live_reply k WHERE k.conversation_id = c.id)
        """

    /// `parley_now()`: the store's clock, so that no statement needs an argument for it.
    ///
    /// The schema uses it nowhere: the file can be read without it.
    static func now(by clock: any WallClock) -> DatabaseFunction {
        DatabaseFunction("parley_now", argumentCount: 0) { _ in clock.now().microseconds }
    }

    private static let microsecondsPerDay = "86400000000"
}
