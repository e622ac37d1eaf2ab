/// What is measured.
enum Workload: String, CaseIterable, Sendable {
    /// Durable appends of one message of about 300 bytes each.
    case appends
    /// Reads of a conversation's last 50 messages of about 300 bytes each.
    case reads
    /// Turns with a model's server, streamed to the end; counted by what the model's server sends.
    case turns
}

/// What a run may measure.
enum Subject: String, CaseIterable, Sendable {
    case appends, reads, turns
    /// Bearer tokens, without HTTP.
    case tokens

    /// The workload of callers over HTTP, where it is one.
    var workload: Workload? { Workload(rawValue: rawValue) }
}
