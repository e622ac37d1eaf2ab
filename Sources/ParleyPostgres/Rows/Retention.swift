/// What a statement says so that conversations that have expired are not there for it.
enum Retention {
    /// Whether a conversation is still kept, by the days that stand with a member of its project.
    ///
    /// Where a project keeps everything, this is one comparison. A reply that is being written keeps its conversation; the
    /// scalar subquery leaves the planner nothing but the index.
    static func keeps(_ conversation: String = "c", for member: String = "p") -> String {
        """
        (\(member).retention_days IS NULL
            OR \(conversation).updated_at > parley_now() - \(member).retention_days * \(microsecondsPerDay)
            OR (SELECT true FROM live_reply k WHERE k.conversation_id = \(conversation).id))
        """
    }

    /// Expired conversations `c` of their projects `o`.
    ///
    /// The hour is what the index holds; an argument stands for it nowhere, so that each project has its own.
    static let expired = """
        project o JOIN conversation c ON c.project_id = o.id
            AND c.updated_hour <= (parley_now() - o.retention_days * \(microsecondsPerDay)) / 3600000000
            AND c.updated_at <= parley_now() - o.retention_days * \(microsecondsPerDay)
        WHERE o.retention_days IS NOT NULL AND NOT EXISTS (SELECT FROM live_reply k WHERE k.conversation_id = c.id)
        """

    private static let microsecondsPerDay = "86400000000"
}
