/// What is measured.
enum Workload: String, CaseIterable, Sendable {
    /// Durable appends of one message of about 300 bytes each.
    case appends
    /// Reads of a conversation's last 50 messages of about 300 bytes each.
    case reads
}
