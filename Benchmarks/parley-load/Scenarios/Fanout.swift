import NIOCore

/// One sends, all receive.
///
/// A message is counted by its place, which by appends stands in its text and else follows from the order; by appends the
/// revisions say that none was lost or came twice, else the counts do.
final class Fanout: SocketOwner {
    /// How the sender is paced.
    enum Pace: Sendable {
        /// So many messages are under way: the next is sent when all have got the oldest.
        case window(Int)
        /// So many in a second.
        case rate(Double)
    }

    private struct Receiver {
        var count = 0
        var revision: Int?
    }

    private let eventLoop: any EventLoop
    private let receivers: Int
    private let pace: Pace
    private let outcome: EventLoopPromise<Deliveries>
    private let isReady: EventLoopPromise<Void>
    private var opening: Opening
    private var state: [Receiver]
    private var sockets: [LoadSocket?]
    /// Sends the message of this place.
    private var send: (Int) -> Void = { _ in }
    // By place: when it was sent, and how many have it.
    private var sentAt: [UInt64] = []
    private var receipts: [Int32] = []
    private var complete = 0
    private var result = Deliveries()
    private var deadline: UInt64 = 0
    private var isSending = false
    private var isOver = false

    /// Makes a scenario of sockets, of which the last only sends where there is one more than receivers.
    init(_ plans: [SocketPlan], receivers: Int, pace: Pace, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.receivers = receivers
        self.pace = pace
        outcome = eventLoop.makePromise()
        isReady = eventLoop.makePromise()
        opening = Opening(plans, on: eventLoop)
        state = Array(repeating: Receiver(), count: receivers)
        sockets = Array(repeating: nil, count: plans.count)
    }

    /// Opens all sockets.
    func open() -> EventLoopFuture<Void> {
        opening.begin(64, owner: self)
        return isReady.futureResult
    }

    /// Sends for a time, and waits until all have everything.
    func run(for duration: TimeAmount, send: @escaping (Fanout, Int) -> Void) -> EventLoopFuture<Deliveries> {
        self.send = { [unowned self] in send(self, $0) }
        let now = NIODeadline.now()
        deadline = (now + duration).uptimeNanoseconds
        isSending = true
        eventLoop.assumeIsolated().scheduleTask(in: duration + .seconds(10)) { self.finish() }
        switch pace {
        case .window(let count): for _ in 0..<count { sendNext(at: NIODeadline.now().uptimeNanoseconds) }
        case .rate(let rate): keepPace(rate, since: now.uptimeNanoseconds)
        }
        return outcome.futureResult
    }

    /// Sends by the last socket.
    func sendBySocket(_ frame: ByteBuffer) { sockets.last??.send(frame) }

    /// Ends with what went wrong.
    func fail(_ failure: LoadFailure) {
        result.failure = result.failure ?? failure
        isReady.fail(failure)
        finish()
    }

    func close() {
        for socket in sockets { socket?.drop() }
    }

    // MARK: What comes of sockets

    func ready(_ socket: LoadSocket) {
        sockets[socket.number] = socket
        if opening.opened(owner: self) { isReady.succeed() }
    }

    func message(revision: Int?, _ payload: UnsafeRawBufferPointer, on socket: LoadSocket) {
        let number = socket.number
        guard number < receivers, !isOver, isSending || complete < sentAt.count else { return }
        var place = state[number].count
        if let revision {
            guard let told = payload.number(after: "\"content\":\"") else { return }
            place = told
            if let last = state[number].revision {
                if revision <= last { result.doubled += 1 }
                if revision > last + 1 { result.lost += revision - last - 1 }
            }
            state[number].revision = max(state[number].revision ?? 0, revision)
        }
        guard place < sentAt.count else { return result.doubled += 1 }
        state[number].count += 1
        result.count += 1
        result.bytes = payload.count
        result.latencies.record(from: sentAt[place], to: socket.now)
        receipts[place] += 1
        guard receipts[place] == receivers else { return }
        complete += 1
        if socket.now >= deadline { isSending = false }
        if isSending {
            if case .window = pace { sendNext(at: NIODeadline.now().uptimeNanoseconds) }
        } else if complete == sentAt.count {
            finish()
        }
    }

    func ended(_ socket: LoadSocket, _ failure: LoadFailure) {
        sockets[socket.number] = nil
        if !isOver { fail(failure) }
    }

    // MARK: Sending

    private func sendNext(at time: UInt64) {
        sentAt.append(time)
        receipts.append(0)
        send(sentAt.count - 1)
    }

    /// Sends what is due; each counts from when it was due, not from when this loop came to it.
    private func keepPace(_ rate: Double, since start: UInt64) {
        guard !isOver else { return }
        let now = NIODeadline.now().uptimeNanoseconds
        while sentAt.count < Int(Double(min(now, deadline) - start) * rate / 1e9) {
            sendNext(at: start + UInt64(Double(sentAt.count + 1) * 1e9 / rate))
        }
        if now >= deadline {
            isSending = false
            if complete == sentAt.count { finish() }
            return
        }
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(1)) { self.keepPace(rate, since: start) }
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        isSending = false
        result.sent = sentAt.count
        // What never came: by appends a gap in the revisions has counted what is before the last that came.
        let missing = state.reduce(0) { $0 + max(0, sentAt.count - $1.count) }
        result.lost = max(result.lost, missing)
        outcome.succeed(result)
    }
}
