import Crypto
import ParleyCore
import Synchronization

/// Tokens that held a short while ago, so that a client that sends the same one with every request is not checked afresh
/// each time.
///
/// It knows a token by the SHA-256 of all of it, and so holds nothing that anyone could sign in with. It belongs to one
/// ``KeyRing``: whoever changes the keys makes a new cache.
final class TokenCache: Sendable {
    /// How long a token is believed without another look.
    static let lifetime = Duration.seconds(60)
    /// How many tokens are kept: as many as an instance may have connections.
    static let capacity = Limits.connections

    private struct Entry {
        let token: VerifiedToken
        let checkedAt: Timestamp
        let end: Timestamp
    }

    private let entries = Mutex<[SHA256Digest: Entry]>([:])

    /// How many tokens are kept.
    var count: Int { entries.withLock { $0.count } }

    /// What a token says, where it was checked less than ``lifetime`` ago and has not ended since.
    func verified(_ token: CacheKey, now: Timestamp) -> VerifiedToken? {
        guard let entry = entries.withLock({ $0[token.digest] }) else { return nil }
        // Not before its check either: after the clock was set back, nobody knows how old it is.
        return entry.checkedAt <= now && now < entry.end ? entry.token : nil
    }

    /// Keeps a token that has just been checked.
    func keep(_ verified: VerifiedToken, of token: CacheKey, now: Timestamp) {
        let entry = Entry(token: verified, checkedAt: now, end: min(verified.expiresAt, now + Self.lifetime))
        entries.withLock { entries in
            // Full, all are forgotten: each costs one check to bring back, and no order must be kept.
            if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
            entries[token.digest] = entry
        }
    }
}

/// What a token is known by.
struct CacheKey {
    fileprivate let digest: SHA256Digest

    init(_ token: String) {
        digest = SHA256.hash(data: Array(token.utf8))
    }
}
