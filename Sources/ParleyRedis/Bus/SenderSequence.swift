/// What a receiver knows of one sender's frames on one channel, and so whether one is missing.
///
/// A sender numbers its frames on a channel from 1 on. After a time of silence it forgets a channel, and begins with 1 in
/// another, later epoch. A beacon carries the number of the frame before it.
///
/// ```
///           no mark                             the next number, or an earlier one
///   unknown ────────────▶ known(epoch, number) ◀──┐ nothing is missing
///      │                    │    ▲          └─────┘
///      │ marked             │    │ a number further on, or a later epoch that doesn't begin with 1:
///      └──── something is missing┘ something is missing
/// ```
///
/// Of a sender that was not heard of, whatever its number: Redis had taken the frames before, and who listened then got
/// them, or was told that its own link was lost. Those that Redis had not taken are what the mark is for.
///
/// A frame that comes late, behind one with a higher number or of a later epoch, is still handed on: its absence was told,
/// and events are folded by revision.
struct SenderSequence: Hashable, Sendable {
    /// What is known.
    enum State: Hashable, Sendable {
        /// Nothing was heard of the sender since this channel is listened to.
        case unknown
        /// The last number in the latest epoch.
        case known(epoch: Int, number: Int)
    }

    private(set) var state = State.unknown

    /// Takes note of a frame or a beacon; returns whether one before it is missing and this was not known.
    mutating func receive(epoch: Int, number: Int, isBeacon: Bool, followsFailure: Bool) -> Bool {
        switch state {
        case .known(let known, let last) where epoch == known:
            guard number > last else { return false }
            state = .known(epoch: epoch, number: number)
            return isBeacon || number > last + 1
        case .known(let known, _) where epoch < known:
            return false
        case .unknown:
            state = .known(epoch: epoch, number: number)
            return followsFailure
        case .known:
            state = .known(epoch: epoch, number: number)
            // A beacon says that there was a frame, which did not come.
            return isBeacon || number > 1
        }
    }
}

/// The sequences of the senders on one channel, of a bounded number of them.
///
/// One that was forgotten counts as unknown when it is heard of again.
struct SenderTable: Sendable {
    private struct Entry {
        var sequence = SenderSequence()
        var lastUse = 0
    }

    private let capacity: Int
    private var entries: [BusSenderID: Entry] = [:]
    private var uses = 0

    /// Makes a table that remembers so many senders: instances of one shop, and those they replaced.
    init(capacity: Int = 64) {
        self.capacity = max(1, capacity)
    }

    /// How many senders are remembered.
    var count: Int { entries.count }

    /// Takes note of a frame; returns whether one before it is missing and this was not known.
    mutating func receive(_ frame: BusFrame) -> Bool {
        uses += 1
        if entries[frame.sender] == nil, entries.count >= capacity,
            let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
        {
            entries[oldest] = nil
        }
        entries[frame.sender, default: Entry()].lastUse = uses
        return entries[frame.sender, default: Entry()].sequence.receive(
            epoch: frame.epoch,
            number: frame.number,
            isBeacon: frame.items.isEmpty,
            followsFailure: frame.followsFailure
        )
    }
}
