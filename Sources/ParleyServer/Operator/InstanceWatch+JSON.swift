import ParleyCore
import ParleyLive
import ParleyMetrics

extension JSONWriter {
    /// How an instance is doing.
    mutating func instance(_ watch: InstanceWatch) {
        let counts = watch.counts()
        object { writer in
            writer.member("instance", watch.instance)
            writer.member("version", watch.version)
            writer.member("started_at", watch.startedAt)
            writer.member("uptime_seconds", Int(watch.uptime / .seconds(1)))
            writer.name("live")
            writer.live(watch)
            writer.name("requests")
            writer.requests(watch.sources.metrics, counts)
            if watch.hasCache {
                writer.name("cache")
                writer.object {
                    $0.member("hits", Int(counts.cacheHits))
                    $0.member("misses", Int(counts.cacheMisses))
                    $0.member("rate", .real(counts.cacheRate))
                }
            }
            writer.name("replies")
            writer.replies(watch)
            writer.name("store")
            writer.operations(watch.sources.metrics)
            writer.name("slow_statements")
            writer.slowStatements(watch)
            writer.name("series")
            writer.series(watch)
        }
    }

    private mutating func live(_ watch: InstanceWatch) {
        let live = watch.sources.live()
        object {
            $0.member("sockets", live.sockets)
            $0.member("streams", live.streams)
            $0.member("people", live.people)
        }
    }

    private mutating func requests(_ metrics: MetricReader, _ counts: InstanceCounts) {
        // By the first digit: 2 is of all that went well.
        let classes = metrics.totals(of: .httpRequests, by: "status")
            .reduce(into: [Int: Double]()) { $0[(Int($1.key) ?? 0) / 100, default: 0] += $1.value }
        object { writer in
            writer.member("total", Int(counts.requests))
            writer.name("by_status")
            writer.object {
                $0.member("1xx", Int(classes[1] ?? 0))
                $0.member("2xx", Int(classes[2] ?? 0))
                $0.member("3xx", Int(classes[3] ?? 0))
                $0.member("4xx", Int(classes[4] ?? 0))
                $0.member("5xx", Int(classes[5] ?? 0))
            }
        }
    }

    private mutating func replies(_ watch: InstanceWatch) {
        let outcomes = watch.sources.metrics.totals(of: .replies, by: "outcome")
        func count(_ outcome: ReplyMetrics.Outcome) -> Int { Int(outcomes[outcome.rawValue] ?? 0) }
        object {
            $0.member("running", watch.sources.runningReplies())
            $0.member("delivered", count(.delivered))
            $0.member("stopped", count(.stopped))
            $0.member("failed", count(.failed))
            $0.member("interrupted", count(.interrupted) + count(.lost) + count(.gaveUp) + count(.cutOff))
        }
    }

    /// What the store was asked, what took longest in all first.
    private mutating func operations(_ metrics: MetricReader) {
        let failures = metrics.readings(of: .storeOperations)
            .filter { ["unavailable", "failed"].contains($0.labels["outcome"]) }
            .reduce(into: [String: Double]()) { $0[$1.labels["operation"] ?? "", default: 0] += $1.number }
        let operations = metrics.readings(of: .storeDurations)
            .compactMap { reading in reading.histogram.map { (reading.labels["operation"] ?? "", $0) } }
            .filter { $0.1.count > 0 }
            .sorted { ($0.1.sum, $1.0) > ($1.1.sum, $0.0) }
        array { writer in
            for (operation, durations) in operations {
                writer.object {
                    $0.member("operation", operation)
                    $0.member("count", durations.count)
                    $0.member("failed", Int(failures[operation] ?? 0))
                    $0.member("mean_ms", .real(durations.sum / Double(durations.count) * 1000))
                    $0.member("p50_ms", .real(durations.percentile(50).map { $0 * 1000 }))
                    $0.member("p95_ms", .real(durations.percentile(95).map { $0 * 1000 }))
                }
            }
        }
    }

    private mutating func slowStatements(_ watch: InstanceWatch) {
        let now = watch.now
        object { writer in
            writer.member("threshold_ms", Int(watch.sources.slowStatement / .milliseconds(1)))
            writer.name("statements")
            writer.array { writer in
                for entry in watch.sources.slowStatements.entries {
                    writer.object {
                        $0.member("name", entry.name)
                        $0.member("count", entry.count)
                        $0.member("slowest_ms", Int(entry.slowest / .milliseconds(1)))
                        $0.member("last_at", now + (.zero - entry.ago))
                    }
                }
            }
        }
    }

    private mutating func series(_ watch: InstanceWatch) {
        object { writer in
            writer.member("interval_seconds", Int(Limits.instanceSampleInterval / .seconds(1)))
            writer.name("samples")
            writer.array { writer in
                for sample in watch.samples {
                    writer.object {
                        $0.member("at", sample.at)
                        $0.member("connections", sample.connections)
                        $0.member("people", sample.people)
                        $0.member("requests_per_second", .real(sample.requestRate))
                        $0.member("cache_rate", .real(sample.cacheRate))
                        $0.member("running_replies", sample.runningReplies)
                        $0.member("failed_replies", sample.failedReplies)
                        $0.member("slow_statements", sample.slowStatements)
                    }
                }
            }
        }
    }
}

extension JSON {
    /// A number that need not be whole, to three digits behind the point; none where there is none.
    fileprivate static func real(_ value: Double?) -> JSON? {
        guard let value else { return nil }
        return JSONNumber((value * 1000).rounded() / 1000).map { .number($0) }
    }
}
