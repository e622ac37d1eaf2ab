import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("The rules by which a reply is written")
struct ReplyStateMachineTests {
    // What is done when something happens in a state; nothing where an event is missing. `0:x` commits x at index 0.
    private static let table: [Situation: [Happening: String]] = [
        .new: [
            .text: "call, 0:x", .model: "call", .ended: "failed", .failed: "failed", .stop: "stopped",
            .park: "interrupted", .woken: "call", .stored: "call", .storedStop: "call", .finished: "call",
            .leaseLost: "call", .unavailable: "call", .broken: "call",
        ],
        .silent: [
            .text: "0:x", .ended: "failed", .failed: "failed", .stop: "hang up, stopped", .park: "hang up, interrupted",
        ],
        .gathering: [.ended: "1:b", .failed: "1:b", .stop: "hang up, 1:b", .park: "hang up, 1:b"],
        .committing: [
            .stop: "hang up", .park: "hang up", .storedStop: "hang up, stopped", .leaseLost: "hang up, lost",
            .broken: "hang up, gave up",
        ],
        .renewing: [
            .stop: "hang up", .park: "hang up", .storedStop: "hang up, stopped", .leaseLost: "hang up, lost",
            .broken: "hang up, gave up",
        ],
        .waitingToRetry: [.stop: "hang up", .park: "hang up"],
        .finishing: [.finished: "done", .leaseLost: "lost", .broken: "gave up"],
        .finished: Dictionary(uniqueKeysWithValues: Happening.allCases.map { ($0, "done") }),
        .lost: Dictionary(uniqueKeysWithValues: Happening.allCases.map { ($0, "lost") }),
    ]

    @Test("Every event in every state has its answer", arguments: Situation.allCases, Happening.allCases)
    func table(state: Situation, event: Happening) {
        var machine = state.machine
        machine.receive(event.event, at: Situation.now)
        #expect(summary(of: &machine, at: Situation.now) == Self.table[state]?[event] ?? "")
    }

    @Test("The first piece is committed at once, what comes after it every interval, in one piece")
    func pacing() {
        var machine = Situation.gathering.machine
        machine.receive(.chunk(.text("c")), at: .milliseconds(15))
        #expect(actions(of: &machine, at: .milliseconds(15)) == [])
        #expect(machine.wakeAt == .milliseconds(20))
        #expect(actions(of: &machine, at: .milliseconds(20)) == [.ask(.commit("bc", index: 1))])
        machine.receive(.chunk(.text("d")), at: .milliseconds(21))
        #expect(machine.uncommittedBytes == 3)
        machine.receive(.stored(.held), at: .milliseconds(45))
        #expect(machine.uncommittedBytes == 1)
        #expect(actions(of: &machine, at: .milliseconds(45)) == [.ask(.commit("d", index: 2))])
    }

    @Test("A silent reply's lease is renewed, and every answer of the store puts the next renewal off")
    func renewal() {
        var machine = Situation.silent.machine
        #expect(machine.wakeAt == .seconds(3))
        #expect(actions(of: &machine, at: .seconds(3)) == [.ask(.renew)])
        #expect(machine.wakeAt == nil)
        machine.receive(.stored(.held), at: .seconds(4))
        #expect(machine.wakeAt == .seconds(7))
        machine.receive(.chunk(.text("a")), at: .seconds(6))
        #expect(actions(of: &machine, at: .seconds(6)) == [.ask(.commit("a", index: 0))])
        machine.receive(.stored(.held), at: .seconds(6))
        #expect(machine.wakeAt == .seconds(9))
    }

    @Test("A store that can't be reached is asked the same again after growing waits, and given up in the end")
    func retries() {
        var machine = Situation.committing.machine
        var now = Duration.zero
        var waits: [Duration] = []
        while machine.closing == nil, waits.count < 100 {
            machine.receive(.chunk(.text("b")), at: now)
            machine.receive(.refused(.unavailable), at: now)
            guard let retryAt = machine.wakeAt else { break }
            waits.append(retryAt - now)
            now = retryAt
            #expect(actions(of: &machine, at: now) == [.ask(.commit("a", index: 0))])
        }
        #expect(waits == [100, 200, 400, 800, 1600, 2000, 2000, 2000].map { .milliseconds($0) })
        #expect(machine.closing == .gaveUp)
        #expect(actions(of: &machine, at: now) == [.endProvider])
    }

    @Test("What was gathered while the store was away goes into the next piece")
    func gatheredWhileAway() {
        var machine = Situation.waitingToRetry.machine
        machine.receive(.chunk(.text("b")), at: .milliseconds(50))
        #expect(actions(of: &machine, at: .milliseconds(100)) == [.ask(.commit("a", index: 0))])
        machine.receive(.stored(.held), at: .milliseconds(101))
        #expect(actions(of: &machine, at: .milliseconds(101)) == [.ask(.commit("b", index: 1))])
    }

