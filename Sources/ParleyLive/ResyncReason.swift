/// Why a client is told to look at the state afresh: the `reason` of a `resync`.
public enum ResyncReason: String, Hashable, Sendable, CaseIterable {
    /// The client took its events too slowly, and some were dropped.
    case slow
    /// A link between instances was lost, or an instance could not keep up.
    case lagged
    /// There is more to catch up on than a socket brings; `/changes` has it.
    case behind
    /// The client's revision is ahead of the store, which was restored: what it has may never have been.
    case ahead
    /// The person has become a member of a project.
    case joined
}
