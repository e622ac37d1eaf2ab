import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import ParleyCore
import Synchronization

/// One call to the model's server: read in one task, watched in a second, handed over to a third.
final class UpstreamCall<C: Clock>: Sendable where C.Duration == Duration {
    private let patience: Mutex<StreamPatience<C.Instant>>
    private let handoff: Handoff<[ReplyChunk]>
    private let clock: C

    /// Makes a call that hands over to `handoff`.
    init(patience: StreamPatience<C.Instant>, handoff: Handoff<[ReplyChunk]>, clock: C) {
        self.patience = Mutex(patience)
        self.handoff = handoff
        self.clock = clock
    }

    /// Sends the request, and hands over what comes back until the answer is whole, or can't be.
    func read(from client: HTTPClient, _ request: HTTPClientRequest, logger: Logger) async {
        do {
            let response = try await send(request, by: client, logger: logger)
            logger.debug("The model's server answers", metadata: ["status": "\(response.status.code)"])
            guard 200..<300 ~= response.status.code else {
                throw await refusal(response, "answered \(response.status.code)")
            }
            // Some servers report an error with status 200, or can't stream.
            let isJSON =
                response.headers.first(name: "Content-Type")?.lowercased().hasPrefix("application/json") ?? false
            if isJSON { throw await refusal(response, "answered without streaming") }
            try await readBody(response.body)
            handoff.end()
        } catch {
            handoff.end(.failure(error))
        }
    }

    /// Waits until the server has been waited for long enough, and ends the handing over; returns only when cancelled or then.
    func watch() async {
        while !Task.isCancelled {
            switch patience.withLock({ $0.verdict(at: clock.now) }) {
            case .success(let deadline):
                // A sleep fails when it is cancelled: the call has ended.
                guard (try? await clock.sleep(until: deadline, tolerance: nil)) != nil else { return }
            case .failure(let error):
                handoff.end(.failure(error))
                return
            }
        }
    }

    private func send(
        _ request: HTTPClientRequest,
        by client: HTTPClient,
        logger: Logger
    ) async throws -> HTTPClientResponse {
        do {
            return try await client.execute(request, deadline: .distantFuture, logger: logger)
        } catch {
            try Task.checkCancellation()
            throw ParleyError(.upstreamError, "The model's server could not be reached.", cause: error)
        }
    }

    private func readBody(_ body: HTTPClientResponse.Body) async throws {
        var stream = CompletionStream()
        do {
            for try await buffer in body {
                let chunks = stream.feed(buffer.readableBytesView)
                patience.withLock { $0.heard(hasBegun: stream.hasBegun) }
                if !chunks.isEmpty { try await handoff.give(chunks) }
                patience.withLock { $0.listen(at: clock.now) }
                switch stream.outcome {
                case .open: continue
                case .complete: return
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
