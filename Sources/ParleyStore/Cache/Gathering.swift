import ParleyCore
import Synchronization

/// Puts the questions of many tasks together, and gives each its answer.
///
/// One of the tasks whose questions go together puts them all, in its own time: there is no task besides. When that one is
/// cancelled on the way, another puts them again. Lanes know nothing of each other.
package final class Gathering<Lane: Hashable & Sendable, Question: Hashable & Sendable, Answer: Sendable>: Sendable {
    /// Answers different questions of one lane, in their order.
    package typealias Work = @Sendable (Lane, [Question]) async throws -> [Answer]

    private enum Wake {
        /// Put the questions of these.
        case lead([Int])
        case answer(Answer)
        case failure(any Error)
    }

    private struct Member {
        let question: Question
        /// None while its task is at work.
        var continuation: CheckedContinuation<Wake, Never>?
    }

    private struct State {
        var nextTicket = 0
        var members: [Int: Member] = [:]
        var lanes: [Lane: BatchQueue<Int>] = [:]
    }

    private let state = Mutex(State())
    private let lane: BatchQueue<Int>
    private let maximumWaiting: Int
    private let work: Work

    /// Makes a gathering.
    ///
    /// - Parameters:
    ///   - maximumOutstanding: How many batches of a lane may be under way.
    ///   - maximumBatch: How many questions go together.
    ///   - maximumWaiting: How many tasks may ask at a time, all lanes together.
    ///   - work: Answers a batch.
    package init(maximumOutstanding: Int, maximumBatch: Int, maximumWaiting: Int, work: @escaping Work) {
        lane = BatchQueue(maximumOutstanding: maximumOutstanding, maximumBatch: maximumBatch)
        self.maximumWaiting = maximumWaiting
        self.work = work
    }

    /// Asks; `led` says that this task put the question, for itself and maybe others.
    ///
    /// What is answered was looked up after this was called.
    ///
    /// - Throws: `unavailable` when too many ask; what the work throws; `CancellationError`.
    package func ask(_ question: Question, in lane: Lane) async throws -> (answer: Answer, led: Bool) {
        try Task.checkCancellation()
        switch await wait(with: question, in: lane, ticket: try enter(question, lane)) {
        case .lead(let batch): return (try await lead(batch, in: lane, question), true)
        case .answer(let answer): return (answer, false)
        case .failure(let error): throw error
        }
    }

    /// How many tasks ask at present.
    package var count: Int { state.withLock(\.members.count) }

    private func enter(_ question: Question, _ lane: Lane) throws -> Int {
        try state.withLock { state in
            guard state.members.count < maximumWaiting else {
                throw ParleyError.unavailable("Too many reads at a time; try again in a moment.")
            }
            state.nextTicket += 1
            state.members[state.nextTicket] = Member(question: question)
            return state.nextTicket
        }
    }

    private func wait(with question: Question, in lane: Lane, ticket: Int) async -> Wake {
        let mayLeave = state.withLock { $0.lanes[lane, default: self.lane].leaveAlone() }
        if mayLeave { return .lead([ticket]) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wake: Wake? = state.withLock { state in
                    // The cancellation's handler may have run before: then nobody else would wake this.
                    guard !Task.isCancelled else {
                        state.members[ticket] = nil
                        return .failure(CancellationError())
                    }
                    if state.lanes[lane, default: self.lane].leaveAlone() { return .lead([ticket]) }
                    state.lanes[lane, default: self.lane].wait(ticket)
                    state.members[ticket]?.continuation = continuation
                    return nil
                }
                if let wake { continuation.resume(returning: wake) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                // One that has been told to lead goes on, and finds out there.
                guard let continuation = state.members[ticket]?.continuation else {
                    return CheckedContinuation<Wake, Never>?.none
                }
                state.lanes[lane]?.giveUp(ticket)
                state.members[ticket] = nil
                return continuation
            }
            continuation?.resume(returning: .failure(CancellationError()))
        }
    }

    private func lead(_ batch: [Int], in lane: Lane, _ question: Question) async throws -> Answer {
        let own = batch[0]
        // Whoever was cancelled meanwhile asks no more.
        let asked = state.withLock { state in batch.compactMap { state.members[$0]?.question } }
        var places: [Question: Int] = [:]
        var questions: [Question] = []
        for question in asked where places[question] == nil {
            places[question] = questions.count
            questions.append(question)
        }
        do {
            let answers = try await work(lane, questions)
            guard answers.count == questions.count, let place = places[question] else {
                throw ParleyError(.internalError, "There are not as many answers as questions.")
            }
            end(batch, in: lane) { .answer(answers[places[$0] ?? place]) }
            return answers[place]
        } catch {
            // Who leads and is cancelled says nothing about the question; the others ask again.
            if Task.isCancelled {
                abandon(batch, own: own, in: lane)
            } else {
                end(batch, in: lane) { _ in .failure(error) }
            }
            throw error
        }
    }

    private func end(_ batch: [Int], in lane: Lane, _ wake: (Question) -> Wake) {
        let (others, next) = state.withLock { state in
            let members = batch.compactMap { state.members.removeValue(forKey: $0) }
            return (members, elect(state.lanes[lane]?.cameBack() ?? [], in: lane, &state))
        }
        next?.continuation.resume(returning: .lead(next?.batch ?? []))
        for member in others { member.continuation?.resume(returning: wake(member.question)) }
    }

    private func abandon(_ batch: [Int], own: Int, in lane: Lane) {
        let next = state.withLock { state in
            state.members[own] = nil
            let others = batch.filter { state.members[$0] != nil }
            return elect(state.lanes[lane]?.cameBackUnanswered(others) ?? [], in: lane, &state)
        }
        next?.continuation.resume(returning: .lead(next?.batch ?? []))
    }

    /// Makes the first of a batch the one that leads it.
    private func elect(
        _ batch: [Int],
        in lane: Lane,
        _ state: inout State
    ) -> (continuation: CheckedContinuation<Wake, Never>, batch: [Int])? {
        if state.lanes[lane]?.isIdle ?? false { state.lanes[lane] = nil }
        guard let leader = batch.first, let continuation = state.members[leader]?.continuation else { return nil }
        state.members[leader]?.continuation = nil
        return (continuation, batch)
    }
}
