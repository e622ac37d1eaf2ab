internal import NIOCore

/// When a socket is pinged and when it is given up, as a pure state machine; driven by the loop's one timer.
struct Heartbeat: Equatable {
    enum Action: Equatable {
        case nothing
        case ping
        /// Nothing came in answer to the ping.
        case dead
    }

    /// When the last frame came, or the last sign that the peer takes bytes.
    private(set) var lastHeard: NIODeadline
    private var pingedAt: NIODeadline?

    init(now: NIODeadline) {
        lastHeard = now
    }

    /// Any frame counts: a peer that talks need not be asked whether it is there.
    mutating func heard(at now: NIODeadline) {
        lastHeard = now
        pingedAt = nil
    }

    mutating func tick(now: NIODeadline, interval: TimeAmount, timeout: TimeAmount) -> Action {
        if let pingedAt { return now - pingedAt >= timeout ? .dead : .nothing }
        guard now - lastHeard >= interval else { return .nothing }
        pingedAt = now
        return .ping
    }
}
