import ParleyCore

/// Says when a published key set may be fetched: pure, so that every case can be tried.
///
/// One fetch at a time, begun an hour after the last that brought keys; after one that didn't, or when a token names a key
/// that nobody knows, no sooner than 30 seconds after the last was begun.
struct FetchSchedule: Sendable {
    /// Why someone asks.
    enum Occasion: Sendable {
        /// Time has passed.
        case time
        /// A token names a key that is not known.
        case unknownKey
    }

    private var isUnderWay = false
    private var begun: Duration?
    /// When the last fetch that brought keys was begun.
    private var fresh: Duration?

    /// Whether the one who asks is to fetch now; who is must call ``end(broughtKeys:)``.
    mutating func begin(_ occasion: Occasion, at now: Duration) -> Bool {
        guard !isUnderWay else { return false }
        if let begun {
            let isCalm = occasion == .time && begun == fresh
            guard now - begun >= (isCalm ? Limits.keySetLifetime : Limits.keySetRecheck) else { return false }
        }
        (isUnderWay, begun) = (true, now)
        return true
    }

    /// Takes what the fetch that was begun has come to.
    mutating func end(broughtKeys: Bool) {
        isUnderWay = false
        if broughtKeys { fresh = begun }
    }

    /// Whether the keys were last seen so long ago that they hold no longer; says so once.
    mutating func expire(at now: Duration) -> Bool {
        guard let seen = fresh, now - seen >= Limits.keySetStaleness else { return false }
        fresh = nil
        return true
    }
}
