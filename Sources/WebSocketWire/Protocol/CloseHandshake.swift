/// The order in which a connection ends (RFC 6455, sections 5.5.1 and 7), as a pure state machine.
///
/// After our Close frame everything but the peer's is ignored. The server closes the TCP connection as soon as both Close
/// frames have gone; the client waits for it. Waiting is bounded: then the connection is dropped.
struct CloseHandshake<Instant: Comparable & Sendable>: Sendable {
    enum State: Equatable, Sendable {
        case open
        /// Our Close frame is sent, or stands in the queue; the peer's is awaited.
        case closeSent(until: Instant)
        /// There is nothing to be said any more; the end of the TCP connection is awaited.
        case awaitingEnd(until: Instant)
        case ended
    }

    enum Event: Sendable {
        /// The application closes.
        case localClose
        /// The peer's Close frame, in order.
        case peerClose
        /// The peer broke the protocol or a limit: nothing more of it can be read.
        case violation
        /// The TCP connection has ended.
        case connectionEnded
        /// Time has passed.
        case tick
    }

    enum Action: Equatable, Sendable {
        case nothing
        /// Send a Close frame behind what waits.
        case sendClose
        /// Answer with a Close frame before all that waits; with `thenEnd`, close the TCP connection after it.
        case reply(thenEnd: Bool)
        /// Send a Close frame before all that waits, then close the sending side of the TCP connection.
        ///
        /// Not both sides: bytes of the peer that nobody reads would make the kernel reset the connection, and the reset may
        /// overtake the Close frame.
        case fail
        /// Close the TCP connection once our Close frame has gone.
        case end
        /// Drop the TCP connection.
        case abort
        /// Tell that it is over.
        case report
    }

    private(set) var state = State.open

    /// Whether messages are taken and may be sent.
    var isOpen: Bool { state == .open }

    /// What to do; a wait that begins now may last until the deadline.
    mutating func handle(_ event: Event, role: WebSocketRole, now: Instant, deadline: Instant) -> Action {
        switch (state, event) {
        case (.ended, _): return .nothing
        case (_, .connectionEnded):
            state = .ended
            return .report
        case (.open, .localClose):
            state = .closeSent(until: deadline)
            return .sendClose
        case (.open, .peerClose):
            state = .awaitingEnd(until: deadline)
            return .reply(thenEnd: role == .server)
        case (.open, .violation):
            state = .awaitingEnd(until: deadline)
            return .fail
        case (.open, .tick): return .nothing
        case (.closeSent, .peerClose):
            state = .awaitingEnd(until: deadline)
            return role == .server ? .end : .nothing
        case (.closeSent(let until), .violation):
            state = .awaitingEnd(until: until)
            return .abort
        case (.closeSent, .localClose), (.awaitingEnd, .localClose): return .nothing
        case (.awaitingEnd, .peerClose), (.awaitingEnd, .violation): return .nothing
        case (.closeSent(let until), .tick), (.awaitingEnd(let until), .tick):
            guard now >= until else { return .nothing }
            state = .awaitingEnd(until: until)
            return .abort
        }
    }
}
