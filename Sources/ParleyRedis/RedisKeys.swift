import ParleyCore

/// What the keys and channels in Redis are called: one place, since several instances and `redis-cli` rely on it.
enum RedisKeys {
    /// The newest messages of a conversation: a list, newest first.
    static func messages(of conversation: ConversationID) -> String { "conversation:\(conversation):messages" }

    /// Who uses up a budget: a string that expires when the budget is full again.
    static func budget(_ limit: String, of key: String) -> String { "limit:\(limit):\(key)" }

    /// Where the events of a project are published.
    static func events(of project: ProjectID) -> String { "events:project:\(project)" }
}
