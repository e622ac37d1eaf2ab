internal import ParleyCore
internal import Synchronization

/// Lets those who write to one conversation, or project, in several steps do so one after the other, within this process.
///
/// Other instances are not held up: their writes make a commit be worked out again. Here it saves that they do so all the time.
final class WriteTurns<Name: Hashable & Sendable>: Sendable {
    /// How many may wait for one of them.
    private let limit = 1024

    private struct Line {
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let lines = Mutex<[Name: Line]>([:])

    /// Does `body` when nobody else is at it.
    func take<Value>(_ id: Name, _ body: () async throws -> Value) async throws -> Value {
        let isFull = lines.withLock { ($0[id]?.waiting.count ?? 0) >= limit }
        guard !isFull else { throw ParleyError.unavailable("Too many change the same thing.") }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isFirst = lines.withLock { lines in
                if lines[id] == nil {
                    lines[id] = Line()
                    return true
                }
                lines[id]?.waiting.append(continuation)
                return false
            }
            if isFirst { continuation.resume() }
        }
        defer { pass(id) }
        return try await body()
    }

    /// Waits for those who are at it now, where there are any.
    func wait(for id: Name) async throws {
        guard lines.withLock({ $0[id] != nil }) else { return }
        try await take(id) {}
    }

    private func pass(_ id: Name) {
        let next = lines.withLock { lines -> CheckedContinuation<Void, Never>? in
            guard let line = lines[id], !line.waiting.isEmpty else {
                lines[id] = nil
                return nil
            }
            return lines[id]?.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// Where conversations were found last: what they are asked for first, and nothing to rely on.
final class KnownPlaces: Sendable {
    private static let limit = 65_536
    private let projects = Mutex<[ConversationID: ProjectID]>([:])

    subscript(id: ConversationID) -> ProjectID? {
        get { projects.withLock { $0[id] } }
        set {
            projects.withLock { projects in
                if projects.count >= Self.limit { projects.removeAll(keepingCapacity: true) }
                projects[id] = newValue
            }
        }
    }
}
