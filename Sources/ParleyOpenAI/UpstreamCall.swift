import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ParleyCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One call to the model's server, made again where it may be: read in one task, watched in a second, handed over to a third.
final class UpstreamCall<C: Clock>: Sendable where C.Duration == Duration {
    /// A call that was not answered, and why.
    private struct Refusal: Error {
        let failure: RetryRules.Failure
        let error: ParleyError
    }

    /// An answer that has begun, or came at once from a server that can't stream.
    private enum Answer {
        case stream(HTTPClientResponse.Body)
        case whole(JSON)
    }

    private let prompt: Prompt
    private let settings: OpenAISettings
    private let schemas: SchemaMemory
    private let patience: Mutex<StreamPatience<C.Instant>>
    private let handoff: Handoff<[ReplyChunk]>
    private let stopwatch: C
    private let clock: any WallClock
    private let random: @Sendable () -> UInt64

    /// Makes a call that hands over to `handoff`; its time begins now.
    init(
        prompt: Prompt,
        settings: OpenAISettings,
        schemas: SchemaMemory,
        handoff: Handoff<[ReplyChunk]>,
        stopwatch: C,
        clock: any WallClock,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.prompt = prompt
        self.settings = settings
        self.schemas = schemas
        self.handoff = handoff
        self.stopwatch = stopwatch
        self.clock = clock
        self.random = random
        patience = Mutex(StreamPatience(settings, from: stopwatch.now))
    }

    /// Sends the request, and hands over what comes back until the answer is whole, or can't be.
    func read(from client: HTTPClient, logger: Logger) async {
        do {
            switch try await answer(from: client, logger: logger) {
            case .stream(let body): try await readBody(body)
            case .whole(let completion): try await handOver(completion)
            }
            handoff.end()
        } catch {
            handoff.end(.failure(error))
        }
    }

    /// Waits until the server has been waited for long enough, and ends the handing over; returns only when cancelled or then.
    func watch() async {
        while !Task.isCancelled {
            switch patience.withLock({ $0.verdict(at: stopwatch.now) }) {
            case .success(let deadline):
                // A sleep fails when it is cancelled: the call has ended.
                guard (try? await stopwatch.sleep(until: deadline, tolerance: nil)) != nil else { return }
            case .failure(let error):
                handoff.end(.failure(error))
                return
            }
        }
    }

    /// Asks until the server begins to answer, or must not be asked again.
    private func answer(from client: HTTPClient, logger: Logger) async throws -> Answer {
        let model = prompt.model ?? settings.model
        var prompt = prompt
        if schemas.hasRefused(model) { prompt.answerSchema = nil }
        var rules = RetryRules(delay: settings.retryDelay, sendsSchema: prompt.answerSchema != nil)
        var hasDroppedSchema = false
        while true {
            do {
                let answer = try await send(prompt, by: client, logger: logger)
                // It may have been refused for something else; now it is known.
                if hasDroppedSchema { schemas.refused(model) }
                return answer
            } catch let refusal as Refusal {
                let remaining = patience.withLock { $0.timeToBegin(at: stopwatch.now) }
                let jitter = Double(random() >> 11) / Double(1 << 53)
                switch rules.verdict(on: refusal.failure, remaining: remaining, jitter: jitter) {
                case .retry(let wait):
                    logger.debug(
                        "The model's server is asked again",
                        metadata: ["failure": "\(refusal.failure)", "wait": "\(wait)"]
                    )
                    try await stopwatch.sleep(until: stopwatch.now.advanced(by: wait), tolerance: nil)
                case .retryWithoutSchema:
                    prompt.answerSchema = nil
                    hasDroppedSchema = true
                case .giveUp: throw refusal.error
                case .mustWait(let wait):
                    var error = refusal.error
                    if error.message.last?.isPunctuation != true { error.message += "." }
                    error.message += " It wants to be left alone for \(wait.components.seconds) seconds."
                    throw error
                }
            }
        }
    }

