import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    /// A midnight.
    private static let midnight = Timestamp(microseconds: 1_767_571_200_000_000)

    private static func line(
        at time: Timestamp,
        _ status: MessageStatus = .delivered,
        model: String? = "gull-2",
        latency: Int = 12,
        tokens: TokenUsage? = nil,
        in t: StoreUnderTest
    ) -> QueryLogEntry {
        QueryLogEntry(
            time: time,
            email: Identity.alice.email,
            department: nil,
            sessionID: nil,
            conversationID: t.id(),
            messageID: t.id(),
            model: model,
            latencyMilliseconds: latency,
            firstTokenMilliseconds: nil,
            tokensUsed: tokens,
            status: status
        )
    }

    @Test("Messages, people and conversations are counted on the days they are of", arguments: StoreFactory.all)
    func usageOfMessages(_ factory: StoreFactory) async throws {
        try await factory.withStore(tick: .microseconds(1)) { t in
            let span = UsageSpan(days: 3, through: Self.midnight + .seconds(86_400))
            #expect(span.start == Self.midnight + .seconds(-86_400))
            #expect(try await t.usage.usage(of: span) == Usage(of: span))

            // The last moment before the first day, and the first one after the last.
            for time in [span.start + .seconds(-60), span.end] {
                t.clock.set(time)
                try await t.conversation(holding: ["outside"], as: .bob)
            }
            t.clock.set(span.start)
            let project = try await t.sharedProject()
            let first = try await t.conversation(holding: ["one", "two"], in: project.id).id
            let said = NewMessage(role: .user, content: "three", metadata: ["from": "a program"])
            _ = try await t.append([said], to: first, as: .bob)
            t.clock.set(span.end + .seconds(-60))
            try await t.say(["four"], in: first)
            let answers: [NewMessage] = [
                NewMessage(role: .assistant, content: "five"), NewMessage(role: .system, content: "six"),
                NewMessage(role: .tool, content: "seven"),
            ]
            _ = try await t.append(answers, to: first)
            let gone = try await t.conversation(holding: ["eight"], as: .bob).id
            _ = try await t.store.deleteConversation(gone, expectedRevision: nil, as: .bob)

            var expected = Usage(of: span)
            expected.add(conversations: 1, on: 0)
            expected.add(messages: 3, by: .user, on: 0)
            for role in MessageRole.allCases { expected.add(messages: 1, by: role, on: 2) }
            expected.days[0].people = 2
            expected.days[2].people = 1
            expected.total.people = 2
            #expect(try await t.usage.usage(of: span) == expected)
            #expect(try await t.usage.usage(of: span.before).total.messages == [.user: 1])
        }
    }

    @Test("Replies are counted by model and day, with their tokens and how long they took", arguments: StoreFactory.all)
    func usageOfReplies(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let span = UsageSpan(days: 2, through: Self.midnight)
            let (early, late) = (span.start, span.end + .microseconds(-1))
            var expected = Usage(of: span)
            for (day, time) in [early, late].enumerated() {
                for latency in [0, 99, 100, 101, 1234, 98_765, 3_600_001] {
                    let tokens = TokenUsage(prompt: 5, completion: latency)
                    let line = Self.line(at: time, latency: latency, tokens: tokens, in: t)
                    try await t.queryLog.record(line)
                    expected.add(
                        ReplyFigures(
                            count: 1,
                            status: .delivered,
                            promptTokens: 5,
                            completionTokens: latency,
                            latencyStep: LatencyHistogram.stepStart(of: latency),
                            latencySum: latency
                        ),
                        of: "gull-2",
                        on: day
                    )
                }
            }
            for (status, model) in [(MessageStatus.failed, nil), (.interrupted, "gull-2"), (.failed, "gull-2")] {
                try await t.queryLog.record(Self.line(at: late, status, model: model, latency: 7, in: t))
                let replies = ReplyFigures(
                    count: 1,
                    status: status,
                    promptTokens: 0,
                    completionTokens: 0,
                    latencyStep: 7,
                    latencySum: 7
                )
                expected.add(replies, of: model, on: 1)
            }
            for time in [span.start + .microseconds(-1), span.end] {
                try await t.queryLog.record(Self.line(at: time, in: t))
            }
            let usage = try await t.usage.usage(of: span)
            #expect(usage == expected)
            let gull = try #require(usage.days[1].models["gull-2"])
            #expect((gull.count, gull.failed, gull.interrupted) == (9, 1, 1))
            #expect(gull.latency.count == 7, "what failed or was interrupted says nothing of how long answers take")
            #expect(usage.total.replies.count == 17)
        }
    }
}
