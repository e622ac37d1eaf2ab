import Histogram

/// Callers that call a function of this process as soon as the call before has returned: what a part costs without HTTP.
enum DirectLoad {
    /// Calls for a time; `body` gets the caller's number and which of its calls it is.
    static func run(
        callers: Int,
        for duration: Duration,
        _ body: @escaping @Sendable (Int, Int) async throws -> Void
    ) async throws -> LoadResult {
        var result = LoadResult()
        let process = ProcessorTime.ofProcess()
        let start = ContinuousClock.now
        let end = start + duration
        result.latencies = try await withThrowingTaskGroup { group in
            for caller in 0..<callers {
                group.addTask { try await call(until: end) { try await body(caller, $0) } }
            }
            var latencies = Histogram<UInt64>.latencies
            for try await each in group { latencies.add(each) }
            return latencies
        }
        result.elapsed = ContinuousClock.now - start
        result.process = ProcessorTime.ofProcess() - process
        return result
    }

    private static func call(
        until end: ContinuousClock.Instant,
        _ body: (Int) async throws -> Void
    ) async throws -> Histogram<UInt64> {
        var latencies = Histogram<UInt64>.latencies
        var (number, begun) = (0, ContinuousClock.now)
        while begun < end {
            try await body(number)
            let now = ContinuousClock.now
            latencies.record(now - begun)
            (number, begun) = (number + 1, now)
        }
        return latencies
    }
}
