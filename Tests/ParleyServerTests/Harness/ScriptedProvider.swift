import ParleyCore
import Synchronization

/// Answers as a test says, piece by piece.
final class ScriptedProvider: ReplyProvider {
    /// How an answer ends.
    enum Ending: Sendable {
        case complete
        case failure(ParleyError)
        /// Says nothing more until it is cancelled.
        case silence
    }

    private let pieces: [String]
    private let ending: Ending
    private let seen = Mutex<[Prompt]>([])

    init(_ pieces: [String], ending: Ending = .complete) {
        self.pieces = pieces
        self.ending = ending
    }

    /// How often a reply was asked for.
    var asked: Int { prompts.count }

    /// What it was asked, in order.
    var prompts: [Prompt] { seen.withLock { $0 } }

    func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws {
        seen.withLock { $0.append(prompt) }
        for piece in pieces { try await consume(.text(piece)) }
        switch ending {
        case .complete:
            try await consume(.usage(TokenUsage(prompt: 7, completion: 11)))
            try await consume(.finishReason("stop"))
        case .failure(let error): throw error
        case .silence:
            let (stream, continuation) = AsyncStream<Never>.makeStream()
            for await _ in stream {}
            withExtendedLifetime(continuation) {}
            try Task.checkCancellation()
        }
    }
}
