import ParleyChat
import ParleyCore
import ParleyOpenAI
import ParleyTesting
import ParleyUpstream
import Testing

@Suite("A turn with a model's server", .timeLimit(.minutes(15)))
struct UpstreamTurnTests {
    private static let question = Prompt(messages: [PromptMessage(role: .user, content: "Hi")])

    @Test("A reset in mid-stream keeps every byte that was shown before")
    func reset() async throws {
        try await UpstreamHouse.run { home in
            home.upstream.arm(
                Behaviour {
                    $0.after = 5
                    $0.holds = true
                    $0.ending = .cut(.rst)
                }
            )
            try await home.house.run {
                let said = DerivedAnswer.deltas(of: DerivedAnswer.text(to: "Hi")).prefix(5).joined()
                let turn = try await home.house.ask("Hi")
                var shown = ""
                let reply = try await home.house.chat.follow(turn.reply.id, after: -1, as: .alice) { event in
                    guard case .delta(let delta) = event.kind else { return }
                    shown += delta.text
                    if shown == said { home.upstream.release() }
                }
                #expect(reply.status == .failed)
                #expect(bytes(reply.content) == bytes(said))
                #expect(reply.metadata["error"]?["message"]?.stringValue?.contains("broke off") == true)
            }
        }
    }

    @Test("Of an answer that breaks off nothing is lost that had come, however busy its reader was")
    func breakWhileBusy() async throws {
        try await UpstreamHouse.run { home in
            let deltas = DerivedAnswer.deltas(of: DerivedAnswer.text(to: "Hi"))
            home.upstream.arm(.ending(.cut(.fin), after: deltas.count - 1))
            var text = ""
            await #expect(throws: ParleyError.self) {
                try await home.provider.reply(to: Self.question) { chunk in
                    guard case .text(let piece) = chunk else { return }
                    text += piece
                    // Everything was sent, and the connection closed, before more is read.
                    await home.upstream.log.wait { $0.first?.ending == .cut }
                }
            }
            #expect(bytes(text) == bytes(deltas.dropLast().joined()))
            #expect(home.upstream.log.count == 1)
        }
    }

    @Test("A stop from another client ends the request at the server")
    func stop() async throws {
        try await UpstreamHouse.run { home in
            home.upstream.arm(Behaviour { $0.isEndless = true })
            try await home.house.run {
                let turn = try await home.house.ask("Hi")
                var isStopped = false
                let reply = try await home.house.chat.follow(turn.reply.id, after: -1, as: .alice) { event in
                    guard case .delta = event.kind, !isStopped else { return }
                    isStopped = true
                    // As another request of the same person's does, while this one goes on following.
                    _ = try await home.house.chat.stop(turn.reply.id, as: .alice)
                }
                #expect(reply.status == .delivered)
                #expect(reply.metadata["stopped"] == true)
                #expect(!reply.content.isEmpty)
                await home.upstream.log.wait { $0.first?.ending == .clientLeft }
            }
        }
    }

    @Test("An answer without end is kept up to the longest message, and the server is left")
    func endless() async throws {
        try await UpstreamHouse.run { home in
            // In long pieces: it is not their number that this is about.
            let page = String(repeating: DerivedAnswer.text(to: "Hi"), count: 300)
            home.upstream.arm(
                Behaviour {
                    $0.answer = page
                    $0.lengthBytes = page.utf8.count
                    $0.isEndless = true
                }
            )
            try await home.house.run {
                let turn = try await home.house.ask("Hi")
                let reply = try await home.house.chat.waitForEnd(turn.reply.id, as: .alice)
                #expect(reply.status == .delivered)
                #expect(reply.metadata["finish_reason"] == "length")
                // Less at most the character that would not fit.
                #expect(Limits.assistantContentBytes - 3...Limits.assistantContentBytes ~= reply.content.utf8.count)
                #expect(String(repeating: page, count: 50).utf8.starts(with: reply.content.utf8))
                await home.upstream.log.wait { $0.first?.ending == .clientLeft }
            }
        }
    }

    @Test("A connection is used again; what is lost with it is not asked again, since the model may have got it")
    func keepAlive() async throws {
        // On a clock that stands still each answer is read to its end, without which a connection is of no more use.
        try await UpstreamHouse.run(stopwatch: TestClock()) { home in
            home.upstream.arm(Behaviour { $0.closesNext = true })
            _ = try await home.chunks(Self.question)
            // The second comes over the first one's connection, and is closed before it is answered.
            await #expect {
                _ = try await home.chunks(Self.question)
            } throws: {
                ($0 as? ParleyError)?.message == "The model's server closed the connection without an answer."
            }
            await home.upstream.log.wait { $0.allSatisfy { $0.ending != nil } }
            #expect(home.upstream.log.entries.map(\.ending) == [.whole, .cut])
            let chunks = try await home.chunks(Self.question)
            #expect(chunks.contains(.finishReason("stop")))
        }
    }

    @Test("A wait of the server's own is kept, in seconds or until a date", arguments: [true, false])
    func retryAfter(isDate: Bool) async throws {
        let stopwatch = TestClock()
        try await UpstreamHouse.run(stopwatch: stopwatch) { home in
            home.upstream.arm(
                Behaviour {
                    $0.status = 429
                    $0.retryAfter = 7
                    $0.sendsRetryDate = isDate
                }
            )
            async let chunks = home.chunks(Self.question)
            // The one waits to ask again, the other watches the time.
            await stopwatch.sleepers(atLeast: 2)
            stopwatch.advance(by: .milliseconds(6999))
            #expect(home.upstream.log.count == 1)
            stopwatch.advance(by: .milliseconds(1))
            let answered = try await chunks
            #expect(answered.contains(.finishReason("stop")))
            #expect(home.upstream.log.count == 2)
        }
    }

    @Test("Asking again ends with the time for the first token")
    func firstTokenTimeout() async throws {
        let stopwatch = TestClock()
        try await UpstreamHouse.run(
            stopwatch: stopwatch,
            change: { $0.firstTokenTimeout = .seconds(10) }
        ) { home in
            home.upstream.arm(.status(503, retryAfter: 8), .status(503, retryAfter: 8))
            async let code = code { try await home.chunks(Self.question) }
            await stopwatch.sleepers(atLeast: 2)
            stopwatch.advance(by: .seconds(8))
            // Two seconds are left: too few for what is asked for now.
            #expect(await code == .upstreamError)
            #expect(home.upstream.log.count == 2)
        }
    }

    @Test("A wrong key and a model that is not there are told, and asked for once")
    func refusals() async throws {
        let server = UpstreamSettings(apiKey: "sk-right", models: ["there"])
        for (key, model, words) in [
            ("sk-wrong", "there", "401: Incorrect API key"), ("sk-right", "elsewhere", "404: The model `elsewhere`"),
        ] {
            try await UpstreamHouse.run(
                server,
                change: {
                    $0.apiKey = key
                    $0.model = model
                }
            ) { home in
                await #expect {
                    _ = try await home.chunks(Self.question)
                } throws: {
                    ($0 as? ParleyError)?.message.contains(words) == true
                }
                #expect(home.upstream.log.count <= 1)
            }
        }
    }

    @Test(
        "Filters go along and passages come back, where the server is known to understand them",
        arguments: [true, false]
    )
    func extensions(areOn: Bool) async throws {
        try await UpstreamHouse.run(change: { $0.sendsExtensions = areOn }) { home in
            let passages: [JSON] = [["title": "A page", "text": "What it says."]]
            home.upstream.arm(Behaviour { $0.contexts = passages })
            try await home.house.run {
                let begun = try await home.house.chat.begin(
                    TurnRequest(message: .user("Hi")),
                    options: TurnOptions(filters: ["year": 2026]),
                    expectedRevision: nil,
                    as: .alice
                )
                let reply = try await home.house.chat.waitForEnd(begun.value.reply.id, as: .alice)
                #expect(reply.contexts == (areOn ? passages : nil))
                #expect(home.requests("Hi").map { $0.request.body["filters"] } == [areOn ? ["year": 2026] : nil])
            }
        }
    }
}
