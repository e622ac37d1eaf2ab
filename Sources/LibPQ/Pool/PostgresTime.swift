/// The clock that LibPQ waits by: for a connection, before connecting anew, and before trying again.
///
/// A statement's deadline is not among these. It is the system's, since a thread waits for it together with its socket.
public struct PostgresTime: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void

    /// The system's clock.
    public static let continuous = Self(ContinuousClock())

    /// Takes the time from a clock.
    public init<C: Clock>(_ clock: C) where C.Duration == Duration {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        pause = { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) }
    }

    /// The time since this was made.
    var now: Duration { elapsed() }

    /// Waits; throws when the task is cancelled.
    func sleep(for duration: Duration) async throws { try await pause(duration) }
}