    @Test("Text past the longest ends the reply within a whole character, as the model's own limit would")
    func tooLong() throws {
        var machine = ReplyStateMachine(pacing: ReplyPacing(contentBytes: 6))
        #expect(actions(of: &machine, at: .zero) == [.callProvider])
        machine.receive(.chunk(.text("aé€€")), at: .zero)
        #expect(actions(of: &machine, at: .zero) == [.endProvider, .ask(.commit("aé€", index: 0))])
        machine.receive(.stored(.held), at: .zero)
        let outcome = try #require(finish(&machine))
        #expect(outcome.status == .delivered)
        #expect(outcome.metadata["finish_reason"] == "length")
    }

    @Test(
        "Why a model stopped is kept, unless it had simply finished",
        arguments: ["stop", "length", "content_filter"]
    )
    func finishReason(reason: String) throws {
        var machine = Situation.silent.machine
        machine.receive(.chunk(.text("a")), at: .zero)
        machine.receive(.chunk(.finishReason(reason)), at: .zero)
        machine.receive(.providerEnded, at: .zero)
        _ = actions(of: &machine, at: .zero)
        machine.receive(.stored(.held), at: .zero)
        let outcome = try #require(finish(&machine))
        #expect(outcome.metadata["finish_reason"] == (reason == "stop" ? nil : .string(reason)))
        #expect(outcome.status == .delivered)
    }

    @Test("An answer without a word has failed, unless the model says why")
    func emptyAnswer() throws {
        var silent = Situation.silent.machine
        silent.receive(.providerEnded, at: .zero)
        let failed = try #require(finish(&silent))
        #expect(failed.metadata["error"]?["code"] == "upstream_error")
        #expect(failed.tokensUsed == nil)
        var filtered = Situation.silent.machine
        filtered.receive(.chunk(.finishReason("content_filter")), at: .zero)
        filtered.receive(.providerEnded, at: .zero)
        #expect(finish(&filtered)?.status == .delivered)
    }

    @Test("Model, cost and time are those the provider tells; a cost it does not tell is estimated, and marked so")
    func accounts() throws {
        var machine = Situation.silent.machine
        machine.receive(.prompted(bytes: 10), at: .zero)
        machine.receive(.chunk(.model("m")), at: .zero)
        machine.receive(.chunk(.text("12345")), at: .zero)
        machine.receive(.providerEnded, at: .zero)
        _ = actions(of: &machine, at: .zero)
        machine.receive(.stored(.held), at: .milliseconds(1234))
        var told = machine
        let estimated = try #require(finish(&machine, at: .milliseconds(1234)))
        #expect(estimated.model == "m")
        #expect(estimated.latencyMilliseconds == 1234)
        #expect(estimated.tokensUsed == TokenUsage(prompt: 3, completion: 2))
        #expect(estimated.metadata["tokens_estimated"] == true)
        // The end was on its way when the cost came: too late, and nothing is asked twice.
        told.receive(.chunk(.usage(TokenUsage(prompt: 7, completion: 9))), at: .milliseconds(1234))
        #expect(finish(&told, at: .milliseconds(1234))?.tokensUsed == estimated.tokensUsed)
        var prompt = Situation.silent.machine
        prompt.receive(.chunk(.usage(TokenUsage(prompt: 7, completion: 9))), at: .zero)
        prompt.receive(.stopRequested, at: .zero)
        let exact = try #require(finish(&prompt))
        #expect(exact.tokensUsed == TokenUsage(prompt: 7, completion: 9))
        #expect(exact.metadata["tokens_estimated"] == nil)
    }

    @Test("The time to the first token counts from the reply's beginning to the first word, said or thought")
    func firstToken() throws {
        var machine = Situation.silent.machine
        machine.receive(.chunk(.model("m")), at: .milliseconds(5))
        machine.receive(.chunk(.reasoning("Hm.")), at: .milliseconds(70))
        machine.receive(.chunk(.text("a")), at: .milliseconds(90))
        machine.receive(.stopRequested, at: .milliseconds(95))
        _ = actions(of: &machine, at: .milliseconds(95))
        machine.receive(.stored(.held), at: .milliseconds(96))
        let outcome = try #require(finish(&machine, at: .milliseconds(96)))
        #expect(outcome.firstTokenMilliseconds == 70)
        #expect(outcome.metadata["time_to_first_token_ms"] == 70)
        var silent = Situation.silent.machine
        silent.receive(.providerEnded, at: .milliseconds(5))
        #expect(finish(&silent)?.metadata["time_to_first_token_ms"] == nil)
    }

