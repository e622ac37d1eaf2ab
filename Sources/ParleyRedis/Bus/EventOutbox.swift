import ParleyCore

/// What waits to be published, by channel: bounded, and never a reason for anybody to wait.
///
/// While a frame is under way, what comes gathers here, and goes together in the next.
struct EventOutbox: Sendable {
    /// What waits for one channel.
    struct Load: Sendable {
        /// Events and notices, in the order in which they came.
        var publications: [Publication] = []
        /// Whether there was no room for some that came behind them.
        var isIncomplete = false
    }

    /// What was taken out.
    struct Batch: Sendable {
        /// The loads, by channel.
        var loads: [EventChannel: Load] = [:]
        /// Whether something was lost of channels that are not among these.
        var hasLostTrack = false

        /// Whether there is nothing to do.
        var isEmpty: Bool { loads.isEmpty && !hasLostTrack }
    }

    private let maxCount: Int
    private let maxBytes: Int
    private var batch = Batch()
    private var count = 0
    private var byteCount = 0

    /// Makes an empty one.
    ///
    /// - Parameters:
    ///   - maxCount: How many events and notices may wait, and of how many channels.
    ///   - maxBytes: How many bytes of text may wait.
    init(maxCount: Int = 8192, maxBytes: Int = 32 * 1024 * 1024) {
        self.maxCount = max(1, maxCount)
        self.maxBytes = maxBytes
    }

    /// Puts something in; `false` where there is no room, which its channel's load remembers.
    ///
    /// What nobody would miss is dropped then, and not remembered.
    mutating func put(_ publication: Publication) -> Bool {
        let bytes = Self.bytes(of: publication)
        let channel = publication.channel
        guard count < maxCount, byteCount + bytes <= maxBytes,
            // Else it would overtake one that is missing.
            batch.loads[channel]?.isIncomplete != true
        else {
            if publication.isDispensable { return true }
            if batch.loads[channel] != nil || batch.loads.count < maxCount {
                batch.loads[channel, default: Load()].isIncomplete = true
            } else {
                batch.hasLostTrack = true
            }
            return false
        }
        batch.loads[channel, default: Load()].publications.append(publication)
        count += 1
        byteCount += bytes
        return true
    }

    /// Takes everything out.
    mutating func take() -> Batch {
        defer {
            batch = Batch()
            count = 0
            byteCount = 0
        }
        return batch
    }

    private static func bytes(of publication: Publication) -> Int {
        switch publication {
        case .event(let event): bytes(of: event)
        case .notice: Limits.emailBytes.upperBound
        }
    }

    private static func bytes(of event: Event) -> Int {
        switch event.kind {
        case .delta(let delta): delta.text.utf8.count
        case .change(.messageAppended(let message)), .change(.messageUpdated(let message)): message.wireBytes
        case .change(.conversationCreated), .change(.conversationUpdated), .change(.conversationDeleted):
            Limits.metadataBytes
        case .typing: Limits.emailBytes.upperBound
        // Some ids and numbers.
        case .movedAway: 128
        }
    }
}
