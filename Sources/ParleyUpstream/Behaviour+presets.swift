import ParleyCore

extension Behaviour {
    /// Behaviours with names: `fault/<name>` as a model, or `[[<name>]]` in the last message.
    public static let presets: [(name: String, behaviour: Behaviour)] = [
        ("429", .status(429, retryAfter: 1)),
        ("429-once", .status(429, retryAfter: 1, times: 1)),
        (
            "429-date",
            Behaviour {
                $0.status = 429
                $0.retryAfter = 1
                $0.sendsRetryDate = true
                $0.times = 1
            }
        ),
        ("429-long", .status(429, retryAfter: 3600)),
        ("500", .status(500)),
        ("500-once", .status(500, times: 1)),
        ("502-once", .status(502, times: 1)),
        ("503-once", .status(503, times: 1)),
        ("drop-once", Behaviour { $0.drop = .fin }.times(1)),
        ("slow-start", Behaviour { $0.firstTokenDelay = .seconds(3) }),
        ("slow", Behaviour { $0.chunkDelay = .milliseconds(200) }),
        ("rst", .ending(.cut(.rst), after: 3)),
        ("fin", .ending(.cut(.fin), after: 3)),
        ("error", .ending(.error, after: 3)),
        ("malformed", .ending(.malformed, after: 3)),
        ("unfinished", .ending(.end, after: 3)),
        ("split", Behaviour { $0.splits = true }),
        ("comments", Behaviour { $0.comments = true }),
        ("stale", Behaviour { $0.closesNext = true }),
        ("long", Behaviour { $0.lengthBytes = 4 * 1024 * 1024 }),
        ("endless", Behaviour { $0.isEndless = true }),
        ("hold", Behaviour { $0.holds = true }),
        ("reasoning", Behaviour { $0.reasoning = "The person wants to know something. I know it." }),
        (
            "contexts",
            Behaviour { $0.contexts = [["title": "A page", "text": "What it says.", "source": "page.md", "score": 1]] }
        ),
        ("no-usage", Behaviour { $0.tellsUsage = false }),
        ("length", Behaviour { $0.finishReason = "length" }),
        ("content-filter", Behaviour { $0.finishReason = "content_filter" }),
        ("no-schema", Behaviour { $0.refusesFormat = 400 }),
    ]
}
