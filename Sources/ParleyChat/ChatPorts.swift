import Logging
import ParleyCore
import ParleyMetrics

/// What a turn needs of the house.
struct ChatPorts: Sendable {
    /// Where messages are kept; a store that publishes its changes.
    let store: any ConversationStore
    /// What followers listen to.
    let bus: any EventBus
    /// Who answers.
    let provider: any ReplyProvider
    /// Who finds titles for new conversations; none means that they keep what their first message gave them.
    let titles: (any ReplyProvider)?
    /// Who may answer in a project.
    let personas: Personas
    /// Where turns are logged for the operator.
    let queryLog: any QueryLog
    /// The time of day.
    let clock: any WallClock
    /// What waiting is measured by.
    let stopwatch: any Clock<Duration>
    /// The log.
    let logger: Logger
    /// Where replies are counted.
    let metrics: ReplyMetrics
}

/// The keys of this module's log lines.
enum LogKey {
    static let project = "project_id"
    static let conversation = "conversation_id"
    static let message = "message_id"
    static let status = "status"
    static let latency = "latency_ms"
    static let error = "error"
    static let count = "count"
}
