import ParleyCore
import Synchronization

/// A provider that does what a test wrote down, and remembers what it was asked.
final class ScriptedProvider: ReplyProvider {
    typealias Script = @Sendable (Prompt, (ReplyChunk) async throws -> Void) async throws -> Void

    private let script: Script
    private let asked = Mutex<[Prompt]>([])

    init(_ script: @escaping Script) {
        self.script = script
    }

    /// Says these pieces, one after the other.
    convenience init(saying pieces: String...) {
        self.init { _, consume in
            for piece in pieces { try await consume(.text(piece)) }
        }
    }

    /// Sends one list of chunks each time it is asked.
    convenience init(rounds: [ReplyChunk]...) {
        let times = Mutex(0)
        self.init { _, consume in
            let time = times.withLock { times in
                times += 1
                return times
            }
            for chunk in rounds.prefix(time).dropFirst(time - 1).joined() { try await consume(chunk) }
        }
    }

    /// Says what a test feeds it, until the test ends the feed.
    static func fed() -> (ScriptedProvider, AsyncStream<ReplyChunk>.Continuation) {
        let (chunks, feed) = AsyncStream.makeStream(of: ReplyChunk.self)
        let provider = ScriptedProvider { _, consume in
            for await chunk in chunks { try await consume(chunk) }
            try Task.checkCancellation()
        }
        return (provider, feed)
    }

    /// What it was asked, in order.
    var prompts: [Prompt] { asked.withLock { $0 } }

    func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws {
        asked.withLock { $0.append(prompt) }
        try await script(prompt, consume)
    }
}
