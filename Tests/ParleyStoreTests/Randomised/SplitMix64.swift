/// A small generator with a seed, so that a random run can be run again (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Whether something happens that happens once in `count` times.
    mutating func oneIn(_ count: Int) -> Bool {
        Int.random(in: 0..<count, using: &self) == 0
    }

    /// A place in a list, or one past its end where it is empty.
    mutating func place(in count: Int) -> Int {
        Int.random(in: 0..<max(1, count), using: &self)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[place(in: elements.count)]
    }
}