    @Test("What comes besides text is in the outcome; a call without a word is an answer")
    func besidesText() throws {
        var machine = Situation.silent.machine
        let call = ToolCall(id: "1", name: "look", arguments: #"{"at":"birds"}"#)
        for chunk: ReplyChunk in [
            .reasoning("Let me "), .reasoning("look."), .toolCall(call),
            .toolResult(ToolResult(callID: "1", name: "look", content: "A gull", isError: true)),
            .contexts([["title": "Birds"]]), .structured(["user_explanation": "x"], confidence: 7),
        ] {
            machine.receive(.chunk(chunk), at: .zero)
        }
        machine.receive(.providerEnded, at: .zero)
        let outcome = try #require(finish(&machine))
        #expect(outcome.status == .delivered)
        #expect(
            outcome.parts == [
                ["type": "reasoning", "text": "Let me look."],
                ["type": "tool_call", "id": "1", "name": "look", "arguments": #"{"at":"birds"}"#],
                [
                    "type": "tool_result", "tool_call_id": "1", "name": "look", "content": "A gull", "is_error": true,
                ],
            ]
        )
        #expect(outcome.parts?.compactMap(ToolCall.init(part:)) == [call])
        #expect(outcome.contexts == [["title": "Birds"]])
        #expect(outcome.aiResponse == ["user_explanation": "x"] && outcome.confidence == 1)
    }

    @Test("What comes besides text keeps to its room, whatever a model sends")
    func extrasKeepToTheirRoom() {
        for seed in UInt64(1)...200 {
            var random = SplitMix64(seed: seed)
            var extras = ReplyExtras(limitBytes: 4096)
            for index in 0..<60 {
                let text = String(repeating: "\n\"é", count: Int(random.next() % 300))
                switch random.next() % 5 {
                case 0: extras.think(text)
                case 1: extras.add(ToolCall(id: "\(index)", name: "look", arguments: text))
                case 2: extras.add(ToolResult(callID: "\(index)", name: "look", content: text))
                case 3: extras.contexts.append(["text": .string(text)])
                default: extras.answer = .string(text)
                }
            }
            var outcome = ReplyOutcome(status: .delivered)
            extras.complete(&outcome)
            let values = [outcome.parts.map(JSON.array), outcome.contexts.map(JSON.array), outcome.aiResponse]
            #expect(values.compactMap { $0?.serialized.count }.reduce(0, +) <= 4096, "seed \(seed)")
            let isSomething = outcome.parts != nil || outcome.contexts != nil || outcome.aiResponse != nil
            #expect(isSomething, "seed \(seed)")
        }
    }

    @Test("A failure is told in words for the client; a foreign error's own words stay inside")
    func failures() throws {
        struct Secret: Error {}
        let known = ReplyFailure(ParleyError(.unavailable, "Try again.", cause: Secret()))
        #expect(known.code == "unavailable")
        #expect(known.message == "Try again.")
        #expect(ReplyFailure(Secret()).code == "upstream_error")
        #expect(!ReplyFailure(Secret()).message.contains("Secret"))
    }

    @Test("U+0000 in what a model sends besides text is replaced as well")
    func noNULInExtras() throws {
        var machine = ReplyStateMachine()
        let chunks: [ReplyChunk] = [
            .reasoning("h\0m"), .toolCall(ToolCall(id: "1", name: "l\0k", arguments: "\0")),
            .toolResult(ToolResult(callID: "1", name: "l\0k", content: "r\0")), .contexts([["t\0": ["\0"]]]),
            .structured(["a": "\0"], confidence: 1), .text("x"),
        ]
        for chunk in chunks { machine.receive(.chunk(chunk), at: .zero) }
        let failure = ReplyFailure(ParleyError(.upstreamError, "It said \0."))
        machine.receive(.providerFailed(failure), at: .zero)
        _ = actions(of: &machine, at: .zero)
        machine.receive(.stored(.held), at: .zero)
        guard case .ask(.finish(let outcome))? = actions(of: &machine, at: .zero).last else {
            Issue.record("The reply has ended.")
            return
        }
        let kept = [outcome.parts.map(JSON.array), outcome.contexts.map(JSON.array), outcome.aiResponse]
        for value in kept { #expect(try #require(value).isStorable) }
        #expect(outcome.parts?.first?["text"] == "h\u{FFFD}m")
        #expect(JSON.object(outcome.metadata).isStorable)
    }

    @Test("Usage that is estimated is marked so")
    func estimatedUsage() throws {
        let usage = TokenUsage(prompt: 300, completion: 20)
        for (chunk, isMarked) in [(ReplyChunk.usage(usage), false), (.estimatedUsage(usage), true)] {
            var machine = ReplyStateMachine()
            for chunk in [.text("x"), chunk] { machine.receive(.chunk(chunk), at: .zero) }
            _ = actions(of: &machine, at: .zero)
            machine.receive(.providerEnded, at: .zero)
            machine.receive(.stored(.held), at: .zero)
            guard case .ask(.finish(let outcome))? = actions(of: &machine, at: .zero).last else {
                Issue.record("The reply has ended.")
                continue
            }
            #expect(outcome.tokensUsed == usage)
            #expect((outcome.metadata["tokens_estimated"] == true) == isMarked)
        }
    }

    @Test("U+0000, which not every store can hold, becomes U+FFFD")
    func noNUL() {
        var machine = Situation.silent.machine
        machine.receive(.chunk(.text("a\0b")), at: .zero)
        #expect(actions(of: &machine, at: .zero) == [.ask(.commit("a\u{FFFD}b", index: 0))])
    }

    @Test("Whatever happens in whatever order: one question at a time, all text once and in order, one end")
    func anyOrder() {
        for seed in UInt64(1)...400 {
            var random = SplitMix64(seed: seed)
            var walk = RandomWalk()
            for step in 0..<60 { walk.step(Duration.milliseconds(step * 7), using: &random) }
            walk.end(at: .seconds(60))
            #expect(walk.problems == [], "seed \(seed)")
        }
    }

    private func finish(_ machine: inout ReplyStateMachine, at now: Duration = .zero) -> ReplyOutcome? {
        for case .ask(.finish(let outcome)) in actions(of: &machine, at: now) { return outcome }
        return nil
    }
}

/// A model of what may ever come of a reply, told and asked at random.
private struct RandomWalk {
    private var machine = ReplyStateMachine()
    private var asked: ReplyStateMachine.Request?
    private var accepted = ""
    private var committed = ""
    private var pieces = 0
    private var isCalled = false
    private var isHungUp = false
    private var isEnding = false
    private(set) var problems: [String] = []

    mutating func step(_ now: Duration, using random: inout SplitMix64) {
        let events: [ReplyStateMachine.Event] = [
            .chunk(.text("é\(random.next() % 10)")), .chunk(.text("x")), .chunk(.finishReason("stop")), .woken,
            .stored(.held), .stored(.held), .refused(.unavailable),
            random.next() % 30 == 0 ? .providerEnded : .woken,
            random.next() % 30 == 0 ? .stopRequested : .woken,
            random.next() % 30 == 0 ? .stored(.stopRequested) : .woken,
        ]
        tell(events[Int(random.next() % UInt64(events.count))], at: now)
        act(at: now)
    }

    mutating func end(at now: Duration) {
        var now = now
        tell(.providerEnded, at: now)
        for _ in 0..<50 where machine.closing == nil {
            now += .seconds(3)
            act(at: now)
            if case .finish? = asked { tell(.finished, at: now) } else { tell(.stored(.held), at: now) }
        }
        switch machine.closing {
        case .finished:
            if !committed.utf8.elementsEqual(accepted.utf8) { problems.append("\(committed) is not \(accepted)") }
        case .gaveUp: break
        case .leaseLost, nil: problems.append("ended as \(String(describing: machine.closing))")
        }
        if isCalled, !isEnding, !isHungUp { problems.append("the provider was never let go") }
    }

    private mutating func tell(_ event: ReplyStateMachine.Event, at now: Duration) {
        switch event {
        case .chunk(.text(let text)): if !isEnding { accepted += text }
        case .stored(let lease):
            guard let asked else { break }
            if case .finish = asked { break }
            if case .commit(let text, _) = asked {
                committed += text
                pieces += 1
            }
            self.asked = nil
            if lease == .stopRequested { isEnding = true }
        case .refused: asked = nil
        case .providerEnded, .stopRequested: isEnding = true
        default: break
        }
        machine.receive(event, at: now)
    }

    private mutating func act(at now: Duration) {
        for action in actions(of: &machine, at: now) {
            switch action {
            case .callProvider:
                if isCalled || isEnding { problems.append("called twice, or too late") }
                isCalled = true
            case .endProvider:
                if isHungUp || !isCalled { problems.append("hung up twice, or before the call") }
                isHungUp = true
            case .ask(let request):
                if asked != nil { problems.append("asked \(request) while \(String(describing: asked)) was under way") }
                asked = request
                if case .commit(let text, let index) = request, index != pieces || text.isEmpty {
                    problems.append("piece \(index) in place of \(pieces)")
                }
            }
        }
    }
}
