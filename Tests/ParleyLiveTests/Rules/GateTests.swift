import Testing

@testable import ParleyLive

@Suite("A gate", .timeLimit(.minutes(15)))
struct GateTests {
    @Test("Lets everybody through once it is open, now and later")
    func opens() async {
        let gate = Gate()
        await withDiscardingTaskGroup { group in
            for _ in 0..<5 { group.addTask { await gate.wait() } }
            gate.open()
        }
        await gate.wait()
        gate.open()
    }

    @Test("Who is cancelled does not wait any longer")
    func cancellation() async {
        let gate = Gate()
        await withDiscardingTaskGroup { group in
            for _ in 0..<5 { group.addTask { await gate.wait() } }
            group.cancelAll()
            group.addTask { await gate.wait() }
        }
    }
}
