/// A bounded memory that forgets what hasn't been asked for.
///
/// What is put or found goes to the younger of two generations; when that is half of what may be kept, it becomes the older,
/// and what the older one held is forgotten. So nothing is sorted and nothing linked.
struct Generations<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let cost: Int
    }

    private let capacity: Int
    private var younger: [Key: Entry] = [:]
    private var older: [Key: Entry] = [:]
    private var youngerCost = 0
    private var olderCost = 0

    /// Makes an empty memory for things that cost `capacity` together.
    init(capacity: Int) { self.capacity = capacity }

    /// What all that is kept costs.
    var cost: Int { youngerCost + olderCost }

    /// What is kept of a key.
    mutating func value(of key: Key) -> Value? {
        if let entry = younger[key] { return entry.value }
        guard let entry = older.removeValue(forKey: key) else { return nil }
        olderCost -= entry.cost
        put(entry.value, of: key, cost: entry.cost)
        return entry.value
    }

    /// Keeps a value, unless it would cost more than half of all.
    mutating func put(_ value: Value, of key: Key, cost: Int) {
        remove(key)
        guard cost <= capacity / 2 else { return }
        if youngerCost + cost > capacity / 2 {
            older = younger
            olderCost = youngerCost
            younger = [:]
            youngerCost = 0
        }
        younger[key] = Entry(value: value, cost: cost)
        youngerCost += cost
    }

    /// Forgets a key.
    mutating func remove(_ key: Key) {
        if let entry = younger.removeValue(forKey: key) { youngerCost -= entry.cost }
        if let entry = older.removeValue(forKey: key) { olderCost -= entry.cost }
    }
}
