import ParleyCore

/// Turns references into events, a few at a time over all channels.
struct ChangeLookup: Sendable {
    private let source: (any ChangeSource)?
    private let timeout: Duration
    private let clock: any Clock<Duration>
    private let places: Places

    /// Makes a lookup.
    ///
    /// - Parameters:
    ///   - source: Where to look; without one nothing is found.
    ///   - atOnce: How many lookups may go on at once: the source has others to serve.
    ///   - timeout: How long one may take.
    ///   - clock: What that is measured by.
    init(
        in source: (any ChangeSource)?,
        atOnce: Int = 4,
        timeout: Duration = .seconds(2),
        clock: any Clock<Duration>
    ) {
        self.source = source
        self.timeout = timeout
        self.clock = clock
        places = Places(atOnce)
    }

    /// The event that a reference stands for, with what it tells of as it is now; `nil` where that can't be found.
    ///
    /// It may be newer than the reference says: then the event tells more than it was asked for, and the one of the newer
    /// change repeats it, which is no harm to those who fold events by revision. What is older, as a copy that lags behind
    /// would have it, is not found.
    func event(of reference: EventReference, in project: ProjectID) async -> Event? {
        guard let source else { return nil }
        do {
            let change = try await places.use {
                try await withDeadline(timeout, clock: clock) { try await Self.change(reference, in: source) }
            }
            guard let change, change.revision >= reference.revision else { return nil }
            let event = Event(change)
            return event.projectID == project && event.conversationID == reference.conversationID ? event : nil
        } catch {
            // Why doesn't matter to subscribers, who will ask the store themselves; and the store logs its troubles.
            return nil
        }
    }

    private static func change(_ reference: EventReference, in source: any ChangeSource) async throws -> Change? {
        let conversation = reference.conversationID
        switch (reference.kind, reference.messageID) {
        case (.messageAppended, let id?):
            return try await source.message(id, in: conversation).map(Change.messageAppended)
        case (.messageUpdated, let id?):
            return try await source.message(id, in: conversation).map(Change.messageUpdated)
        case (.conversationCreated, _):
            return try await source.conversation(conversation).map(Change.conversationCreated)
        case (.conversationUpdated, _):
            return try await source.conversation(conversation).map(Change.conversationUpdated)
        // What is deleted can't be looked up.
        case (.conversationDeleted, _), (.messageAppended, nil), (.messageUpdated, nil): return nil
        }
    }
}

extension Change {
    /// The revision that it made.
    fileprivate var revision: Int {
        switch self {
        case .conversationCreated(let conversation), .conversationUpdated(let conversation),
            .conversationDeleted(let conversation):
            conversation.revision
        case .messageAppended(let message), .messageUpdated(let message): message.revision
        }
    }
}
