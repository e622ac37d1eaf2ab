/// Counts what was done, for the operator.
///
/// It asks nobody who they are: what it tells is of all together, in numbers only, and whoever calls it has made sure that
/// it is an operator who wants to know. Messages and conversations count as long as they are there, replies as long as their
/// lines are in the query log.
public protocol UsageStore: Sendable {
    /// What was done on some days.
    func usage(of span: UsageSpan) async throws -> Usage
}
