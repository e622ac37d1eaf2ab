import NIOCore

/// All sockets come at once, as after a restart: each is greeted, asks for what it missed, and has it.
final class Storm: SocketOwner {
    struct Outcome: Sendable {
        /// From the beginning of connecting until a socket is told that it may be used.
        var ready = Latencies()
        /// From there until it has what it missed.
        var subscribed = Latencies()
        /// From the beginning of the storm until each has all.
        var waits = Latencies()
    }

    private let plans: [SocketPlan]
    /// What each sends when it is ready; empty where it needs nothing.
    private let questions: [ByteBuffer]
    private let eventLoop: any EventLoop
    private let atOnce: Int
    private let outcome: EventLoopPromise<Outcome>
    private let isGone: EventLoopPromise<Void>
    private var opening: Opening
    private var sockets: [LoadSocket?]
    private var readyAt: [UInt64]
    private var result = Outcome()
    private var startedAt: UInt64 = 0
    private var isClosing = false
    private var left: Int

    init(_ plans: [SocketPlan], questions: [ByteBuffer], atOnce: Int, on eventLoop: any EventLoop) {
        self.plans = plans
        self.questions = questions
        self.eventLoop = eventLoop
        self.atOnce = atOnce
        outcome = eventLoop.makePromise()
        isGone = eventLoop.makePromise()
        opening = Opening(plans, on: eventLoop)
        sockets = Array(repeating: nil, count: plans.count)
        readyAt = Array(repeating: 0, count: plans.count)
        left = plans.count
    }

    /// Lets them come; done when the last has all.
    func run() -> EventLoopFuture<Outcome> {
        startedAt = NIODeadline.now().uptimeNanoseconds
        opening.begin(atOnce, owner: self)
        return outcome.futureResult
    }

    /// Drops them; done when the last connection has ended.
    func close() -> EventLoopFuture<Void> {
        isClosing = true
        for socket in sockets { socket?.drop() }
        return isGone.futureResult
    }

    func ready(_ socket: LoadSocket) {
        sockets[socket.number] = socket
        readyAt[socket.number] = socket.now
        result.ready.record(from: socket.beganAt, to: socket.now)
        guard !questions.isEmpty else { return finish(socket) }
        socket.send(questions[socket.number])
    }

    func subscribed(_ socket: LoadSocket) {
        result.subscribed.record(from: readyAt[socket.number], to: socket.now)
        finish(socket)
    }

    func ended(_ socket: LoadSocket, _ failure: LoadFailure) {
        sockets[socket.number] = nil
        guard isClosing else { return outcome.fail(failure) }
        left -= 1
        if left == 0 { isGone.succeed() }
    }

    private func finish(_ socket: LoadSocket) {
        result.waits.record(from: startedAt, to: socket.now)
        if opening.opened(owner: self) { outcome.succeed(result) }
    }
}
