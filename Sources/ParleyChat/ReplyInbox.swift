import ParleyCore
import Synchronization

/// What happened to one running reply and was not looked at yet: fed by the provider, the clock and whoever stops it, read
/// by the one task that writes it.
///
/// Bounded: chunks count their bytes, and ``put(_:)`` holds the provider back while they and the text that waits for its
/// commit have reached the limit. The other events are few: one stop, one parking, one end, and the wakes that were asked for.
final class ReplyInbox: Sendable {
    private struct State {
        var events: [ReplyStateMachine.Event] = []
        var queuedBytes = 0
        var uncommittedBytes = 0
        var reader: CheckedContinuation<Void, Never>?
        var provider: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    // A chunk without text takes room too, so that a provider can't queue them without end.
    private static let chunkOverheadBytes = 64

    private let limit: Int
    private let state = Mutex(State())

    /// Makes an inbox that holds back the provider at `limit` bytes.
    init(limit: Int = Limits.pendingPieceBytes) {
        self.limit = limit
    }

    /// Adds an event, unless the inbox is closed.
    func post(_ event: ReplyStateMachine.Event) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed else { return nil }
            state.events.append(event)
            return state.reader.take()
        }?.resume()
    }

    /// Adds a chunk, after waiting for room.
    ///
    /// For one task: the provider's.
    ///
    /// - Throws: `CancellationError` once the inbox is closed or the task is cancelled: nobody wants more.
    func put(_ chunk: ReplyChunk) async throws {
        while true {
            try Task.checkCancellation()
            let isIn = try state.withLock { state throws -> (Bool, CheckedContinuation<Void, Never>?) in
                guard !state.isClosed else { throw CancellationError() }
                guard state.queuedBytes + state.uncommittedBytes < limit else { return (false, nil) }
                state.events.append(.chunk(chunk))
                state.queuedBytes += Self.cost(of: chunk)
                return (true, state.reader.take())
            }
            isIn.1?.resume()
            if isIn.0 { return }
            await waitForRoom()
        }
    }

    /// Everything that has happened since the last call, in order; waits until there is something.
    ///
    /// Empty only when the task was cancelled. For one task: the writer's.
    func next() async -> [ReplyStateMachine.Event] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.events.isEmpty, !state.isClosed else { return true }
                    state.reader = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            close()
        }
        return state.withLock { state in
            defer {
                state.events.removeAll(keepingCapacity: true)
                state.uncommittedBytes += state.queuedBytes
                state.queuedBytes = 0
            }
            return state.events
        }
    }

    /// Says how much text waits for its commit now that all events taken have been looked at.
    func settle(uncommittedBytes: Int) {
        state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.uncommittedBytes = uncommittedBytes
            return state.queuedBytes + uncommittedBytes < limit ? state.provider.take() : nil
        }?.resume()
    }

    /// Takes no more, and lets go whoever waits.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            return (state.reader.take(), state.provider.take())
        }
        waiting.0?.resume()
        waiting.1?.resume()
    }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    // The cancellation's handler may have run before: then nobody else would wake this.
                    let hasRoom = state.queuedBytes + state.uncommittedBytes < limit
                    guard !hasRoom, !state.isClosed, !Task.isCancelled else { return true }
                    state.provider = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.provider.take() }?.resume()
        }
    }

    private static func cost(of chunk: ReplyChunk) -> Int {
        switch chunk {
        case .text(let text), .reasoning(let text), .model(let text), .finishReason(let text):
            chunkOverheadBytes + text.utf8.count
        case .toolCall(let call): chunkOverheadBytes + call.arguments.utf8.count
        case .toolResult(let result): chunkOverheadBytes + result.content.utf8.count
        case .contexts(let contexts): chunkOverheadBytes + JSON.array(contexts).leastBytes
        case .structured(let answer, _): chunkOverheadBytes + answer.leastBytes
        case .usage, .estimatedUsage: chunkOverheadBytes
        }
    }
}

extension JSON {
    /// How long it is as JSON text, at least: as if nothing needed an escape, so that it need not be written to know.
    var leastBytes: Int {
        switch self {
        case .null, .bool: 4
        case .number(let number): number.lexeme.utf8.count
        case .string(let text): text.utf8.count + 2
        case .array(let elements): elements.reduce(2) { $0 + $1.leastBytes + 1 }
        case .object(let object):
            object.members.reduce(2) { $0 + $1.name.utf8.count + $1.value.leastBytes + 4 }
        }
    }
}
