/// Which statements are prepared in a connection, and under which names.
///
/// A statement is prepared at its first use. While that is under way, and once the limit is reached, it is sent whole: it
/// never waits for a name, and never fails because of another's.
struct StatementNames {
    /// A statement is what it says and the types of its arguments.
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// How a statement is to be sent.
    enum Use: Hashable {
        /// Prepare it by this name, then execute it.
        case prepare(String)
        /// Execute it by this name.
        case execute(String)
        /// Send it whole.
        case whole
    }

    private enum State {
        case preparing
        case ready
    }

    private let limit: Int
    // Names are never used again, so that a late answer can't be taken for another statement's.
    private var made = 0
    private var states: [Key: (name: String, state: State)] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    /// How to send a statement now.
    mutating func use(_ key: Key) -> Use {
        if let known = states[key] { return known.state == .ready ? .execute(known.name) : .whole }
        guard made < limit else { return .whole }
        made += 1
        let name = "s\(made)"
        states[key] = (name, .preparing)
        return .prepare(name)
    }

    /// The server has prepared it.
    mutating func prepared(_ key: Key) {
        states[key]?.state = .ready
    }

    /// The server refused it or what it had is of no use any more; the next use begins anew.
    mutating func forget(_ key: Key) {
        states[key] = nil
    }
}
