internal import Synchronization

/// Keeps a number of connections, connecting anew where one is lost, and lends them.
final class ConnectionSet: Sendable {
    typealias Machine = PoolStateMachine<PostgresConnection>
    private typealias Waiter = CheckedContinuation<Result<Machine.Loan, PostgresError>, Never>

    private struct State {
        var machine: Machine
        var lastID = 0
        var waiters: [Int: Waiter] = [:]
        /// Who has left, and why, until it has seen that itself.
        var left: [Int: PostgresError] = [:]

        mutating func take(_ ids: [Int]) -> [Waiter] {
            ids.compactMap { waiters.removeValue(forKey: $0) }
        }
    }

    private let settings: PostgresPoolSettings
    let time: PostgresTime
    private let state: Mutex<State>
    private let drained = OneAnswer<Void>()

    init(_ settings: PostgresPoolSettings, loansPerConnection: Int) {
        self.settings = settings
        time = settings.connection.time
        state = Mutex(
            State(
                machine: Machine(
                    slots: settings.size,
                    loansPerConnection: loansPerConnection,
                    waitingLimit: settings.waitingLimit
                )
            )
        )
    }

    var status: PostgresPoolStatus {
        state.withLock {
            PostgresPoolStatus(open: $0.machine.openCount, lent: $0.machine.loanCount, waiting: $0.machine.waitingCount)
        }
    }

    /// Connects, and stays connected until it is closed and everything is back, or the task is cancelled.
    func run() async {
        await withTaskGroup { group in
            for slot in 0..<settings.size { group.addTask { await self.keep(slot) } }
            await drained.take(ifCancelled: ())
            // Also where the task was cancelled: nobody is to wait for what will not come.
            close()
            group.cancelAll()
        }
    }

    /// Refuses everyone from now on; what is lent may be used to its end.
    func close() {
        let (refused, isDrained) = state.withLock { state in
            let ids = state.machine.close()
            return (state.take(ids), state.machine.isDrained)
        }
        for waiter in refused { waiter.resume(returning: .failure(Machine.closed)) }
        if isDrained { drained.give(()) }
    }

    /// Borrows a connection, which must be given back.
    func borrow() async throws(PostgresError) -> Machine.Loan {
        while true {
            let loan: Machine.Loan
            if let lent = state.withLock({ $0.machine.askNow() }) {
                loan = lent
            } else {
                let start = ContinuousClock.now
                defer { settings.waited?(.now - start) }
                loan = try await waitForLoan()
            }
            if loan.connection.isOpen { return loan }
            // It was lost a moment ago, and its keeper hasn't noticed yet.
            giveBack(loan)
        }
    }

    /// Gives a connection back, which the borrower must not use from here on.
    func giveBack(_ loan: Machine.Loan) {
        // An open transaction would become the next borrower's.
        let isUseless = loan.connection.isInTransaction || !loan.connection.isOpen
        if isUseless { loan.connection.close() }
        let isDrained = serve { machine in
            if isUseless { machine.lost(loan.slot, generation: loan.generation) }
            return machine.giveBack(loan)
        }
        if isDrained { drained.give(()) }
    }

    private func waitForLoan() async throws(PostgresError) -> Machine.Loan {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        defer { state.withLock { $0.left[id] = nil } }
        async let _ = expire(id)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome = state.withLock { state -> Result<Machine.Loan, PostgresError>? in
                    if let error = state.left[id] { return .failure(error) }
                    switch state.machine.ask(id) {
                    case .lend(let loan): return .success(loan)
                    case .refuse(let error): return .failure(error)
                    case .wait:
                        state.waiters[id] = continuation
                        return nil
                    }
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            leave(id, PostgresError(.cancelled, "the task was cancelled"))
        }
        return try outcome.get()
    }

    private func expire(_ id: Int) async {
        do {
            try await time.sleep(for: settings.acquireTimeout)
        } catch {
            return
        }
        leave(id, PostgresError(.exhausted, "no connection became free in time"))
    }

    private func leave(_ id: Int, _ error: PostgresError) {
        let waiter = state.withLock { state -> Waiter? in
            // It may come too soon to be waited for, or too late because it was served.
            state.left[id] = error
            return state.machine.leave(id) ? state.waiters.removeValue(forKey: id) : nil
        }
        waiter?.resume(returning: .failure(error))
    }

    /// Changes the state and resumes who is served by that; returns whether everything is back for good.
    @discardableResult
    private func serve(_ change: (inout Machine) -> [(Int, Machine.Loan)]) -> Bool {
        let (served, isDrained) = state.withLock { state in
            let served = change(&state.machine).map { (state.waiters.removeValue(forKey: $0.0), $0.1) }
            return (served, state.machine.isDrained)
        }
        for (waiter, loan) in served { waiter?.resume(returning: .success(loan)) }
        return isDrained
    }

    /// Keeps one slot connected.
    private func keep(_ slot: Int) async {
        var failures = 0
        while !Task.isCancelled {
            let start = time.now
            do throws(PostgresError) {
                let connection = try await PostgresConnection.open(settings.connection)
                serve { $0.connected(slot, connection) }
                let generation = state.withLock { $0.machine.generation(of: slot) }
                _ = await withTaskCancellationHandler {
                    await connection.ended()
                } onCancel: {
                    connection.close()
                }
                state.withLock { $0.machine.lost(slot, generation: generation) }
                // A connection that is lost again and again is as bad as none.
                failures = time.now - start < settings.backoff.limit ? failures + 1 : 0
                if failures < 2 { continue }
            } catch {
                failures += 1
                let refused = state.withLock { $0.take($0.machine.failed(slot, error)) }
                for waiter in refused { waiter.resume(returning: .failure(error)) }
            }
            let delay = settings.backoff.delay(afterFailures: failures, random: .random(in: 0..<1))
            // Only a cancellation ends it early, and that ends the loop.
            try? await time.sleep(for: delay)
        }
    }
}
