import Histogram

/// Measures a workload on Parley and on the bare route, turn by turn.
struct Comparison {
    /// Long enough for connections, caches and the allocator to settle.
    private static let warmUp = Duration.milliseconds(500)

    let generator: LoadGenerator
    let duration: Duration
    let rounds: Int

    /// One figure of a workload.
    func measure(_ workload: Workload, callers: Int, _ targets: Targets) async throws -> Figure {
        let (parley, bare) = (targets.parley(workload, callers: callers), targets.bare(workload, callers: callers))
        return try await measure(
            name: "\(workload.rawValue).\(callers)",
            unit: "\(workload.rawValue)/s",
            parley: { try await generator.run(parley, for: $0) },
            bare: { try await generator.run(bare, for: $0) }
        )
    }

    /// One figure of two kinds of round, Parley's and that of its ceiling; the medians of the rounds.
    func measure(
        name: String,
        unit: String,
        parley: (Duration) async throws -> LoadResult,
        bare: (Duration) async throws -> LoadResult
    ) async throws -> Figure {
        _ = try await parley(Self.warmUp)
        _ = try await bare(Self.warmUp)
        var pairs: [(parley: LoadResult, bare: LoadResult)] = []
        for round in 0..<rounds {
            // Which comes first alternates, too: a neighbour's burst must not always hit the same one.
            if round.isMultiple(of: 2) {
                let first = try await parley(duration)
                pairs.append((first, try await bare(duration)))
            } else {
                let first = try await bare(duration)
                pairs.append((try await parley(duration), first))
            }
        }
        var latencies = Histogram<UInt64>.latencies
        for pair in pairs { latencies.add(pair.parley.latencies) }
        return Figure(
            name: name,
            value: median(pairs.map(\.parley.perSecond)),
            unit: unit,
            p50: latencies.milliseconds(atPercentile: 50),
            p99: latencies.milliseconds(atPercentile: 99),
            ceiling: median(pairs.map(\.bare.perSecond)),
            ratio: median(pairs.map { $0.parley.perSecond / $0.bare.perSecond }),
            serverMicroseconds: median(pairs.map(\.parley.serverMicroseconds)),
            ceilingMicroseconds: median(pairs.map(\.bare.serverMicroseconds)),
            generatorMicroseconds: median(pairs.map(\.parley.generatorMicroseconds))
        )
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
