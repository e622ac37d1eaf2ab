import Synchronization

/// The keys that hold at present, with the tokens that were checked with them.
///
/// The two are exchanged as one: what a check begun before finds goes to a cache that nobody asks any more.
final class TrustedKeys: Sendable {
    /// Keys and what was found with them.
    struct Generation: Sendable {
        let ring: KeyRing
        let cache = TokenCache()
    }

    private let generation: Mutex<Generation>

    init(_ ring: KeyRing) {
        generation = Mutex(Generation(ring: ring))
    }

    /// What holds now; to be asked once for each token.
    var current: Generation { generation.withLock { $0 } }

    /// Puts other keys in place of these.
    func replace(with ring: KeyRing) {
        generation.withLock { $0 = Generation(ring: ring) }
    }

    /// Forgets what was checked, so that every token is looked at again.
    func forgetTokens() {
        generation.withLock { $0 = Generation(ring: $0.ring) }
    }
}
