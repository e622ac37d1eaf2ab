public import ParleyCore

extension MemoryStore: UsageStore {
    /// What was done on some days.
    public func usage(of span: UsageSpan) -> Usage {
        read { state, _ in
            var usage = Usage(of: span)
            var people: [Int: Set<EmailAddress>] = [:]
            for conversation in state.conversations.values {
                if let day = span.day(of: conversation.fields.createdAt) { usage.add(conversations: 1, on: day) }
                for stored in conversation.log {
                    guard let day = span.day(of: stored.message.createdAt) else { continue }
                    usage.add(messages: 1, by: stored.message.role, on: day)
                    if let author = stored.message.author { people[day, default: []].insert(author) }
                }
            }
            for (day, people) in people { usage.days[day].people = people.count }
            usage.total.people = people.values.reduce(into: Set()) { $0.formUnion($1) }.count
            for line in state.queryLog {
                guard let day = span.day(of: line.time) else { continue }
                let replies = ReplyFigures(
                    count: 1,
                    status: line.status,
                    promptTokens: line.tokensUsed?.prompt ?? 0,
                    completionTokens: line.tokensUsed?.completion ?? 0,
                    latencyStep: LatencyHistogram.stepStart(of: line.latencyMilliseconds),
                    latencySum: line.latencyMilliseconds
                )
                usage.add(replies, of: line.model, on: day)
            }
            return usage
        }
    }
}
