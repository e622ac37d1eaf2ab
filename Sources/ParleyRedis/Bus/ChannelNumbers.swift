import ParleyCore

/// The numbers that a sender gives its frames, and when it says them again.
///
/// A number that was given counts, whether its frame arrived or not: so the next frame shows that one is missing. When no
/// next one comes, a beacon shows it: twice after the last frame, at once where that failed, and on until Redis has taken
/// both. Then the channel is forgotten, and its next frame begins a new epoch.
struct ChannelNumbers: Sendable {
    /// What a frame is known by.
    struct Number: Hashable, Sendable {
        /// Which life of the channel.
        let epoch: Int
        /// The place in it, from 1 on.
        let number: Int
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
    private var channels: [ProjectID: Channel] = [:]
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
    mutating func next(for project: ProjectID, at now: Duration) -> Number {
        var channel = channels[project] ?? begin(at: now)
        channel.number += 1
        channel.lastSent = now
        channel.beaconsLeft = Self.beacons
        channel.isMissing = false
        channels[project] = channel
        return Number(epoch: channel.epoch, number: channel.number)
    }

    /// The last frame was not sent, or may not have been.
    mutating func failed(for project: ProjectID) {
        channels[project]?.isMissing = true
    }

    /// The beacons that are due: for each channel the number of its last frame.
    ///
    /// When there are more than `most`, the others come next time, whenever that is.
    mutating func dueBeacons(at now: Duration, atMost most: Int = .max) -> [(project: ProjectID, number: Number)] {
        // Looking through all of them is for once in a while, not for each frame.
        guard now >= nextLook else { return [] }
        let due = channels.filter { isDue($0.value, at: now) }
        if due.count <= most { nextLook = now + interval / 2 }
        return due.prefix(most).map { project, channel in
            (project, Number(epoch: channel.epoch, number: channel.number))
        }
    }

    /// Redis took a beacon; after the last of them the channel is forgotten.
    mutating func beaconSucceeded(for project: ProjectID, at now: Duration) {
        channels[project]?.beaconsLeft -= 1
        channels[project]?.lastSent = now
        channels[project]?.isMissing = false
        if let channel = channels[project], channel.beaconsLeft <= 0 { channels[project] = nil }
    }

    /// Events of unknown channels were lost: every new epoch begins with a missing number from now on.
    mutating func loseTrack() {
        for project in channels.keys {
            channels[project]?.number += 1
            channels[project]?.beaconsLeft = Self.beacons
            channels[project]?.isMissing = true
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
        return Channel(epoch: epochs, number: hasForgotten ? 1 : 0, lastSent: now)
    }
}
