internal import ParleyCore

/// By which clock leases end: PostgreSQL's own, which is one for all instances, however theirs differ.
///
/// A test gives a clock of its own instead.
struct LeaseTime: Sendable {
    /// The test's clock; `nil` for PostgreSQL's.
    let clock: (any WallClock)?

    /// What stands for the present time: NULL, unless a test says it.
    var now: Timestamp? { clock?.now() }

    /// The present time in SQL, where the argument is ``now``.
    static func now(_ argument: Int) -> String {
        "coalesce($\(argument)::int8, (extract(epoch FROM clock_timestamp()) * 1000000)::int8)"
    }

    /// The end of a lease that begins now, in SQL.
    static func end(_ argument: Int) -> String {
        "\(now(argument)) + \(Int(Limits.replyLease / .microseconds(1)))"
    }
}
