import ParleyTesting
import Testing

@testable import ParleyStore

@Suite("A memory that forgets")
struct GenerationsTests {
    @Test("never keeps more than it may, and keeps what is asked for")
    func bounded() {
        var random = SplitMix64(seed: 1)
        var memory = Generations<Int, Int>(capacity: 100)
        memory.put(-1, of: -1, cost: 1)
        for _ in 0..<10_000 {
            let key = random.place(in: 60)
            memory.put(key, of: key, cost: 1 + random.place(in: 20))
            #expect(memory.cost <= 100)
            let asked = random.place(in: 60)
            if let value = memory.value(of: asked) { #expect(value == asked) }
            #expect(memory.cost <= 100)
            #expect(memory.value(of: -1) == -1)
        }
    }

    @Test("doesn't keep what would push out most of all else, nor what it held under that key before")
    func large() {
        var memory = Generations<Int, Int>(capacity: 100)
        memory.put(1, of: 1, cost: 10)
        memory.put(2, of: 1, cost: 51)
        #expect(memory.value(of: 1) == nil)
        #expect(memory.cost == 0)
    }
}
