/// The rules of a connection's pipeline, without the connection: which statement is sent when, which one a cancellation
/// concerns, and what an answer means.
///
/// The server answers in order, so what is in flight is a queue whose head is being executed. To cancel is to cancel
/// whatever the server executes when the request reaches it. So only a head is cancelled; nothing is sent until the request
/// has been delivered; and a statement behind the head that is hit instead is sent again.
struct PipelineStateMachine {
    typealias ID = Int
    typealias Instant = ContinuousClock.Instant

    /// Why a statement is given up before it was answered.
    enum Stop: Hashable {
        case cancelled
        case deadline
    }

    /// What becomes of a statement that was added.
    enum Admission: Hashable {
        case waits
        case full
        case closed
    }

    /// What becomes of a statement that the server is done with.
    enum Verdict: Hashable {
        /// Its caller gets the answer.
        case answer(ID)
        /// Its caller gets the reason why it was given up, whatever the answer: a commit that a cancellation has hurried
        /// may not have reached the standby.
        case stopped(ID, Stop)
        /// Its caller is gone already.
        case forget(ID)
        /// It was hit by another's cancellation, has had no effect, and waits again.
        case again(ID)
    }

    private struct Entry {
        let id: ID
        let deadline: Instant
        var stop: Stop?
        /// Whether its caller has been told, and only the server's answer is outstanding.
        var isAnswered = false
        /// When the connection is given up because of it.
        var giveUp: Instant?
        /// When it is cancelled again, if it is still there.
        var cancelAgain: Instant?
        /// Whether a cancellation went out while it was behind the head.
        var isExposed = false
    }

    private let inFlightLimit: Int
    private let waitingLimit: Int
    private let grace: Duration
    /// How long it is until a head that goes on is cancelled again.
    private let patience: Duration
    private var waiting: [Entry] = []
    private var inFlight: [Entry] = []
    /// When the connection is given up because a request to cancel is still on its way; `nil` while none is.
    ///
    /// Its head may be done long since, but nothing can be sent before it is known whom the request will hit.
    private var cancelDue: Instant?
    private var isClosing = false

    init(inFlightLimit: Int, waitingLimit: Int, grace: Duration) {
        self.inFlightLimit = inFlightLimit
        self.waitingLimit = waitingLimit
        self.grace = grace
        patience = min(grace / 8, .milliseconds(125))
    }

    /// The statement that the server is executing.
    var head: ID? { inFlight.first?.id }

    /// Whether it closes and nothing is left to do.
    var isDone: Bool { isClosing && waiting.isEmpty && inFlight.isEmpty }

    /// Whether a request to cancel is on its way.
    private var isCancelling: Bool { cancelDue != nil }

    /// Whether a statement is in flight.
    var isBusy: Bool { !inFlight.isEmpty }

    /// Whether a statement may be sent now.
    var canSend: Bool { !isCancelling && inFlight.count < inFlightLimit && !waiting.isEmpty }

    /// Whether the server still has to answer a statement.
    func isInFlight(_ id: ID) -> Bool { inFlight.contains { $0.id == id } }

    /// When something is due, if nothing happens before.
    var nextDue: Instant? {
        let others = (waiting + inFlight.dropFirst().filter { !$0.isAnswered }).map(\.deadline).min()
        var headDue: [Instant?] = []
        if let head = inFlight.first {
            headDue = head.stop == nil ? [head.deadline] : [head.giveUp, isCancelling ? nil : head.cancelAgain]
        }
        return ([others, cancelDue] + headDue).compactMap(\.self).min()
    }

    /// Adds a statement behind all others.
    mutating func add(_ id: ID, deadline: Instant) -> Admission {
        guard !isClosing else { return .closed }
        guard waiting.count < waitingLimit else { return .full }
        waiting.append(Entry(id: id, deadline: deadline))
        return .waits
    }

    /// Takes the next statement to send; `nil` while there is none or its time has not come.
    mutating func takeNextToSend() -> ID? {
        guard canSend else { return nil }
        let entry = waiting.removeFirst()
        inFlight.append(entry)
        return entry.id
    }

    /// Gives up a statement; returns whether its caller is to be told now.
    ///
    /// The head's caller waits for what the server says, so as to know.
    mutating func stop(_ id: ID, _ reason: Stop) -> Bool {
        if let place = waiting.firstIndex(where: { $0.id == id }) {
            waiting.remove(at: place)
            return true
        }
        guard let place = inFlight.firstIndex(where: { $0.id == id }), inFlight[place].stop == nil else { return false }
        inFlight[place].stop = reason
        inFlight[place].isAnswered = place > 0
        return place > 0
    }

    /// Gives up every statement whose time is up; returns those whose callers are to be told now.
    mutating func stopOverdue(now: Instant) -> [ID] {
        let overdue = (waiting + inFlight).filter { $0.stop == nil && $0.deadline <= now }.map(\.id)
        return overdue.filter { stop($0, .deadline) }
    }

    /// Whether the head must be cancelled now; if so, the request is on its way from here on.
    ///
    /// More than once where need be: the server ignores a request that comes before it has begun.
    mutating func beginCancelling(now: Instant) -> Bool {
        guard !isCancelling, let head = inFlight.first, head.stop != nil, head.cancelAgain ?? now <= now else {
            return false
        }
        inFlight[0].giveUp = head.giveUp ?? now + grace
        cancelDue = now + grace
        inFlight[0].cancelAgain = now + patience
        for place in inFlight.indices.dropFirst() { inFlight[place].isExposed = true }
        return true
    }

    /// The request to cancel has been delivered, or could not be.
    mutating func cancelled() {
        cancelDue = nil
    }

    /// Whether the head had its time to end after it was cancelled, or the request to cancel it had its time to be
    /// delivered, and the connection must be given up.
    func isStuck(now: Instant) -> Bool {
        [inFlight.first?.giveUp, cancelDue].contains { $0.map { $0 <= now } ?? false }
    }

    /// The server is done with the head.
    ///
    /// `isCancelled` says that it failed because it was cancelled, `isIdle` that no transaction is open.
    mutating func headEnded(isCancelled: Bool, isIdle: Bool) -> Verdict? {
        guard !inFlight.isEmpty else { return nil }
        var head = inFlight.removeFirst()
        if head.isAnswered { return .forget(head.id) }
        if let stop = head.stop { return .stopped(head.id, stop) }
        if isCancelled, isIdle, head.isExposed {
            head.isExposed = false
            waiting.insert(head, at: 0)
            return .again(head.id)
        }
        return .answer(head.id)
    }

    /// Refuses further statements; what was added before is still done.
    mutating func close() {
        isClosing = true
    }

    /// The connection is gone: takes what waits and what is in flight, without those whose callers are gone already.
    mutating func takeAll() -> (waiting: [ID], inFlight: [(id: ID, stop: Stop?)]) {
        defer { (waiting, inFlight) = ([], []) }
        return (waiting.map(\.id), inFlight.filter { !$0.isAnswered }.map { ($0.id, $0.stop) })
    }
}
