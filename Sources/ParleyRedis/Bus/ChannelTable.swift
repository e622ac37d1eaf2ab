import ParleyCore
import RedisWire

/// Which channels this instance listens to: one for each project and person with subscribers here.
struct ChannelTable: Sendable {
    /// A channel to be read until everybody has left it.
    struct Reading: Sendable {
        let id: Int
        let channel: EventChannel
        /// Ends when the last subscriber has left.
        let left: AsyncStream<Never>
    }

    /// What a subscriber gets.
    struct Place: Sendable {
        let id: Int
        /// Ends when Redis has confirmed the channel or can't; `nil` when that is so already.
        let settled: AsyncStream<Never>?
    }

    private struct Channel {
        let id: Int
        var link: ChannelLink
        var subscribers = 0
        var reading: Reading?
        let leave: AsyncStream<Never>.Continuation
        var waiting: [AsyncStream<Never>.Continuation] = []

        mutating func settle() {
            for waiter in waiting { waiter.finish() }
            waiting = []
        }
    }

    private var channels: [EventChannel: Channel] = [:]
    private var unread: Set<EventChannel> = []
    private var nextID = 0
    private var isRunning = false

    /// How many channels are listened to.
    var count: Int { channels.count }

    /// Whether all that is published on the channels listened to comes here, as far as is known.
    ///
    /// One that is being opened counts: whoever listens to it waits until that is known.
    var isWhole: Bool { isRunning && !channels.values.contains { $0.link == .down } }

    /// Begins to open channels, those that were asked for before too.
    mutating func begin() {
        isRunning = true
    }

    /// Opens no more channels, and lets everybody go on.
    mutating func end() {
        isRunning = false
        for name in channels.keys {
            channels[name]?.link = .down
            channels[name]?.settle()
        }
    }

    /// Adds a subscriber; a new channel is then in ``takeUnread()``.
    mutating func join(_ name: EventChannel) -> Place {
        if channels[name] == nil {
            nextID += 1
            let (left, leave) = AsyncStream.makeStream(of: Never.self)
            channels[name] = Channel(
                id: nextID,
                // Before the beginning nothing comes; afterwards that makes up for it.
                link: isRunning ? .opening : .down,
                reading: Reading(id: nextID, channel: name, left: left),
                leave: leave
            )
            unread.insert(name)
        }
        guard var channel = channels[name] else { return Place(id: 0, settled: nil) }
        channel.subscribers += 1
        var settled: AsyncStream<Never>?
        if channel.link == .opening {
            let (stream, end) = AsyncStream.makeStream(of: Never.self)
            channel.waiting.append(end)
            settled = stream
        }
        channels[name] = channel
        return Place(id: channel.id, settled: settled)
    }

    /// Removes a subscriber, and with the last one the channel.
    mutating func leave(_ name: EventChannel) {
        guard var channel = channels[name] else { return }
        channel.subscribers -= 1
        if channel.subscribers > 0 {
            channels[name] = channel
        } else {
            channel.settle()
            channel.leave.finish()
            channels[name] = nil
            unread.remove(name)
        }
    }

    /// The channels that nobody reads yet; whoever takes them does.
    mutating func takeUnread() -> [Reading] {
        defer { unread = [] }
        return unread.compactMap { channels[$0]?.reading.take() }
    }

    /// Takes what Redis says of a channel; returns whether subscribers must be told that they may have missed something.
    mutating func take(_ gap: RedisGap, of reading: Reading) -> Bool {
        guard channels[reading.channel]?.id == reading.id else { return false }
        defer { channels[reading.channel]?.settle() }
        return channels[reading.channel]?.link.take(gap) ?? false
    }

    /// Redis refused a channel.
    mutating func fail(_ reading: Reading) {
        guard channels[reading.channel]?.id == reading.id else { return }
        channels[reading.channel]?.link.fail()
        channels[reading.channel]?.settle()
    }

    /// Whether a channel is still listened to by those for whom it is read.
    func isPresent(_ reading: Reading) -> Bool {
        channels[reading.channel]?.id == reading.id
    }
}
