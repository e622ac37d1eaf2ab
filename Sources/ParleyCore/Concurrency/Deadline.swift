/// What ``withDeadline(_:clock:_:)`` throws when time is up.
package struct DeadlineExceeded: Error {
    package init() {}
}

/// Runs `operation`, and cancels it when it takes longer than `duration`.
///
/// For what is rare: the sleep that measures the time leaves its timer behind until it would have ended.
package func withDeadline<Value: Sendable>(
    _ duration: Duration,
    clock: any Clock<Duration> = ContinuousClock(),
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: duration)
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}
