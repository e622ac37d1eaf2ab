/// Days in a row, each from midnight to midnight in UTC.
public struct UsageSpan: Hashable, Sendable {
    /// How long a day is, in microseconds.
    public static let dayMicroseconds: Int64 = 86_400_000_000

    /// The first midnight.
    public let start: Timestamp
    /// How many days.
    public let dayCount: Int

    private init(start: Timestamp, dayCount: Int) {
        self.start = start
        self.dayCount = dayCount
    }

    /// So many days, the last of which holds `now`.
    public init(days: Int, through now: Timestamp) {
        let days = max(1, days)
        let inDay = now.microseconds % Self.dayMicroseconds
        let midnight = now.microseconds - (inDay < 0 ? inDay + Self.dayMicroseconds : inDay)
        start = Timestamp(microseconds: midnight - Int64(days - 1) * Self.dayMicroseconds)
        dayCount = days
    }

    /// The midnight after the last day.
    public var end: Timestamp { startOfDay(dayCount) }

    /// As many days, right before.
    public var before: UsageSpan { UsageSpan(start: startOfDay(-dayCount), dayCount: dayCount) }

    /// When a day begins; the first is 0.
    public func startOfDay(_ index: Int) -> Timestamp {
        Timestamp(microseconds: start.microseconds + Int64(index) * Self.dayMicroseconds)
    }

    /// Which of the days a time lies in; none where it lies in no one of them.
    public func day(of time: Timestamp) -> Int? {
        guard time >= start, time < end else { return nil }
        return Int((time.microseconds - start.microseconds) / Self.dayMicroseconds)
    }
}

/// What was done on some days, in numbers only: no text, no title and no address.
public struct Usage: Hashable, Sendable {
    /// Each of the days, oldest first, those without anything included.
    public var days: [UsageFigures]
    /// All of them together; who wrote on two days is one person.
    public var total: UsageFigures

    /// Nothing at all, on every day of a span.
    public init(of span: UsageSpan) {
        days = Array(repeating: UsageFigures(), count: span.dayCount)
        total = UsageFigures()
    }

    /// Adds messages to a day and to the total.
    public mutating func add(messages count: Int, by role: MessageRole, on day: Int) {
        guard days.indices.contains(day), count > 0 else { return }
        days[day].messages[role, default: 0] += count
        total.messages[role, default: 0] += count
    }

    /// Adds new conversations to a day and to the total.
    public mutating func add(conversations count: Int, on day: Int) {
        guard days.indices.contains(day) else { return }
        days[day].conversations += count
        total.conversations += count
    }

    /// Adds replies of a model to a day and to the total.
    public mutating func add(_ replies: ReplyFigures, of model: String?, on day: Int) {
        guard days.indices.contains(day) else { return }
        days[day].models[model, default: ReplyFigures()].add(replies)
        total.models[model, default: ReplyFigures()].add(replies)
    }
}

/// What was done in a day, or in several.
public struct UsageFigures: Hashable, Sendable {
    /// Messages by who wrote them.
    ///
    /// Those that are still there, deleted ones with their place in a conversation included; a fork's copies count on the
    /// days of their originals.
    public var messages: [MessageRole: Int] = [:]
    /// How many people wrote something.
    public var people = 0
    /// Conversations that were begun and are still there.
    public var conversations = 0
    /// Replies that ended, by the model that wrote them; none where it is not known.
    public var models: [String?: ReplyFigures] = [:]

    /// Nothing.
    public init() {}

    /// The replies of all models.
    public var replies: ReplyFigures {
        models.values.reduce(into: ReplyFigures()) { $0.add($1) }
    }
}

/// How replies ended, what they cost and how long they took.
public struct ReplyFigures: Hashable, Sendable {
    /// All that ended.
    public var count = 0
    /// Those of them that failed.
    public var failed = 0
    /// Those of them that were interrupted.
    public var interrupted = 0
    /// Tokens of what the model was given.
    public var promptTokens = 0
    /// Tokens of what the model wrote.
    public var completionTokens = 0
    /// How long those that were delivered took, from the turn's beginning to its end.
    public var latency = LatencyHistogram()

    /// Nothing.
    public init() {}

    /// Replies that ended alike and took about as long.
    public init(
        count: Int,
        status: MessageStatus,
        promptTokens: Int,
        completionTokens: Int,
        latencyStep: Int,
        latencySum: Int
    ) {
        self.count = count
        if status == .failed { failed = count }
        if status == .interrupted { interrupted = count }
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        // How soon a failure came says nothing of how long an answer takes.
        if status == .delivered { latency.add(count: count, inStepAt: latencyStep, sum: latencySum) }
    }

    /// Adds others.
    public mutating func add(_ other: ReplyFigures) {
        count += other.count
        failed += other.failed
        interrupted += other.interrupted
        promptTokens += other.promptTokens
        completionTokens += other.completionTokens
        latency.add(other.latency)
    }
}
