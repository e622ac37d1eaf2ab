public import ParleyCore

/// Who operates this server, and what they are shown.
public struct OperatorDesk: Sendable {
    /// Whoever the configuration names.
    public let people: Set<EmailAddress>
    /// Counts what was done.
    public let usage: any UsageStore
    /// Knows how this instance is doing.
    public let watch: InstanceWatch
    /// Tells which day it is.
    public let clock: any WallClock

    /// Makes a desk for those people.
    public init(
        people: Set<EmailAddress>,
        usage: any UsageStore,
        watch: InstanceWatch,
        clock: any WallClock = SystemClock()
    ) {
        self.people = people
        self.usage = usage
        self.watch = watch
        self.clock = clock
    }
}
