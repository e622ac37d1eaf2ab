import AsyncHTTPClient
import Hummingbird
import Logging
import NIOCore
import ParleyCore
import ParleyOpenAI
import ParleyTesting
import Synchronization
import Testing

@Suite("Asking an OpenAI-compatible server", .timeLimit(.minutes(15)))
struct OpenAIProviderTests {
    private static let ending = [
        #"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"# + "\n\n", "data: [DONE]\n\n",
    ]
    private static let question = Prompt(messages: [PromptMessage(role: .user, content: "Hi")])

    /// What a provider handed over, and how it ended.
    private struct Result {
        var chunks: [ReplyChunk] = []
        var error: ParleyError?

        var text: String { chunks.map { if case .text(let text) = $0 { text } else { "" } }.joined() }
    }

    private static func ask(
        _ url: String,
        _ prompt: Prompt = question,
        change: (inout OpenAISettings) -> Void = { _ in },
        stopwatch: any Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> UInt64 = { 0 },
        consume: (ReplyChunk) async throws -> Void = { _ in }
    ) async throws -> Result {
        var settings = OpenAISettings(url: url, apiKey: "sk-secret-42", retryDelay: .zero)
        change(&settings)
        let client = HTTPClient(configuration: OpenAIProvider.clientConfiguration)
        let provider = OpenAIProvider(
            client: client,
            settings: settings,
            logger: silentLogger,
            stopwatch: stopwatch,
            random: random
        )
        var result = Result()
        do {
            try await provider.reply(to: prompt) { chunk in
                result.chunks.append(chunk)
                try await consume(chunk)
            }
        } catch let error as ParleyError {
            result.error = error
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
        return result
    }

    @Test("Twelve replies are written at once: none waits for another's connection")
    func manyAtOnce() async throws {
        let count = Mutex(0)
        let arrived = Latch()
        try await FakeUpstream.run { _ in
            .stream([textEvent("a")]) {
                let isLast = count.withLock { count in
                    count += 1
                    return count == 12
                }
                if isLast { arrived.open() }
                // Nobody is answered before all have asked.
                await arrived.wait()
            }
        } _: { _, url in
            let client = HTTPClient(configuration: OpenAIProvider.clientConfiguration)
            let provider = OpenAIProvider(client: client, settings: OpenAISettings(url: url), logger: silentLogger)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<12 {
                    // How a reply ends is not asked here: this upstream says no finish reason.
                    group.addTask { try? await provider.reply(to: Self.question) { _ in } }
                }
            }
            try await client.shutdown()
        }
        #expect(count.withLock { $0 } == 12)
    }

    @Test("It asks once, streaming, with the stored messages, its model and its key", arguments: ["", "/", "//"])
    func request(slashes: String) async throws {
        try await FakeUpstream.run { _ in
            .stream([textEvent("Hel"), textEvent("lo")] + Self.ending)
        } _: { upstream, url in
            let prompt = Prompt(
                messages: [
                    PromptMessage(role: .system, content: "Be kind."), PromptMessage(role: .user, content: "22 °C?"),
                    PromptMessage(role: .tool, content: "22"), PromptMessage(role: .user, content: "Hi \"you\""),
                ],
                filters: ["year": 2026]
            )
            let result = try await Self.ask(url + slashes, prompt) { $0.model = "gpt-x" }
            #expect(result.error == nil)
            #expect(result.text == "Hello")
            #expect(result.chunks.first == .model("m-1"))
            #expect(result.chunks.last == .finishReason("stop"))
            let asked = try #require(upstream.asked.first)
            #expect(upstream.asked.count == 1)
            #expect(asked.path == "/v1/chat/completions")
            #expect(asked.authorization == "Bearer sk-secret-42")
            let body: JSON = [
                "model": "gpt-x",
                "messages": [
                    ["role": "system", "content": "Be kind."], ["role": "user", "content": "22 °C?"],
                    ["role": "user", "content": "Hi \"you\""],
                ],
                "stream": true,
                "stream_options": ["include_usage": true],
            ]
            #expect(asked.body == body)
        }
    }

    @Test(
        "The model a turn names counts before the configured one; filters go along where they are allowed; no key, none sent"
    )
    func extensions() async throws {
        try await FakeUpstream.run { _ in
            .stream([textEvent("x")] + Self.ending)
        } _: { upstream, url in
            var prompt = Self.question
            prompt.model = "mine"
            prompt.filters = ["a": [1, 2]]
            _ = try await Self.ask(url, prompt) {
                $0.model = "gpt-x"
                $0.sendsExtensions = true
                $0.apiKey = nil
            }
            let asked = try #require(upstream.asked.first)
            #expect(asked.body["model"] == "mine")
            #expect(asked.body["filters"] == ["a": [1, 2]])
            #expect(asked.authorization == nil)
        }
    }

