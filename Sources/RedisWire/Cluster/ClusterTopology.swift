/// Which master has which slots.
struct ClusterTopology: Hashable, Sendable {
    /// More masters than anybody has: an answer that names more is none.
    static let maxMasters = 1000

    /// The masters, in the order in which they were named.
    private(set) var masters: [RedisEndpoint] = []
    /// How many slots have a master.
    private(set) var coveredSlots = 0
    /// For each slot the place of its master in `masters`.
    private var owners = [UInt16](repeating: .max, count: RedisSlot.count)

    /// Makes one in which no slot has a master.
    init() {}

    /// Reads the answer to `CLUSTER SLOTS`.
    ///
    /// - Parameters:
    ///   - reply: The answer.
    ///   - endpoint: Who gave it.
    /// - Throws: ``RedisError/Code/protocolViolation`` where it is no such answer.
    init(slots reply: RedisReply, from endpoint: RedisEndpoint) throws(RedisError) {
        guard reply.kind == .array else { throw Self.violation }
        for range in reply.elements {
            var parts = range.elements.makeIterator()
            guard let first = parts.next()?.integer, let last = parts.next()?.integer, let master = parts.next(),
                0 <= first, first <= last, last < RedisSlot.count, let port = master.elements[1]?.integer
            else { throw Self.violation }
            // A master whose address the node doesn't know leaves its slots without one.
            guard
                let place = RedisEndpoint(
                    clusterHost: master.elements[0]?.string,
                    port: Int(truncatingIfNeeded: port),
                    asked: endpoint
                )
            else { continue }
            guard assign(Int(first)...Int(last), to: place) else { throw Self.violation }
        }
    }

    /// Whether every slot has a master.
    var isComplete: Bool { coveredSlots == RedisSlot.count }

    /// The master of a slot; `nil` where it has none.
    func master(of slot: RedisSlot) -> RedisEndpoint? {
        let owner = owners[slot.number]
        return owner == .max ? nil : masters[Int(owner)]
    }

    /// Gives slots to a master, which may be a new one; `false` where there are too many.
    mutating func assign(_ slots: ClosedRange<Int>, to master: RedisEndpoint) -> Bool {
        if !masters.contains(master) {
            guard masters.count < Self.maxMasters else { return false }
            masters.append(master)
        }
        // It is there by now.
        guard let place = masters.firstIndex(of: master) else { return false }
        for slot in slots {
            if owners[slot] == .max { coveredSlots += 1 }
            owners[slot] = UInt16(place)
        }
        return true
    }

    private static let violation = RedisError(.protocolViolation, "The node's answer to CLUSTER SLOTS can't be read.")
}
