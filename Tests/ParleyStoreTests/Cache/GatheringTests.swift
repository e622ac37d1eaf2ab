import ParleyCore
import ParleyStore
import Synchronization
import Testing

@Suite("Tasks whose questions go together")
struct GatheringTests {
    /// Holds every batch until it is let go, and notes what was asked.
    private final class Desk: Sendable {
        private struct State {
            var batches: [[Int]] = []
            var waiting: [CheckedContinuation<Void, any Error>] = []
            var watchers: [(Int, CheckedContinuation<Void, Never>)] = []
        }

        private let state = Mutex(State())

        var batches: [[Int]] { state.withLock(\.batches) }

        func answer(_ questions: [Int]) async throws -> [Int] {
            try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    let served = state.withLock { state in
                        state.batches.append(questions)
                        state.waiting.append(continuation)
                        let served = state.watchers.filter { $0.0 <= state.batches.count }
                        state.watchers.removeAll { $0.0 <= state.batches.count }
                        return served.map(\.1)
                    }
                    for watcher in served { watcher.resume() }
                }
            } onCancel: {
                let first = state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
                first?.resume(throwing: CancellationError())
            }
            return questions.map { $0 * 10 }
        }

        func letGo(_ result: Result<Void, any Error> = .success(())) {
            state.withLock { $0.waiting.removeFirst() }.resume(with: result)
        }

        /// Waits until so many batches have come in all.
        func come(_ count: Int) async {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.batches.count < count { state.watchers.append((count, continuation)) }
                    return state.batches.count >= count
                }
                if isThere { continuation.resume() }
            }
        }
    }

    private let desk = Desk()

    private func gathering(outstanding: Int = 1, batch: Int = 256, waiting: Int = 100) -> Gathering<Int, Int, Int> {
        let desk = desk
        return Gathering(maximumOutstanding: outstanding, maximumBatch: batch, maximumWaiting: waiting) {
            _,
            questions in
            try await desk.answer(questions)
        }
    }

    /// Waits until so many tasks ask.
    private func asking(_ count: Int, _ gathering: Gathering<Int, Int, Int>) async {
        while gathering.count < count { await Task.yield() }
    }

    @Test("what comes while a batch is under way goes together, each question once, and gets its own answer")
    func together() async throws {
        let gathering = gathering()
        try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            group.addTask { (1, try await gathering.ask(1, in: 0).answer) }
            await desk.come(1)
            for question in [2, 3, 2, 1] {
                group.addTask { (question, try await gathering.ask(question, in: 0).answer) }
            }
            await asking(5, gathering)
            desk.letGo()
            await desk.come(2)
            desk.letGo()
            for try await (question, answer) in group { #expect(answer == question * 10) }
        }
        #expect(desk.batches.count == 2)
        #expect(Set(desk.batches[1]) == [1, 2, 3])
        #expect(desk.batches[1].count == 3)
        #expect(gathering.count == 0)
    }

    @Test("lanes don't wait for each other")
    func lanes() async throws {
        let gathering = gathering()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await gathering.ask(1, in: 0) }
            group.addTask { _ = try await gathering.ask(2, in: 1) }
            await desk.come(2)
            desk.letGo()
            desk.letGo()
            try await group.waitForAll()
        }
    }

    @Test("one who puts the question for others and is cancelled leaves it to another of them")
    func cancelledLeader() async throws {
        let gathering = gathering()
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await gathering.ask(1, in: 0).answer }
            await desk.come(1)
            let leader = Task { try await gathering.ask(2, in: 0).answer }
            await asking(2, gathering)
            group.addTask { try await gathering.ask(3, in: 0).answer }
            group.addTask { try await gathering.ask(4, in: 0).answer }
            await asking(4, gathering)
            desk.letGo()
            await desk.come(2)
            #expect(desk.batches[1].first == 2)
            leader.cancel()
            await #expect(throws: CancellationError.self) { try await leader.value }
            await desk.come(3)
            #expect(Set(desk.batches[2]) == [3, 4])
            desk.letGo()
            var answers: Set<Int> = []
            for try await answer in group { answers.insert(answer) }
            #expect(answers == [10, 30, 40])
        }
        #expect(gathering.count == 0)
    }

    @Test("one who waits and is cancelled goes at once, and nobody else is harmed")
    func cancelledWaiter() async throws {
        let gathering = gathering()
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await gathering.ask(1, in: 0).answer }
            await desk.come(1)
            let waiter = Task { try await gathering.ask(2, in: 0).answer }
            group.addTask { try await gathering.ask(3, in: 0).answer }
            await asking(3, gathering)
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            desk.letGo()
            await desk.come(2)
            #expect(desk.batches[1] == [3])
            desk.letGo()
            var answers: Set<Int> = []
            for try await answer in group { answers.insert(answer) }
            #expect(answers == [10, 30])
        }
        #expect(gathering.count == 0)
    }

    @Test("a failure is everybody's in the batch, and nobody's after it")
    func failure() async throws {
        let gathering = gathering()
        let first = Task { try await gathering.ask(1, in: 0).answer }
        await desk.come(1)
        let second = Task { try await gathering.ask(2, in: 0).answer }
        await asking(2, gathering)
        desk.letGo(.failure(ParleyError.unavailable("No.")))
        await expectError(.unavailable) { try await first.value }
        await desk.come(2)
        desk.letGo()
        #expect(try await second.value == 20)
    }

    @Test("more than may wait are turned away")
    func full() async throws {
        let gathering = gathering(waiting: 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await gathering.ask(1, in: 0) }
            await desk.come(1)
            group.addTask { _ = try await gathering.ask(2, in: 0) }
            await asking(2, gathering)
            let error = await expectError(.unavailable) { try await gathering.ask(3, in: 0) }
            #expect(error?.retryAfter == .seconds(1))
            desk.letGo()
            await desk.come(2)
            desk.letGo()
            try await group.waitForAll()
        }
    }
}
