import ParleyChat
import ParleyCore
import ParleyStore
import ParleyTesting
import ParleyUpstream
import Testing

@Suite("A turn, whatever the model's server does", .timeLimit(.minutes(15)))
struct FaultTests {
    /// How much of the answer is kept.
    enum Kept: Sendable {
        case all
        case deltas(Int)
        case nothing
    }

    /// What the server does, and what becomes of the turn.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let behaviour: Behaviour
        var kept = Kept.all
        /// Part of `metadata.error.message`; a turn without one is delivered.
        var error: String?
        var finishReason: String?
        var requests = 1

        init(_ name: String, _ behaviour: Behaviour, _ change: (inout Fault) -> Void = { _ in }) {
            testDescription = name
            self.behaviour = behaviour
            change(&self)
        }

        /// One that fails.
        static func failing(
            _ name: String,
            _ behaviour: Behaviour,
            _ error: String,
            kept: Kept = .nothing,
            requests: Int = 1
        ) -> Fault {
            Fault(name, behaviour) {
                $0.error = error
                $0.kept = kept
                $0.requests = requests
            }
        }

        /// One that is overcome by asking again.
        static func passing(_ name: String, _ behaviour: Behaviour, requests: Int = 2) -> Fault {
            Fault(name, behaviour) { $0.requests = requests }
        }
    }

    private static let dropped = Behaviour { $0.drop = .fin }
    private static let reset = Behaviour { $0.drop = .rst }

    static let faults = [
        Fault("none", Behaviour()),
        Fault("a slow first token", Behaviour { $0.firstTokenDelay = .milliseconds(30) }),
        Fault("slow chunks", Behaviour { $0.chunkDelay = .milliseconds(2) }),
        .passing("429 once", .status(429, times: 1)),
        .passing("429 with Retry-After once", .status(429, retryAfter: 0, times: 1)),
        .passing("500 once", .status(500, times: 1)),
        .passing("502 once", .status(502, times: 1)),
        .passing("503 three times", .status(503, times: 3), requests: 4),
        .failing("429 for good", .status(429), "answered 429: Rate limit reached", requests: 4),
        .failing("500 for good", .status(500), "answered 500: The server had an error", requests: 4),
        .failing("closed before the answer", dropped, "closed the connection without an answer"),
        .failing("reset before the answer", reset, "closed the connection without an answer"),
        .failing("429 for an hour", .status(429, retryAfter: 3600), "left alone for 3600 seconds"),
        .failing("400", .status(400), "answered 400"),
        .failing("403", .status(403), "answered 403"),
        .failing("broken off at once", .ending(.cut(.fin), after: 0), "broke off"),
        .failing("broken off", .ending(.cut(.fin), after: 3), "broke off", kept: .deltas(3)),
        .failing("ended without a reason", .ending(.end, after: 3), "broke off", kept: .deltas(3)),
        .failing("an error after 200", .ending(.error, after: 3), "The model is overloaded.", kept: .deltas(3)),
        .failing("an error after 200 at once", .ending(.error, after: 0), "The model is overloaded."),
        .failing("a malformed chunk", .ending(.malformed, after: 3), "malformed", kept: .deltas(3)),
        .failing("an empty answer", Behaviour { $0.answer = "" }, "empty answer"),
        Fault("characters cut in the middle", Behaviour { $0.splits = true }),
        Fault("comments", Behaviour { $0.comments = true }),
        Fault("reasoning", Behaviour { $0.reasoning = "Hm… 👩🏽‍🚀" }),
        Fault("an answer that is no stream", Behaviour { $0.answersWhole = true }),
        Fault("no usage", Behaviour { $0.tellsUsage = false }),
        Fault(
            "a long answer",
            Behaviour {
                $0.answer = String(repeating: DerivedAnswer.text(to: "Hi"), count: 30)
                $0.lengthBytes = 400_000
            }
        ),
        Fault("cut off by the model", Behaviour { $0.finishReason = "length" }) { $0.finishReason = "length" },
        Fault(
            "filtered before a word",
            Behaviour {
                $0.answer = ""
                $0.finishReason = "content_filter"
            }
        ) {
            $0.finishReason = "content_filter"
            $0.kept = .nothing
        },
        Fault(
            "tools that were not offered",
            Behaviour {
                $0.calls = [[Behaviour.Call("f", "{}")]]
                $0.callsUnasked = true
            }
        ) {
            $0.finishReason = "tool_calls"
            $0.kept = .nothing
        },
    ]

    @Test("It keeps what had come, says how it ended, counts what it cost, and is logged", arguments: faults)
    func fault(_ fault: Fault) async throws {
        try await UpstreamHouse.run { home in
            let question = "What of “\(fault.testDescription)”?"
            for _ in 0..<(fault.behaviour.times ?? 10) { home.upstream.arm(fault.behaviour) }
            let reply = try await home.house.run {
                let turn = try await home.house.ask(question)
                let reply = try await home.house.chat.waitForEnd(turn.reply.id, as: .alice)
                #expect(try home.house.stored(turn.userMessage.id).content == question)
                return reply
            }
            await home.upstream.log.wait { $0.allSatisfy { $0.ending != nil } }
            let requests = home.requests(question)
            #expect(requests.count == fault.requests)
            let last = try #require(requests.last)

            #expect(reply.status == (fault.error == nil ? .delivered : .failed))
            let message = reply.metadata["error"]?["message"]?.stringValue
            #expect((message == nil) == (fault.error == nil))
            if let error = fault.error { #expect(message?.contains(error) == true, "\(message ?? "no message")") }
            #expect(reply.metadata["finish_reason"]?.stringValue == fault.finishReason)
            #expect(reply.model == (last.status == 200 ? "upstream" : nil))
            checkText(of: reply, fault, question)
            let reasoning = fault.behaviour.reasoning.map { JSON.object(["type": "reasoning", "text": .string($0)]) }
            #expect(reply.parts == reasoning.map { [$0] })
            checkUsage(of: reply, fault, last)

            // Written after the end was shown; but before the house was closed.
            let lines = try home.house.memory.entries(since: Timestamp(microseconds: 0), limit: 10)
            let line = try #require(lines.first)
            #expect(lines.count == 1)
            #expect(line.messageID == reply.id)
            #expect(line.status == reply.status)
            #expect(line.tokensUsed == reply.tokensUsed)
            #expect(line.model == reply.model)
            #expect(line.latencyMilliseconds == reply.latencyMilliseconds)
            #expect(line.firstTokenMilliseconds == reply.metadata["time_to_first_token_ms"]?.intValue)
            #expect((line.firstTokenMilliseconds != nil) == !reply.content.isEmpty)
        }
    }

    private func checkUsage(of reply: Message, _ fault: Fault, _ last: RequestLog.Entry) {
        if last.status == 200, last.ending == .whole, fault.behaviour.tellsUsage {
            #expect(reply.tokensUsed?.completion == last.deltas)
            #expect(reply.metadata["tokens_estimated"] == nil)
        } else {
            let bytes = reply.content.utf8.count
            #expect(reply.tokensUsed?.completion == (bytes == 0 ? nil : (bytes + 3) / 4))
            #expect(reply.metadata["tokens_estimated"] == (bytes == 0 ? nil : true))
        }
    }

    private func checkText(of reply: Message, _ fault: Fault, _ question: String) {
        let once = fault.behaviour.answer ?? DerivedAnswer.text(to: question)
        let deltas = DerivedAnswer.deltas(of: once)
        switch fault.kept {
        case .all:
            let times = fault.behaviour.lengthBytes.map { ($0 + once.utf8.count - 1) / once.utf8.count } ?? 1
            #expect(bytes(reply.content) == bytes(String(repeating: once, count: times)))
        case .deltas(let count): #expect(bytes(reply.content) == bytes(deltas.prefix(count).joined()))
        case .nothing: #expect(reply.content == "")
        }
    }
}
