import ParleyCore

/// The events that wait to be published, by project: bounded, and never a reason for anybody to wait.
///
/// While a frame is under way, what comes gathers here, and goes together in the next.
struct EventOutbox: Sendable {
    /// What waits for one project.
    struct Load: Sendable {
        /// The events, in the order in which they came.
        var events: [Event] = []
        /// Whether there was no room for some that came behind them.
        var isIncomplete = false
    }

    /// What was taken out.
    struct Batch: Sendable {
        /// The loads, by project.
        var loads: [ProjectID: Load] = [:]
        /// Whether events of projects that are not among these were lost.
        var hasLostTrack = false

        /// Whether there is nothing to do.
        var isEmpty: Bool { loads.isEmpty && !hasLostTrack }
    }

    private let maxEvents: Int
    private let maxBytes: Int
    private var batch = Batch()
    private var eventCount = 0
    private var byteCount = 0

    /// Makes an empty one.
    ///
    /// - Parameters:
    ///   - maxEvents: How many events may wait, and of how many projects.
    ///   - maxBytes: How many bytes of text may wait.
    init(maxEvents: Int = 8192, maxBytes: Int = 32 * 1024 * 1024) {
        self.maxEvents = max(1, maxEvents)
        self.maxBytes = maxBytes
    }

    /// Puts an event in; `false` where there is no room, which its project's load remembers.
    mutating func put(_ event: Event) -> Bool {
        let bytes = Self.bytes(of: event)
        let project = event.projectID
        guard eventCount < maxEvents, byteCount + bytes <= maxBytes,
            // Else it would overtake one that is missing.
            batch.loads[project]?.isIncomplete != true
        else {
            if batch.loads[project] != nil || batch.loads.count < maxEvents {
                batch.loads[project, default: Load()].isIncomplete = true
            } else {
                batch.hasLostTrack = true
            }
            return false
        }
        batch.loads[project, default: Load()].events.append(event)
        eventCount += 1
        byteCount += bytes
        return true
    }

    /// Takes everything out.
    mutating func take() -> Batch {
        defer {
            batch = Batch()
            eventCount = 0
            byteCount = 0
        }
        return batch
    }

    private static func bytes(of event: Event) -> Int {
        switch event.kind {
        case .delta(let delta): delta.text.utf8.count
        case .change(.messageAppended(let message)), .change(.messageUpdated(let message)): message.wireBytes
        case .change(.conversationCreated), .change(.conversationUpdated), .change(.conversationDeleted):
            Limits.metadataBytes
        }
    }
}
