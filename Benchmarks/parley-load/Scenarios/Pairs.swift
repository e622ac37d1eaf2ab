import NIOCore

/// Many pairs, each with one that sends and one that receives; each sends as many as may be under way, and then the next when
/// one has come.
final class Pairs: SocketOwner {
    private struct Pair {
        var sent = 0
        var received = 0
        var revision: Int?
        /// When those under way were sent.
        var sentAt: [UInt64]
    }

    private let eventLoop: any EventLoop
    /// Sockets of each pair: the first receives, and the second, where there is one, sends.
    private let socketsEach: Int
    private let window: Int
    private let outcome: EventLoopPromise<Deliveries>
    private let isReady: EventLoopPromise<Void>
    private var opening: Opening
    private var pairs: [Pair]
    private var sockets: [LoadSocket?]
    private var send: (Int) -> Void = { _ in }
    private var result = Deliveries()
    private var deadline: UInt64 = 0
    private var isSending = false
    private var isOver = false

    init(_ plans: [SocketPlan], pairs: Int, window: Int, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.window = window
        socketsEach = plans.count / pairs
        outcome = eventLoop.makePromise()
        isReady = eventLoop.makePromise()
        opening = Opening(plans, on: eventLoop)
        self.pairs = Array(repeating: Pair(sentAt: Array(repeating: 0, count: window)), count: pairs)
        sockets = Array(repeating: nil, count: plans.count)
    }

    /// Opens all sockets.
    func open() -> EventLoopFuture<Void> {
        opening.begin(64, owner: self)
        return isReady.futureResult
    }

    /// Sends for a time, and waits until all have everything; `send` is given the number of the pair.
    func run(for duration: TimeAmount, send: @escaping (Pairs, Int) -> Void) -> EventLoopFuture<Deliveries> {
        self.send = { [unowned self] in send(self, $0) }
        deadline = (NIODeadline.now() + duration).uptimeNanoseconds
        isSending = true
        eventLoop.assumeIsolated().scheduleTask(in: duration + .seconds(10)) { self.finish() }
        for _ in 0..<window {
            for pair in pairs.indices { sendNext(pair, at: NIODeadline.now().uptimeNanoseconds) }
        }
        return outcome.futureResult
    }

    /// Sends by the pair's second socket.
    func sendBySocket(_ frame: ByteBuffer, of pair: Int) { sockets[pair * socketsEach + 1]?.send(frame) }

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
        let number = socket.number / socketsEach
        guard socket.number % socketsEach == 0, !isOver else { return }
        if let revision {
            if let last = pairs[number].revision {
                if revision <= last { result.doubled += 1 }
                if revision > last + 1 { result.lost += revision - last - 1 }
            }
            pairs[number].revision = revision
        }
        guard pairs[number].received < pairs[number].sent else { return result.doubled += 1 }
        result.latencies.record(from: pairs[number].sentAt[pairs[number].received % window], to: socket.now)
        pairs[number].received += 1
        result.count += 1
        result.bytes = payload.count
        if isSending, socket.now >= deadline { isSending = false }
        if isSending {
            sendNext(number, at: socket.now)
        } else if result.count == result.sent {
            finish()
        }
    }

    func ended(_ socket: LoadSocket, _ failure: LoadFailure) {
        sockets[socket.number] = nil
        if !isOver { fail(failure) }
    }

    private func sendNext(_ pair: Int, at time: UInt64) {
        pairs[pair].sentAt[pairs[pair].sent % window] = time
        pairs[pair].sent += 1
        result.sent += 1
        send(pair)
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        result.lost = max(result.lost, result.sent - result.count)
        outcome.succeed(result)
    }
}
