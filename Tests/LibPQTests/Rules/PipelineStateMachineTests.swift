import Testing

@testable import LibPQ

struct PipelineStateMachineTests {
    private let start = ContinuousClock.now
    private let grace = Duration.seconds(1)

    private func machine(_ count: Int, inFlightLimit: Int = 8, sent: Bool = true) -> PipelineStateMachine {
        var machine = PipelineStateMachine(inFlightLimit: inFlightLimit, waitingLimit: 8, grace: grace)
        for id in 0..<count { _ = machine.add(id, deadline: start + .seconds(5 + id)) }
        while sent, machine.takeNextToSend() != nil {}
        return machine
    }

    @Test func `statements are sent in order, up to the limit, and answered in order`() {
        var machine = machine(3, inFlightLimit: 2, sent: false)
        #expect(machine.takeNextToSend() == 0)
        #expect(machine.takeNextToSend() == 1)
        #expect(!machine.canSend)
        #expect(machine.takeNextToSend() == nil)
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == .answer(0))
        #expect(machine.canSend, "an answer makes room")
        #expect(machine.takeNextToSend() == 2)
        #expect(machine.isInFlight(2))
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == .answer(1))
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == .answer(2))
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == nil)
        #expect(!machine.isBusy)
    }

    @Test func `more than may wait is refused`() {
        var machine = machine(8, sent: false)
        #expect(machine.add(8, deadline: start) == .full)
        _ = machine.takeNextToSend()
        #expect(machine.add(9, deadline: start) == .waits)
    }

    @Test func `what closes finishes what it has and takes nothing more`() {
        var machine = machine(2, inFlightLimit: 1)
        machine.close()
        #expect(machine.add(2, deadline: start) == .closed)
        #expect(!machine.isDone)
        _ = machine.headEnded(isCancelled: false, isIdle: true)
        #expect(machine.takeNextToSend() == 1)
        #expect(!machine.isDone)
        _ = machine.headEnded(isCancelled: false, isIdle: true)
        #expect(machine.isDone)
    }

    @Test func `what waits is given up at once and never sent`() {
        var machine = machine(2, inFlightLimit: 1)
        #expect(machine.stop(1, .cancelled) == true)
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == .answer(0))
        #expect(machine.takeNextToSend() == nil)
    }

    @Test func `the head is cancelled and its caller waits for the server`() {
        var machine = machine(1)
        #expect(machine.stop(0, .cancelled) == false)
        #expect(machine.beginCancelling(now: start) == true)
        #expect(machine.beginCancelling(now: start) == false, "once is enough")
        #expect(machine.headEnded(isCancelled: true, isIdle: true) == .stopped(0, .cancelled))
    }

    @Test func `a head that goes on is cancelled again, since the first request may have come too early`() {
        var machine = machine(1)
        _ = machine.stop(0, .cancelled)
        _ = machine.beginCancelling(now: start)
        #expect(machine.beginCancelling(now: start + grace / 8) == false, "the first is still on its way")
        machine.cancelled()
        #expect(machine.nextDue == start + grace / 8)
        #expect(machine.beginCancelling(now: start + grace / 8) == true)
        machine.cancelled()
        #expect(machine.isStuck(now: start + grace), "which gives it no more time")
    }

    @Test func `a request to cancel that is never delivered costs the connection, though its statement is done`() {
        var machine = machine(2, inFlightLimit: 1)
        _ = machine.stop(0, .cancelled)
        _ = machine.beginCancelling(now: start)
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == .stopped(0, .cancelled))
        #expect(machine.takeNextToSend() == nil, "whom it would hit is not known")
        #expect(machine.nextDue == start + grace)
        #expect(!machine.isStuck(now: start + grace / 2))
        #expect(machine.isStuck(now: start + grace))
        #expect(machine.takeAll().waiting == [1], "which was never sent")
    }

    @Test func `a request to cancel that was delivered is due no more`() {
        var machine = machine(1)
        _ = machine.stop(0, .cancelled)
        _ = machine.beginCancelling(now: start)
        machine.cancelled()
        _ = machine.headEnded(isCancelled: true, isIdle: true)
        #expect(machine.nextDue == nil)
        #expect(!machine.isStuck(now: start + grace * 2))
    }

    @Test func `a long grace doesn't make the second request come later`() {
        var machine = PipelineStateMachine(inFlightLimit: 8, waitingLimit: 8, grace: .seconds(240))
        _ = machine.add(0, deadline: start)
        _ = machine.takeNextToSend()
        _ = machine.stop(0, .cancelled)
        _ = machine.beginCancelling(now: start)
        machine.cancelled()
        #expect(machine.nextDue == start + .milliseconds(125))
    }

    @Test func `what came to an end although it was cancelled counts as cancelled`() {
        var machine = machine(1)
        _ = machine.stop(0, .deadline)
        _ = machine.beginCancelling(now: start)
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == .stopped(0, .deadline))
    }

    @Test func `only a head is cancelled`() {
        var machine = machine(2)
        #expect(machine.stop(1, .cancelled) == true, "its caller doesn't wait for the one before")
        #expect(machine.beginCancelling(now: start) == false)
        #expect(machine.headEnded(isCancelled: false, isIdle: true) == .answer(0))
        #expect(machine.beginCancelling(now: start) == true)
        #expect(machine.headEnded(isCancelled: true, isIdle: true) == .forget(1))
    }

    @Test func `nothing is sent while a cancellation is on its way`() {
        var machine = machine(2, inFlightLimit: 2, sent: false)
        _ = machine.takeNextToSend()
        _ = machine.stop(0, .cancelled)
        _ = machine.beginCancelling(now: start)
        #expect(machine.takeNextToSend() == nil)
        #expect(machine.headEnded(isCancelled: true, isIdle: true) == .stopped(0, .cancelled))
        #expect(machine.takeNextToSend() == nil)
        machine.cancelled()
        #expect(machine.takeNextToSend() == 1)
    }

    @Test func `a neighbour that was hit instead is sent again, unless in a transaction`() {
        for isIdle in [true, false] {
            var machine = machine(2)
            _ = machine.stop(0, .cancelled)
            _ = machine.beginCancelling(now: start)
            #expect(machine.headEnded(isCancelled: false, isIdle: true) == .stopped(0, .cancelled))
            #expect(machine.headEnded(isCancelled: true, isIdle: isIdle) == (isIdle ? .again(1) : .answer(1)))
            machine.cancelled()
            #expect(machine.takeNextToSend() == (isIdle ? 1 : nil))
            // A second time it was somebody else's doing.
            #expect(machine.headEnded(isCancelled: true, isIdle: true) == (isIdle ? .answer(1) : nil))
        }
    }

    @Test func `what somebody else has cancelled is answered so`() {
        var machine = machine(1)
        #expect(machine.headEnded(isCancelled: true, isIdle: true) == .answer(0))
    }

    @Test func `deadlines are met wherever a statement is`() {
        var machine = machine(3, inFlightLimit: 2)
        #expect(machine.nextDue == start + .seconds(5))
        #expect(machine.stopOverdue(now: start + .seconds(4)) == [])
        #expect(Set(machine.stopOverdue(now: start + .seconds(9))) == [1, 2], "the head's caller waits for the server")
        #expect(machine.beginCancelling(now: start + .seconds(9)) == true)
        #expect(machine.nextDue == start + .seconds(10))
        #expect(machine.stopOverdue(now: start + .seconds(9)) == [], "nobody is told twice")
    }

    @Test func `a head that doesn't end costs the connection`() {
        var machine = machine(1)
        _ = machine.stop(0, .deadline)
        _ = machine.beginCancelling(now: start)
        machine.cancelled()
        #expect(!machine.isStuck(now: start))
        #expect(machine.isStuck(now: start + grace))
        let left = machine.takeAll()
        #expect(left.inFlight.map(\.id) == [0])
        #expect(left.inFlight.map(\.stop) == [.deadline])
    }

    @Test func `a lost connection's statements are told apart by whether they were sent`() {
        var machine = machine(3, inFlightLimit: 2)
        _ = machine.stop(1, .cancelled)
        let left = machine.takeAll()
        #expect(left.inFlight.map(\.id) == [0], "the other has been told")
        #expect(left.waiting == [2])
    }
}
