/// The rules of a set of connections that are lent, without the connections: who gets one, who waits, who is refused.
///
/// There is a fixed number of slots, each with a connection or on its way to one. A connection is lent to as many at a time
/// as the set says, one where lending is exclusive. Who comes first is served first.
struct PoolStateMachine<Connection: Sendable> {
    typealias WaiterID = Int

    /// A connection on loan.
    struct Loan: Sendable {
        let connection: Connection
        let slot: Int
        /// Which of the slot's connections it is, since the slot may have another one when the loan comes back.
        let generation: Int
    }

    /// What becomes of someone who wants a connection.
    enum Admission {
        case lend(Loan)
        case wait
        case refuse(PostgresError)
    }

    private struct Slot {
        var connection: Connection?
        var generation = 0
        var loans = 0
        /// What went wrong at the last attempt; `nil` where none has failed since it last had a connection.
        var failure: PostgresError?
    }

    private let loansPerConnection: Int
    private let waitingLimit: Int
    private var slots: [Slot]
    private var waiting: [WaiterID] = []
    private var isClosing = false
    /// Loans of connections that are lost, and still out.
    private var strayLoans = 0

    init(slots count: Int, loansPerConnection: Int, waitingLimit: Int) {
        self.loansPerConnection = loansPerConnection
        self.waitingLimit = waitingLimit
        slots = [Slot](repeating: Slot(), count: count)
    }

    /// How many connections there are.
    var openCount: Int { slots.count { $0.connection != nil } }
    /// How many loans are out.
    var loanCount: Int { slots.reduce(strayLoans) { $0 + $1.loans } }
    /// How many wait.
    var waitingCount: Int { waiting.count }
    /// Whether it closes and everything is back.
    var isDrained: Bool { isClosing && loanCount == 0 }

    /// Asks for a connection without being willing to wait.
    mutating func askNow() -> Loan? {
        isClosing || !waiting.isEmpty ? nil : lend()
    }

    /// Asks for a connection.
    ///
    /// While every slot has failed to get one, nobody waits: a server that is down is not worth a second.
    mutating func ask(_ id: WaiterID) -> Admission {
        guard !isClosing else { return .refuse(Self.closed) }
        if let loan = askNow() { return .lend(loan) }
        if let failure = commonFailure { return .refuse(failure) }
        guard waiting.count < waitingLimit else {
            return .refuse(PostgresError(.exhausted, "too many wait for a connection"))
        }
        waiting.append(id)
        return .wait
    }

    /// Leaves the queue; `false` for one that isn't in it any more.
    mutating func leave(_ id: WaiterID) -> Bool {
        guard let place = waiting.firstIndex(of: id) else { return false }
        waiting.remove(at: place)
        return true
    }

    /// Gives a loan back; returns who gets one now.
    mutating func giveBack(_ loan: Loan) -> [(WaiterID, Loan)] {
        if slots[loan.slot].generation == loan.generation, slots[loan.slot].connection != nil {
            slots[loan.slot].loans -= 1
        } else {
            strayLoans -= 1
        }
        return serve()
    }

    /// A slot has a connection; returns who gets one now.
    mutating func connected(_ slot: Int, _ connection: Connection) -> [(WaiterID, Loan)] {
        slots[slot].connection = connection
        slots[slot].generation += 1
        slots[slot].failure = nil
        return serve()
    }

    /// A slot's connection is lost, of that generation; what is lent of it comes back later.
    mutating func lost(_ slot: Int, generation: Int) {
        guard slots[slot].generation == generation, slots[slot].connection != nil else { return }
        slots[slot].connection = nil
        strayLoans += slots[slot].loans
        slots[slot].loans = 0
    }

    /// The generation of the slot's present connection.
    func generation(of slot: Int) -> Int { slots[slot].generation }

    /// A slot couldn't connect; returns who is refused now.
    mutating func failed(_ slot: Int, _ error: PostgresError) -> [WaiterID] {
        slots[slot].failure = error
        guard commonFailure != nil else { return [] }
        defer { waiting = [] }
        return waiting
    }

    /// Refuses everyone from now on; returns who waited.
    mutating func close() -> [WaiterID] {
        isClosing = true
        defer { waiting = [] }
        return waiting
    }

    static var closed: PostgresError { PostgresError(.closed, "the connections are closed") }

    /// Why there is no connection, where there is none and each slot has failed at least once.
    private var commonFailure: PostgresError? {
        guard slots.allSatisfy({ $0.connection == nil && $0.failure != nil }) else { return nil }
        return slots.first?.failure
    }

    private mutating func serve() -> [(WaiterID, Loan)] {
        var served: [(WaiterID, Loan)] = []
        while !waiting.isEmpty, let loan = lend() { served.append((waiting.removeFirst(), loan)) }
        return served
    }

    /// Lends the connection that has the fewest loans.
    private mutating func lend() -> Loan? {
        let free = slots.indices.lazy.filter { [slots, loansPerConnection] in
            slots[$0].connection != nil && slots[$0].loans < loansPerConnection
        }
        guard let slot = free.min(by: { slots[$0].loans < slots[$1].loans }), let connection = slots[slot].connection
        else { return nil }
        slots[slot].loans += 1
        return Loan(connection: connection, slot: slot, generation: slots[slot].generation)
    }
}
