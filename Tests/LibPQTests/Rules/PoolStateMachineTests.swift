import Testing

@testable import LibPQ

struct PoolStateMachineTests {
    private typealias Machine = PoolStateMachine<String>
    private let down = PostgresError(.unreachable, "down")

    private func lent(_ admission: Machine.Admission) -> Machine.Loan? {
        if case .lend(let loan) = admission { loan } else { nil }
    }

    private func refusal(_ admission: Machine.Admission) -> PostgresError.Kind? {
        if case .refuse(let error) = admission { error.kind } else { nil }
    }

    private func waits(_ admission: Machine.Admission) -> Bool {
        if case .wait = admission { true } else { false }
    }

    @Test func `each is lent to one, and who comes first is served first`() throws {
        var machine = Machine(slots: 1, loansPerConnection: 1, waitingLimit: 8)
        #expect(machine.connected(0, "a").isEmpty)
        let loan = try #require(lent(machine.ask(1)))
        #expect(waits(machine.ask(2)))
        #expect(waits(machine.ask(3)))
        let served = machine.giveBack(loan)
        #expect(served.map(\.0) == [2])
        #expect(machine.askNow() == nil, "nobody overtakes")
        #expect(machine.giveBack(try #require(served.first).1).map(\.0) == [3])
        #expect(machine.loanCount == 1)
    }

    @Test func `shared connections are lent evenly`() throws {
        var machine = Machine(slots: 2, loansPerConnection: 2, waitingLimit: 8)
        _ = machine.connected(0, "a")
        _ = machine.connected(1, "b")
        let loans = (1...4).compactMap { lent(machine.ask($0)) }
        #expect(loans.map(\.connection).sorted() == ["a", "a", "b", "b"])
        #expect(loans[0].slot != loans[1].slot)
        #expect(waits(machine.ask(5)))
    }

    @Test func `a new connection serves those who wait`() {
        var machine = Machine(slots: 1, loansPerConnection: 2, waitingLimit: 8)
        for id in 1...3 { #expect(waits(machine.ask(id))) }
        #expect(machine.connected(0, "a").map(\.0) == [1, 2])
    }

    @Test func `too many waiting are refused, and who leaves makes room`() {
        var machine = Machine(slots: 1, loansPerConnection: 1, waitingLimit: 1)
        #expect(waits(machine.ask(1)))
        #expect(refusal(machine.ask(2)) == .exhausted)
        #expect(machine.leave(1) == true)
        #expect(machine.leave(1) == false)
        #expect(waits(machine.ask(3)))
    }

    @Test func `nobody waits for a server that is down`() {
        var machine = Machine(slots: 2, loansPerConnection: 1, waitingLimit: 8)
        #expect(waits(machine.ask(1)), "nothing has failed yet")
        #expect(machine.failed(0, down).isEmpty, "the other may still succeed")
        #expect(machine.failed(1, down) == [1])
        #expect(refusal(machine.ask(2)) == .unreachable)
        _ = machine.connected(1, "b")
        #expect(lent(machine.ask(3))?.connection == "b")
        #expect(waits(machine.ask(4)))
        machine.lost(1, generation: machine.generation(of: 1))
        #expect(waits(machine.ask(5)), "it may be back at once")
        #expect(machine.failed(1, down) == [4, 5])
    }

    @Test func `a loan of a lost connection doesn't touch its successor`() throws {
        var machine = Machine(slots: 1, loansPerConnection: 1, waitingLimit: 8)
        _ = machine.connected(0, "a")
        let old = try #require(lent(machine.ask(1)))
        machine.lost(0, generation: old.generation)
        #expect(machine.loanCount == 1)
        _ = machine.connected(0, "b")
        let new = try #require(lent(machine.ask(2)))
        machine.lost(0, generation: old.generation)
        #expect(machine.openCount == 1)
        #expect(machine.giveBack(old).isEmpty)
        #expect(waits(machine.ask(3)), "the new one is still lent")
        #expect(machine.giveBack(new).map(\.0) == [3])
    }

    @Test func `closing refuses those who wait and is done when everything is back`() throws {
        var machine = Machine(slots: 1, loansPerConnection: 1, waitingLimit: 8)
        _ = machine.connected(0, "a")
        let loan = try #require(lent(machine.ask(1)))
        _ = machine.ask(2)
        #expect(machine.close() == [2])
        #expect(!machine.isDrained)
        #expect(refusal(machine.ask(3)) == .closed)
        #expect(machine.giveBack(loan).isEmpty)
        #expect(machine.isDrained)
        #expect(machine.askNow() == nil)
    }
}
