public import ParleyCore

/// Deletes what has expired, every few minutes.
///
/// What has expired is hidden already; this makes it be gone. Every instance does so: whoever comes first deletes.
public struct ExpiryJob: Sendable {
    private let store: any ErasureStore
    private let interval: Duration
    private let stopwatch: any Clock<Duration>
    private let share: @Sendable () -> Double
    private let report: @Sendable (Result<Int, any Error>) -> Void

    /// Makes the job.
    ///
    /// - Parameters:
    ///   - store: Where things expire; its commits are published by it.
    ///   - interval: How long it rests, give or take a fifth, so that instances that were started together come apart.
    ///   - stopwatch: Which clock it rests by.
    ///   - share: A number from 0 to 1 that says how much of the two fifths is added.
    ///   - report: Told how many conversations were deleted, where there were any, and of what failed.
    public init(
        _ store: any ErasureStore,
        every interval: Duration = Limits.expiryInterval,
        stopwatch: any Clock<Duration> = ContinuousClock(),
        share: @escaping @Sendable () -> Double = { .random(in: 0...1) },
        report: @escaping @Sendable (Result<Int, any Error>) -> Void
    ) {
        self.store = store
        self.interval = interval
        self.stopwatch = stopwatch
        self.share = share
        self.report = report
    }

    /// Works until it is cancelled; begins with a rest, so that a start is not slowed down.
    public func run() async {
        while !Task.isCancelled {
            // Only a cancellation ends a sleep early, and that ends this as well.
            try? await stopwatch.sleep(for: interval * (0.8 + 0.4 * share()))
            if !Task.isCancelled { await purge() }
        }
    }

    private func purge() async {
        var count = 0
        do {
            while !Task.isCancelled {
                let purged = try await store.purgeExpired(limit: Limits.expiryBatch).value
                count += purged
                if purged < Limits.expiryBatch { break }
            }
            if count > 0 { report(.success(count)) }
        } catch {
            if count > 0 { report(.success(count)) }
            report(.failure(error))
        }
    }
}
