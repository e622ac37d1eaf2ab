import ParleyCore
import ParleyTesting
import Synchronization

@testable import ParleyLive

/// Counts from 1, from anywhere.
final class Counter: Sendable {
    private let count = Atomic(0)

    /// The next number.
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

extension LiveCredential {
    /// The same, which holds when the connection opens, and no longer after.
    func once() -> LiveCredential {
        let count = Counter()
        return LiveCredential(login: login, expiresAt: expiresAt) { [renew] in
            guard count.next() == 1 else { throw ParleyError(.unauthenticated, "Signed out.") }
            return try await renew()
        }
    }
}
