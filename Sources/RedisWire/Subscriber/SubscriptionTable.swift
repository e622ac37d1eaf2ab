/// Who listens to which channel.
struct SubscriptionTable {
    private var queues: [Int: (channels: Set<String>, queue: SubscriptionQueue)] = [:]
    private var listeners: [String: Set<Int>] = [:]
    private var nextID = 0

    /// All queues.
    var all: [SubscriptionQueue] { queues.values.map(\.queue) }

    /// All channels that somebody listens to.
    var channels: [String] { Array(listeners.keys) }

    /// Whether somebody listens to a channel.
    func isListenedTo(_ channel: String) -> Bool { listeners[channel] != nil }

    /// The queues of those who listen to a channel.
    func queues(of channel: String) -> [SubscriptionQueue] {
        (listeners[channel] ?? []).compactMap { queues[$0]?.queue }
    }

    /// Adds a listener.
    mutating func add(_ queue: SubscriptionQueue, to channels: Set<String>) -> Int {
        nextID += 1
        queues[nextID] = (channels, queue)
        for channel in channels { listeners[channel, default: []].insert(nextID) }
        return nextID
    }

    /// Removes a listener; gives back the channels that nobody listens to any more.
    mutating func remove(_ id: Int) -> [String] {
        guard let (channels, _) = queues.removeValue(forKey: id) else { return [] }
        var abandoned: [String] = []
        for channel in channels {
            listeners[channel]?.remove(id)
            if listeners[channel]?.isEmpty == true {
                listeners[channel] = nil
                abandoned.append(channel)
            }
        }
        return abandoned
    }
}
