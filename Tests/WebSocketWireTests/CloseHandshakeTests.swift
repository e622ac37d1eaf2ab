import Testing

@testable import WebSocketWire

/// Every state and event, for both ends.
struct CloseHandshakeTests {
    typealias Machine = CloseHandshake<Int>

    /// Now is 10; a wait that begins lasts until 15.
    @Test(
        arguments: [
            // Open.
            ([], Machine.Event.localClose, Machine.Action.sendClose, Machine.State.closeSent(until: 15)),
            ([], .peerClose, .reply(thenEnd: true), .awaitingEnd(until: 15)),
            ([], .violation, .fail, .awaitingEnd(until: 15)),
            ([], .connectionEnded, .report, .ended),
            ([], .tick, .nothing, .open),
            // Our Close frame is sent, at 0 until 5 or at 8 until 13.
            ([(.localClose, 8)], .localClose, .nothing, .closeSent(until: 13)),
            ([(.localClose, 8)], .peerClose, .end, .awaitingEnd(until: 15)),
            ([(.localClose, 8)], .violation, .abort, .awaitingEnd(until: 13)),
            ([(.localClose, 8)], .connectionEnded, .report, .ended),
            ([(.localClose, 8)], .tick, .nothing, .closeSent(until: 13)),
            ([(.localClose, 0)], .tick, .abort, .awaitingEnd(until: 5)),
            // The end of the TCP connection is awaited.
            ([(.peerClose, 8)], .localClose, .nothing, .awaitingEnd(until: 13)),
            ([(.peerClose, 8)], .peerClose, .nothing, .awaitingEnd(until: 13)),
            ([(.peerClose, 8)], .violation, .nothing, .awaitingEnd(until: 13)),
            ([(.peerClose, 8)], .connectionEnded, .report, .ended),
            ([(.peerClose, 8)], .tick, .nothing, .awaitingEnd(until: 13)),
            ([(.violation, 0)], .tick, .abort, .awaitingEnd(until: 5)),
            // It is over.
            ([(.connectionEnded, 8)], .localClose, .nothing, .ended),
            ([(.connectionEnded, 8)], .peerClose, .nothing, .ended),
            ([(.connectionEnded, 8)], .violation, .nothing, .ended),
            ([(.connectionEnded, 8)], .connectionEnded, .nothing, .ended),
            ([(.connectionEnded, 8)], .tick, .nothing, .ended),
        ] as [([(Machine.Event, Int)], Machine.Event, Machine.Action, Machine.State)]
    )
    func `a server`(before: [(Machine.Event, Int)], event: Machine.Event, action: Machine.Action, state: Machine.State)
    {
        let (did, machine) = run(before, event, .server)
        #expect(did == action)
        #expect(machine.state == state)
    }

    /// Where a client differs: it leaves it to the server to end the TCP connection.
    @Test func `a client waits for the server`() {
        let (replied, afterReply) = run([], .peerClose, .client)
        #expect(replied == .reply(thenEnd: false))
        #expect(afterReply.state == .awaitingEnd(until: 15))
        let (heard, afterBoth) = run([(.localClose, 8)], .peerClose, .client)
        #expect(heard == .nothing)
        #expect(afterBoth.state == .awaitingEnd(until: 15))
    }

    @Test func `messages are for an open socket only`() {
        #expect(Machine().isOpen)
        for event in [Machine.Event.localClose, .peerClose, .violation, .connectionEnded] {
            let (_, machine) = run([], event, .server)
            #expect(!machine.isOpen)
        }
    }

    private func run(_ before: [(Machine.Event, Int)], _ event: Machine.Event, _ role: WebSocketRole)
        -> (Machine.Action, Machine)
    {
        var machine = Machine()
        for (event, now) in before { _ = machine.handle(event, role: role, now: now, deadline: now + 5) }
        let action = machine.handle(event, role: role, now: 10, deadline: 15)
        return (action, machine)
    }
}
