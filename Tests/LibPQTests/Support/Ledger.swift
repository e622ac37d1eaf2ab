import LibPQ
import ParleyTesting
import Synchronization
import Testing

/// Writes numbers from several tasks, whatever happens, and remembers which were acknowledged.
final class Ledger: Sendable {
    private struct State {
        var last = 0
        var acknowledged: [Int] = []
        var watchers: [(count: Int, reached: Eventual<Void>)] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Errors of these kinds are all that a server that is away may be felt by.
    private static let expected: Set<PostgresError.Kind> = [.connectionLost, .unreachable, .deadline, .exhausted]

    /// Writes until the body returns.
    func write(
        tasks: Int = 4,
        by write: @escaping @Sendable (_ number: Int) async throws -> Void,
        while body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks { group.addTask { await self.writeUntilClosed(write) } }
            // Otherwise the group would wait for them for ever.
            defer { state.withLock { $0.isClosed = true } }
            try await body()
        }
    }

    /// Waits until so many more are acknowledged than are now.
    func more(_ count: Int) async {
        let reached = Eventual<Void>()
        state.withLock { $0.watchers.append(($0.acknowledged.count + count, reached)) }
        await reached.value()
    }

    /// Expects that every number that was acknowledged is there once, and none twice.
    func expectKept(in table: String, _ connection: PostgresConnection) async throws {
        let rows = try await connection.query("SELECT id, count(*) FROM \(table) GROUP BY id")
        var counts: [Int: Int] = [:]
        for row in rows { counts[try row.decode(0)] = try row.decode(1) }
        let acknowledged = state.withLock(\.acknowledged)
        #expect(!acknowledged.isEmpty)
        #expect(acknowledged.filter { counts[$0] == nil } == [], "acknowledged and lost")
        #expect(counts.filter { $0.value > 1 } == [:], "written twice")
    }

    private func writeUntilClosed(_ write: (_ number: Int) async throws -> Void) async {
        while true {
            let number = state.withLock { state -> Int? in
                state.last += 1
                return state.isClosed ? nil : state.last
            }
            guard let number else { return }
            do {
                try await write(number)
                acknowledge(number)
            } catch {
                let kind = (error as? PostgresError)?.kind
                #expect(kind.map(Self.expected.contains) == true, "\(error)")
                await Task.yield()
            }
        }
    }

    private func acknowledge(_ number: Int) {
        let reached = state.withLock { state in
            state.acknowledged.append(number)
            let count = state.acknowledged.count
            let reached = state.watchers.filter { $0.count <= count }
            state.watchers.removeAll { $0.count <= count }
            return reached
        }
        for watcher in reached { watcher.reached.give(()) }
    }
}
