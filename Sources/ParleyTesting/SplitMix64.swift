/// A small generator with a seed, so that a random run can be run again (Steele, Lea and Flood, OOPSLA 2014).
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Makes a generator; one seed gives one sequence.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Whether something happens that happens once in `count` times.
    public mutating func oneIn(_ count: Int) -> Bool {
        Int.random(in: 0..<count, using: &self) == 0
    }

    /// A place in a list, or one past its end where it is empty.
    public mutating func place(in count: Int) -> Int {
        Int.random(in: 0..<max(1, count), using: &self)
    }

    /// An element of a list that is not empty.
    public mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[place(in: elements.count)]
    }
}
