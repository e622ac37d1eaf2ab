internal import ParleyCore

/// Makes tags of 64 random bits.
struct TagMaker: Sendable {
    private let random: @Sendable () -> UInt64

    /// Takes where randomness comes from; by default the system.
    init(random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }) {
        self.random = random
    }

    /// A tag that nobody can foresee.
    func make() -> LogTag { LogTag(bits: random()) }
}