    private func send(
        _ prompt: Prompt,
        by client: HTTPClient,
        logger: Logger
    ) async throws -> Answer {
        let request = ChatCompletionRequest(prompt: prompt, settings: settings).httpRequest
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, deadline: .distantFuture, logger: logger)
        } catch {
            try Task.checkCancellation()
            throw Self.refusal(error)
        }
        logger.debug("The model's server answers", metadata: ["status": "\(response.status.code)"])
        let status = response.status.code
        guard 200..<300 ~= status else {
            let retryAfter = response.headers.first(name: "Retry-After")
                .flatMap { RetryAfter.duration($0, now: clock.now()) }
            throw Refusal(
                failure: .status(status, retryAfter: retryAfter),
                error: await refusal(response, "answered \(status)")
            )
        }
        // Some servers report an error with status 200, or can't stream.
        let isJSON = response.headers.first(name: "Content-Type")?.lowercased().hasPrefix("application/json") ?? false
        return isJSON ? .whole(try await completion(response)) : .stream(response.body)
    }

    /// Reads the answer of a server that can't stream, as far as a stream's event is read.
    private func completion(_ response: HTTPClientResponse) async throws -> JSON {
        let body: JSON?
        do {
            let bytes = try await response.body.collect(upTo: SSEParser.longest)
            body = try? JSON(parsing: bytes.readableBytesView)
        } catch {
            try Task.checkCancellation()
            let message =
                error is NIOTooManyBytesError
                ? "The model's server sent an answer that is too long."
                : "The model's server broke off in the middle of its answer."
            throw Refusal(failure: .lasting, error: ParleyError(.upstreamError, message, cause: error))
        }
        guard let body, ChatCompletionChunk.isWhole(body) else {
            throw Refusal(
                failure: .lasting,
                error: ParleyError(
                    .upstreamError,
                    UpstreamMessage.sentence("answered without streaming", body),
                    cause: UpstreamStatus(code: response.status.code)
                )
            )
        }
        return body
    }

    private func handOver(_ completion: JSON) async throws {
        var stream = newStream()
        let chunks = stream.take(whole: completion)
        patience.withLock { $0.heard(hasBegun: stream.hasBegun) }
        if !chunks.isEmpty { try await handoff.give(chunks) }
        if case .failed(let error) = stream.outcome { throw error }
    }

    private func newStream() -> CompletionStream {
        CompletionStream(
            takesTools: !prompt.tools.isEmpty,
            takesContexts: settings.sendsExtensions,
            newID: { [random] in "call_\(String(random(), radix: 36))" }
        )
    }

    /// What a call without an answer is: not connected, which another moment may bring; or cut off, perhaps in the middle
    /// of the model's work.
    private static func refusal(_ error: any Error) -> Refusal {
        let isUnreachable =
            switch error {
            case is NIOConnectionError: true
            case let error as HTTPClientError: error == .connectTimeout
            // Of these only an attempt to connect dies within the time that we wait.
            case let error as IOError: [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
            default: false
            }
        let isCutOff =
            switch error {
            case is IOError, is ChannelError, is HTTPParserError: !isUnreachable
            case let error as HTTPClientError: error == .remoteConnectionClosed
            default: false
            }
        let message =
            isCutOff
            ? "The model's server closed the connection without an answer." : "The model's server could not be reached."
        return Refusal(
            failure: isUnreachable ? .unreachable : .lasting,
            error: ParleyError(.upstreamError, message, cause: error)
        )
    }

    /// Hands an answer over until it is whole; then waits a moment for the body's end.
    ///
    /// That is for the connection, which can't be used again when it is left in mid-body. An answer that has finished and
    /// never says that it is done is whole, too.
    private func readBody(_ body: HTTPClientResponse.Body) async throws {
        let (lingering, isWhole) = AsyncStream<Never>.makeStream()
        let (finishing, hasFinished) = AsyncStream<Never>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await self.readBody(body, hasFinished, isWhole) }
            group.addTask { [stopwatch] in
                for await _ in lingering {}
                try await stopwatch.sleep(until: stopwatch.now.advanced(by: .milliseconds(200)), tolerance: nil)
            }
            group.addTask { [stopwatch] in
                for await _ in finishing {}
                while let end = self.patience.withLock({ $0.endOfAfterword(at: stopwatch.now) }) {
                    try await stopwatch.sleep(until: end, tolerance: nil)
                }
            }
            try await group.next()
        }
    }

    private func readBody(
        _ body: HTTPClientResponse.Body,
        _ hasFinished: AsyncStream<Never>.Continuation,
        _ isWhole: AsyncStream<Never>.Continuation
    ) async throws {
        var stream = newStream()
        do {
            for try await buffer in body {
                if case .complete = stream.outcome { continue }
                let chunks = stream.feed(buffer.readableBytesView)
                patience.withLock {
                    $0.heard(hasBegun: stream.hasBegun, hasFinished: stream.hasFinished, saysMore: !chunks.isEmpty)
                }
                if !chunks.isEmpty { try await handoff.give(chunks) }
                patience.withLock { $0.listen(at: stopwatch.now) }
                if stream.hasFinished { hasFinished.finish() }
                switch stream.outcome {
                case .open: continue
                case .complete: isWhole.finish()
                case .failed(let error): throw error
                }
            }
        } catch let error as ParleyError {
            throw error
        } catch {
            try Task.checkCancellation()
            try await settle(&stream, error)
            return
        }
        try await settle(&stream, nil)
    }

    private func settle(_ stream: inout CompletionStream, _ error: (any Error)?) async throws {
        let chunks = stream.end(error)
        if !chunks.isEmpty { try await handoff.give(chunks) }
        if case .failed(let error) = stream.outcome { throw error }
    }

    private func refusal(_ response: HTTPClientResponse, _ verb: String) async -> ParleyError {
        // A body that is too long, broken off or no JSON has nothing to say; the status says the rest.
        let bytes = try? await response.body.collect(upTo: 64 * 1024)
        let body = bytes.flatMap { try? JSON(parsing: $0.readableBytesView) }
        return ParleyError(
            .upstreamError,
            UpstreamMessage.sentence(verb, body),
            cause: UpstreamStatus(code: response.status.code)
        )
    }
}

/// A status that is not an answer, for the log.
struct UpstreamStatus: Error, Hashable {
    /// The HTTP status.
    let code: UInt
}
