public import AsyncHTTPClient
public import Logging
import NIOCore
public import ParleyCore
import Synchronization

/// Asks any server that speaks OpenAI's chat completions (`POST …/v1/chat/completions`), streaming.
///
/// A call that finds no connection, or is refused with 429 or 5xx, is made again up to three times, within the time for the
/// first token; see ``RetryRules``. One whose connection is lost after it was sent never is: the model may have got it. A
/// server that refuses to keep the answer to a schema is asked without one. What the server sends is handed on as it comes and no faster than it is
/// taken. The key is sent to the configured server only, and stands in no log line and no error.
public struct OpenAIProvider: ReplyProvider {
    private let client: HTTPClient
    private let settings: OpenAISettings
    private let logger: Logger
    private let stopwatch: any Clock<Duration>
    private let clock: any WallClock
    private let random: @Sendable () -> UInt64
    private let schemas = SchemaMemory()

    /// How a client for this provider is best configured.
    ///
    /// No redirect is followed, since the key and the conversation would go along. A connection has five seconds, and one
    /// that is refused is not tried again for as long: the person who asked is waiting. An idle one is closed after four
    /// seconds, before servers do it, as most do after five or more: a call sent into a connection that is being closed
    /// fails. Of an answer that breaks off nothing is lost that had come.
    public static var clientConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(connect: .seconds(5))
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(4)
        // A reply holds its connection until it ends; the client's default of eight would make the ninth person wait.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Limits.runningReplies
        // One protocol, whose connections are watched for their end.
        configuration.httpVersion = .http1Only
        configuration.http1_1ConnectionDebugInitializer = EndAfterBytes.add(to:)
        return configuration
    }

    /// Makes a provider.
    ///
    /// - Parameters:
    ///   - client: The HTTP client, as ``clientConfiguration`` says; whoever made it shuts it down.
    ///   - settings: The server, and how long it is waited for.
    ///   - logger: The log; gets no text and no key.
    ///   - stopwatch: What waiting is measured by.
    ///   - clock: The time of day, for a `Retry-After` that is a date.
    ///   - random: Where chance comes from, for waits and for ids.
    public init(
        client: HTTPClient,
        settings: OpenAISettings,
        logger: Logger,
        stopwatch: any Clock<Duration> = ContinuousClock(),
        clock: any WallClock = SystemClock(),
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) {
        self.client = client
        self.settings = settings
        self.logger = logger
        self.stopwatch = stopwatch
        self.clock = clock
        self.random = random
    }

    /// Writes a reply, as ``ReplyProvider/reply(to:consume:)`` promises.
    ///
    /// - Throws: ``ParleyError/Code/upstreamError`` with a message for the client: the server can't be reached, answers with
    ///   another status than 2xx, reports an error, sends what can't be read, breaks off, or is too slow.
    public func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws {
        do {
            try await reply(to: prompt, on: stopwatch, consume: consume)
        } catch var error as ParleyError {
            // Servers quote the key they refuse.
            if let key = settings.apiKey, !key.isEmpty { error.message.replace(key, with: "***") }
            throw error
        }
    }

    private func reply<C: Clock>(
        to prompt: Prompt,
        on stopwatch: C,
        consume: (ReplyChunk) async throws -> Void
    ) async throws where C.Duration == Duration {
        let handoff = Handoff<[ReplyChunk]>()
        let call = UpstreamCall(
            prompt: prompt,
            settings: settings,
            schemas: schemas,
            handoff: handoff,
            stopwatch: stopwatch,
            clock: clock,
            random: random
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            // `consume` stays in this task; reading and watching go on beside it.
            group.addTask { await call.read(from: client, logger: logger) }
            group.addTask { await call.watch() }
            while let chunks = try await handoff.take() {
                for chunk in chunks { try await consume(chunk) }
            }
        }
    }
}