    @Test(
        "Another status than 2xx fails with the status and the server's words, and never the key",
        arguments: [
            (
                401, #"{"error":{"message":"Incorrect API key provided: sk-secret-42."}}"#,
                "401: Incorrect API key provided: ***."
            ),
            (
                404, #"{"error":{"message":"The model does not exist","code":"model_not_found"}}"#,
                "404: The model does not exist"
            ),
            (429, #"{"error":"slow down"}"#, "429: slow down"),
            (500, "<html>oops</html>", "answered 500."),
            (302, "", "answered 302."),
        ]
    )
    func statuses(status: Int, body: String, words: String) async throws {
        try await FakeUpstream.run { _ in
            .json(HTTPResponse.Status(code: status), body)
        } _: { upstream, url in
            let result = try await Self.ask(url)
            #expect(result.error?.code == .upstreamError)
            #expect(result.error?.message.hasSuffix(words) == true, "\(result.error?.message ?? "no error")")
            #expect(result.chunks == [])
            // What may pass is asked for three times more.
            #expect(upstream.asked.count == (status == 429 || status == 500 ? 4 : 1))
        }
    }

    @Test(
        "An error with status 200, and JSON that is no answer, fails",
        arguments: [
            (#"{"error":{"message":"quota"}}"#, "without streaming: quota"), (#"{"choices":[]}"#, "without streaming."),
        ]
    )
    func notStreaming(body: String, words: String) async throws {
        try await FakeUpstream.run { _ in
            .json(.ok, body)
        } _: { _, url in
            let result = try await Self.ask(url)
            #expect(result.error?.message.hasSuffix(words) == true)
        }
    }

    @Test("Of a server that can't stream an answer is taken up to the length of a stream's longest event")
    func wholeAnswers() async throws {
        let length = Mutex(0)
        try await FakeUpstream.run { _ in
            let text = String(repeating: "x", count: length.withLock { $0 })
            return .json(.ok, #"{"choices":[{"message":{"content":"\#(text)"}}]}"#)
        } _: { upstream, url in
            let empty = 40
            for (count, words) in [(1, nil), (4 * 1024 * 1024 - empty, nil), (4 * 1024 * 1024, "too long")] {
                length.withLock { $0 = count }
                let result = try await Self.ask(url)
                #expect(result.text.utf8.count == (words == nil ? count : 0))
                #expect((result.error == nil) == (words == nil))
                if let words { #expect(result.error?.message.contains(words) == true) }
            }
            #expect(upstream.asked.count == 3)
        }
    }

    @Test(
        "An error in mid-stream, a malformed chunk and a break keep what had come",
        arguments: [
            ("data: {\"error\":{\"message\":\"overloaded\"}}\n\n", false, "overloaded"),
            ("data: {\"choices\":[{\"delta\n\n", false, "malformed"),
            ("data: {\"choices\":[{\"delta", true, "broke off"),
            ("", true, "broke off"),
            ("", false, "broke off"),
        ]
    )
    func faults(tail: String, breaks: Bool, words: String) async throws {
        struct Break: Error {}
        let isHeard = Latch()
        try await FakeUpstream.run { _ in
            .stream([textEvent("as I was "), textEvent("say"), tail]) {
                guard breaks else { return }
                // A connection that breaks takes with it what is still under way.
                await isHeard.wait()
                throw Break()
            }
        } _: { _, url in
            let result = try await Self.ask(url, consume: { if $0 == .text("say") { isHeard.open() } })
            #expect(result.text == "as I was say")
            #expect(result.error?.code == .upstreamError)
            #expect(result.error?.message.contains(words) == true, "\(result.error?.message ?? "no error")")
        }
    }

    @Test("A break after the model has said why it stops is none")
    func breakAfterTheEnd() async throws {
        struct Break: Error {}
        let isHeard = Latch()
        try await FakeUpstream.run { _ in
            .stream([textEvent("all"), Self.ending[0]]) {
                await isHeard.wait()
                throw Break()
            }
        } _: { _, url in
            let result = try await Self.ask(url, consume: { if $0 == .finishReason("stop") { isHeard.open() } })
            #expect(result.error == nil)
            #expect(result.text == "all")
        }
    }

    @Test(
        "A server that keeps silent after the model has said why it stops has told a whole answer",
        .timeLimit(.minutes(15))
    )
    func silenceAfterTheEnd() async throws {
        let (isHeard, isLetGo) = (Latch(), Latch())
        let stopwatch = TestClock()
        try await FakeUpstream.run { _ in
            .stream([textEvent("all"), Self.ending[0]]) { await isLetGo.wait() }
        } _: { _, url in
            async let result = Self.ask(
                url,
                stopwatch: stopwatch,
                consume: { if $0 == .finishReason("stop") { isHeard.open() } }
            )
            await isHeard.wait()
            // The one watches the whole, the other the time after the last word.
            await stopwatch.sleepers(atLeast: 2)
            stopwatch.advance(by: .seconds(1))
            let ended = try await result
            isLetGo.open()
            #expect(ended.error == nil)
            #expect(ended.text == "all")
        }
    }

    @Test("Scalars that are split between packets arrive whole")
    func splitScalars() async throws {
        let stream = Array((textEvent("é€👩‍👧") + Self.ending.joined()).utf8)
        try await FakeUpstream.run { _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for byte in stream { try await writer.write(ByteBuffer(bytes: [byte])) }
                    try await writer.finish(nil)
                }
            )
        } _: { _, url in
            let result = try await Self.ask(url)
            #expect(result.error == nil)
            #expect(bytes(result.text) == bytes("é€👩‍👧"))
        }
    }

    @Test(
        "A server that can't be reached fails; it is asked four times where that may change",
        arguments: [("http://127.0.0.1:1/v1", 4), ("not an address", 1), ("", 1)]
    )
    func unreachable(url: String, calls: Int) async throws {
        // Chance is asked once for each call that failed.
        let failures = Mutex(0)
        let result = try await Self.ask(
            url,
            random: {
                failures.withLock { $0 += 1 }
                return 0
            }
        )
        #expect(failures.withLock { $0 } == calls)
        #expect(result.error?.code == .upstreamError)
        #expect(result.error?.message.contains("could not be reached") == true)
        #expect(result.error?.cause != nil)
    }

    @Test("A server that does not begin, or does not finish, is given up", arguments: [true, false])
    func deadlines(begins: Bool) async throws {
        let (isHeard, isLetGo) = (Latch(), Latch())
        let stopwatch = TestClock()
        try await FakeUpstream.run { _ in
            .stream([begins ? textEvent("a") : ": keep-alive\n\n"]) {
                if !begins { isHeard.open() }
                await isLetGo.wait()
            }
        } _: { _, url in
            async let result = Self.ask(
                url,
                change: {
                    $0.totalTimeout = .seconds(130)
                    $0.idleTimeout = .seconds(3600)
                },
                stopwatch: stopwatch,
                consume: { _ in isHeard.open() }
            )
            await isHeard.wait()
            for step in begins ? [120, 10] : [120] {
                await stopwatch.sleepers(atLeast: 1)
                stopwatch.advance(by: .seconds(step))
            }
            let ended = try await result
            isLetGo.open()
            let words = begins ? "did not finish" : "did not begin"
            #expect(ended.error?.code == .upstreamError)
            #expect(ended.error?.message.contains(words) == true, "\(ended.error?.message ?? "no error")")
        }
    }

    @Test("A server that falls silent is given up; what had come stays")
    func silence() async throws {
        let isLetGo = Latch()
        try await FakeUpstream.run { _ in
            .stream([textEvent("as I was say")]) { await isLetGo.wait() }
        } _: { _, url in
            let ended = try await Self.ask(url, change: { $0.idleTimeout = .milliseconds(50) })
            isLetGo.open()
            #expect(ended.text == "as I was say")
            #expect(ended.error?.message.contains("fell silent") == true)
        }
    }

    @Test("Who does not want more ends the call at the server")
    func leaving() async throws {
        struct Enough: Error {}
        let hasClosed = Latch()
        try await FakeUpstream.run(readsBodies: false) { request in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    var writer = writer
                    try await writer.write(ByteBuffer(string: textEvent("more")))
                    defer { hasClosed.open() }
                    try await request.body.consumeWithCancellationOnInboundClose { _ in
                        // Ends only because the client has closed the connection.
                        try await ContinuousClock().sleep(for: .seconds(3600))
                    }
                }
            )
        } _: { _, url in
            await #expect(throws: Enough.self) {
                _ = try await Self.ask(url, consume: { chunk in if case .text = chunk { throw Enough() } })
            }
            await hasClosed.wait()
        }
    }
}
