import NIOCore

/// Opens sockets, a bounded number at once.
///
/// On one event loop, like all scenarios: none of them is told of its sockets from anywhere else.
struct Opening {
    private let plans: [SocketPlan]
    private let eventLoop: any EventLoop
    private var next = 0

    /// How many are not yet open.
    private(set) var missing: Int

    init(_ plans: [SocketPlan], on eventLoop: any EventLoop) {
        self.plans = plans
        self.eventLoop = eventLoop
        missing = plans.count
    }

    /// Begins with the first `count`.
    mutating func begin(_ count: Int, owner: any SocketOwner) {
        for _ in 0..<min(count, plans.count) { openNext(owner: owner) }
    }

    /// One is open, so that another may follow; returns whether it was the last.
    mutating func opened(owner: any SocketOwner) -> Bool {
        missing -= 1
        openNext(owner: owner)
        return missing == 0
    }

    private mutating func openNext(owner: any SocketOwner) {
        guard next < plans.count else { return }
        LoadSocket.open(next, plans[next], on: eventLoop, owner: owner)
        next += 1
    }
}
