import ParleyCore

/// The numbers that a sender gives its frames, and when it says them again.
///
/// A number that was given counts, whether its frame arrived or not: so the next frame shows that one is missing. When no
/// next one comes, a beacon shows it: twice after the last frame, at once where that failed, and on until Redis has taken
/// both. Then the channel is forgotten, and its next frame begins a new epoch. To those who have not heard of this sender,
/// a number says nothing: what follows a frame that failed says so itself.
struct ChannelNumbers: Sendable {
    /// What a frame is known by.
    struct Number: Hashable, Sendable {
        /// Which life of the channel.
        let epoch: Int
        /// The place in it, from 1 on.
        let number: Int
        /// Whether a frame before it failed that no later one has made up for.
        var followsFailure = false
    }

    private struct Channel {
        let epoch: Int
        var number = 0
        var lastSent: Duration
        var beaconsLeft = ChannelNumbers.beacons
        /// Whether a frame failed that no later one has made up for.
        var isMissing = false
    }

    private static let beacons = 2

    private let capacity: Int
    private let interval: Duration
    private var channels: [EventChannel: Channel] = [:]
    private var epochs = 0
    private var nextLook = Duration.zero
    /// Whether a channel was forgotten too early, so that a number may be missing that no receiver can see.
    private var hasForgotten = false

    /// Makes numbers for no channel yet.
    ///
    /// - Parameters:
    ///   - capacity: How many channels are remembered: those with a frame in the last seconds.
    ///   - interval: The time from the last frame to its first beacon; the second comes after twice that.
    init(capacity: Int = 16_384, interval: Duration = .seconds(2)) {
        self.capacity = max(1, capacity)
        self.interval = interval
    }

    /// How many channels are remembered.
    var count: Int { channels.count }

    /// The number of the next frame.
    mutating func next(for name: EventChannel, at now: Duration) -> Number {
        var channel = channels[name] ?? begin(at: now)
        channel.number += 1
        channel.lastSent = now
        channel.beaconsLeft = Self.beacons
        let followsFailure = channel.isMissing
        channel.isMissing = false
        channels[name] = channel
        return Number(epoch: channel.epoch, number: channel.number, followsFailure: followsFailure)
    }

    /// The last frame was not sent, or may not have been.
    mutating func failed(for name: EventChannel) {
        channels[name]?.isMissing = true
    }

    /// The beacons that are due: for each channel the number of its last frame.
    ///
    /// When there are more than `most`, the others come next time, whenever that is.
    mutating func dueBeacons(at now: Duration, atMost most: Int = .max) -> [(channel: EventChannel, number: Number)] {
        // Looking through all of them is for once in a while, not for each frame.
        guard now >= nextLook else { return [] }
        let due = channels.filter { isDue($0.value, at: now) }
        if due.count <= most { nextLook = now + interval / 2 }
        return due.prefix(most).map { name, channel in
            (name, Number(epoch: channel.epoch, number: channel.number, followsFailure: channel.isMissing))
        }
    }

    /// Redis took a beacon; after the last of them the channel is forgotten.
    mutating func beaconSucceeded(for name: EventChannel, at now: Duration) {
        channels[name]?.beaconsLeft -= 1
        channels[name]?.lastSent = now
        channels[name]?.isMissing = false
        if let channel = channels[name], channel.beaconsLeft <= 0 { channels[name] = nil }
    }

    /// Events of unknown channels were lost: every new epoch begins with a missing number from now on.
    mutating func loseTrack() {
        for name in channels.keys {
            channels[name]?.number += 1
            channels[name]?.beaconsLeft = Self.beacons
            channels[name]?.isMissing = true
        }
        hasForgotten = true
    }

    private func isDue(_ channel: Channel, at now: Duration) -> Bool {
        channel.isMissing || now - channel.lastSent >= (channel.beaconsLeft == Self.beacons ? interval : interval * 2)
    }

    private mutating func begin(at now: Duration) -> Channel {
        if channels.count >= capacity {
            // Those that were silent for longest, an eighth at once, so that the sorting is paid for by many.
            let oldest = channels.sorted { $0.value.lastSent < $1.value.lastSent }.prefix(max(1, capacity / 8))
            for entry in oldest { channels[entry.key] = nil }
            hasForgotten = true
        }
        epochs += 1
        return Channel(epoch: epochs, number: hasForgotten ? 1 : 0, lastSent: now, isMissing: hasForgotten)
    }
}
