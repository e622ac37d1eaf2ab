/// The rules of a batch that may fail: which items are tried next, and whom a failure concerns.
///
/// An error that may be one item's own splits the items in halves, down to the one whose it is: a bad one among 128 costs
/// 14 attempts and none of its neighbours. Others concern every item that is left.
struct BatchPlan: Hashable {
    /// What becomes of the items that were tried.
    enum Verdict: Hashable {
        /// The same items are tried again, after so many failures in a row.
        case again(failures: Int)
        /// They are tried in parts.
        case split
        /// They fail.
        case fail
        /// They fail, and so does every item that wasn't tried yet.
        case failAll
    }

    private let attempts: Int
    private var parts: [Range<Int>]
    private var failures = 0

    /// Plans to try all items at once, and not more than so often where others stand in the way.
    init(count: Int, attempts: Int) {
        parts = count > 0 ? [0..<count] : []
        self.attempts = attempts
    }

    /// The items to try; `nil` where none is left.
    var present: Range<Int>? { parts.last }

    /// The items were committed.
    mutating func succeeded() {
        parts.removeLast()
        failures = 0
    }

    /// The items were not committed, or it isn't known whether they were.
    mutating func failed(_ error: PostgresError?) -> Verdict {
        guard let part = parts.last else { return .failAll }
        if let error, error.isTransient, failures + 1 < attempts {
            failures += 1
            return .again(failures: failures)
        }
        failures = 0
        if let error, !Self.mayBeAnItems(error) {
            parts = []
            return .failAll
        }
        parts.removeLast()
        guard part.count > 1 else { return .fail }
        let middle = part.lowerBound + part.count / 2
        // The first half is tried first: whoever came first.
        parts += [middle..<part.upperBound, part.lowerBound..<middle]
        return .split
    }

    /// Whether an error may come from what an item holds, and not from the state that the server is in.
    private static func mayBeAnItems(_ error: PostgresError) -> Bool {
        switch error.kind {
        case .argument, .mismatch: true
        case .refused:
            // Of the classes: no connection, read-only, too few resources, shut down, cancelled, a fault of the system's.
            switch error.sqlState?.errorClass {
            case "08", "25", "53", "57", "58", "XX": false
            default: !error.isConnectionLost
            }
        case .connectionLost, .unreachable, .deadline, .cancelled, .exhausted, .closed, .misuse: false
        }
    }
}
