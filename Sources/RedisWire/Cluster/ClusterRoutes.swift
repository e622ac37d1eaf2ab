/// What is known of a cluster, and which of its nodes are held: a state without a network, moved on by what is heard.
///
/// A redirect is believed at once for the slot that it names; the next full answer replaces everything.
struct ClusterRoutes: Sendable {
    /// Nodes that a redirect has named, beside the masters; what names more is not followed.
    static let maxGuests = 16

    /// Which nodes come and which go.
    struct Change: Hashable, Sendable {
        /// Nodes to hold from now on.
        var started: [RedisEndpoint] = []
        /// Nodes that nothing leads to any more.
        var retired: [RedisEndpoint] = []
    }

    private(set) var topology = ClusterTopology()
    private let seeds: [RedisEndpoint]
    /// Nodes that slots are moving to, but that no slot belongs to yet; and whether one was asked since the last answer.
    private var guests: [RedisEndpoint: Bool] = [:]
    private var turn = 0

    /// Knows nothing but where to ask first.
    init(seeds: [RedisEndpoint]) {
        self.seeds = seeds
    }

    /// Whether a node is held.
    func holds(_ endpoint: RedisEndpoint) -> Bool {
        guests[endpoint] != nil || topology.masters.contains(endpoint)
    }

    /// A slot belongs to a node; `nil` where that can't be believed.
    mutating func moved(_ slot: RedisSlot, to endpoint: RedisEndpoint) -> Change? {
        let isNew = !holds(endpoint)
        guard topology.assign(slot.number...slot.number, to: endpoint) else { return nil }
        guests[endpoint] = nil
        return Change(started: isNew ? [endpoint] : [])
    }

    /// A node is to be asked this once; `nil` where there have been too many.
    mutating func asked(_ endpoint: RedisEndpoint) -> Change? {
        guard !topology.masters.contains(endpoint) else { return Change() }
        let isNew = guests[endpoint] == nil
        guard !isNew || guests.count < Self.maxGuests else { return nil }
        guests[endpoint] = true
        return Change(started: isNew ? [endpoint] : [])
    }

    /// A node has said how things stand.
    mutating func refreshed(_ new: ClusterTopology) -> Change {
        let before = topology.masters + guests.keys.filter { !topology.masters.contains($0) }
        topology = new
        // One that wasn't asked since the last answer has got its slots, or will not get any.
        guests = guests.filter { $0.value && !new.masters.contains($0.key) }.mapValues { _ in false }
        let after = Set(new.masters).union(guests.keys)
        return Change(
            started: new.masters.filter { !before.contains($0) },
            retired: before.filter { !after.contains($0) }
        )
    }

    /// Who is asked next how things stand, one after the other until one answers: each time another one first, since one that
    /// is cut off from the others doesn't know how things stand.
    mutating func sources() -> [RedisEndpoint] {
        turn += 1
        let masters = topology.masters
        let start = masters.isEmpty ? 0 : turn % masters.count
        return masters[start...] + masters[..<start] + seeds.filter { !masters.contains($0) }
    }
}
