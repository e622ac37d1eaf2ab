import Histogram

/// Measures a workload on Parley and on what is bare of it, turn by turn.
struct Comparison {
    /// Long enough for connections, caches and the allocator to settle.
    private static let warmUp = Duration.milliseconds(500)

    private typealias Pair = (parley: LoadResult, bare: LoadResult)

    let generator: LoadGenerator
    let duration: Duration
    let rounds: Int

    /// One figure of a workload, or two of turns.
    func measure(_ workload: Workload, callers: Int, _ targets: Targets) async throws -> [Figure] {
        let (parley, bare) = (targets.parley(workload, callers: callers), targets.bare(workload, callers: callers))
        let pairs = try await pairs(
            parley: { try await generator.run(parley, for: $0) },
            bare: { try await generator.run(bare, for: $0) }
        )
        guard workload == .turns else {
            return [rate(of: pairs, name: "\(workload.rawValue).\(callers)", unit: "\(workload.rawValue)/s")]
        }
        return turns(pairs, callers)
    }

    /// One figure of two kinds of round, Parley's and that of its ceiling; the medians of the rounds.
    func measure(
        name: String,
        unit: String,
        parley: (Duration) async throws -> LoadResult,
        bare: (Duration) async throws -> LoadResult
    ) async throws -> Figure {
        rate(of: try await pairs(parley: parley, bare: bare), name: name, unit: unit)
    }

    private func pairs(
        parley: (Duration) async throws -> LoadResult,
        bare: (Duration) async throws -> LoadResult
    ) async throws -> [Pair] {
        _ = try await parley(Self.warmUp)
        _ = try await bare(Self.warmUp)
        var pairs: [Pair] = []
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
        return pairs
    }

    private func rate(of pairs: [Pair], name: String, unit: String) -> Figure {
        let latencies = Self.latencies(of: pairs.map(\.parley))
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
            generatorMicroseconds: median(pairs.map(\.parley.generatorMicroseconds)),
            servers: Set(pairs.flatMap { $0.parley.servers.keys }).sorted()
                .map { server in
                    ServerTime(
                        name: server,
                        microseconds: median(pairs.map { $0.parley.microseconds(of: server) }),
                        ceilingMicroseconds: median(pairs.map { $0.bare.microseconds(of: server) })
                    )
                }
        )
    }

    /// Deltas in a second; and the time to the first one, of which the percentiles are what Parley adds.
    private func turns(_ pairs: [Pair], _ callers: Int) -> [Figure] {
        let deltas = Double(RequestTexts.deltasPerTurn)
        let (parley, bare) = (Self.latencies(of: pairs.map(\.parley)), Self.latencies(of: pairs.map(\.bare)))
        func added(_ percentile: Double) -> Double {
            parley.milliseconds(atPercentile: percentile) - bare.milliseconds(atPercentile: percentile)
        }
        let (own, ceiling) = (parley.milliseconds(atPercentile: 50), bare.milliseconds(atPercentile: 50))
        let server = median(pairs.map(\.parley.serverMicroseconds)) / deltas
        let bareServer = median(pairs.map(\.bare.serverMicroseconds)) / deltas
        let generator = median(pairs.map(\.parley.generatorMicroseconds)) / deltas
        return [
            Figure(
                name: "deltas.\(callers)",
                value: median(pairs.map(\.parley.perSecond)) * deltas,
                unit: "deltas/s",
                p50: own,
                p99: parley.milliseconds(atPercentile: 99),
                ceiling: median(pairs.map(\.bare.perSecond)) * deltas,
                ratio: median(pairs.map { $0.parley.perSecond / $0.bare.perSecond }),
                serverMicroseconds: server,
                ceilingMicroseconds: bareServer,
                generatorMicroseconds: generator
            ),
            Figure(
                name: "first.\(callers)",
                value: own,
                unit: "ms",
                p50: added(50),
                p99: added(99),
                ceiling: ceiling,
                ratio: own / ceiling,
                serverMicroseconds: server,
                ceilingMicroseconds: bareServer,
                generatorMicroseconds: generator
            ),
        ]
    }

    private static func latencies(of results: [LoadResult]) -> Histogram<UInt64> {
        var latencies = Histogram<UInt64>.latencies
        for result in results { latencies.add(result.latencies) }
        return latencies
    }

    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}
