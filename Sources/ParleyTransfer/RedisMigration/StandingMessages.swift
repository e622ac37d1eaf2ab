internal import ParleyCore

/// What stands in a conversation before and after planned messages are brought to it.
struct StandingMessages {
    /// What was there before; none of a conversation that is new.
    private let log: StoredLog?
    /// For each planned message its place there, where it has one.
    let claims: [Int?]
    /// What was added.
    var added: Set<MessageID> = []

    init(_ log: StoredLog?, _ claims: [Int?]) {
        self.log = log
        self.claims = claims
    }

    /// The id that a planned message has there.
    func id(of message: ImportedMessage, at index: Int) -> MessageID {
        guard !added.contains(message.id), let log, let place = claims[index] else { return message.id }
        return log.entries[place].id
    }

    /// Whether what a planned message says is there.
    func holds(_ message: ImportedMessage, at index: Int) async throws -> Bool {
        guard !added.contains(message.id), let log else { return true }
        // Without a claim, its id is that of a message which another one was found to be.
        guard let place = claims[index] else { return log.place(of: message) == nil }
        return try await log.holds(message, at: place)
    }

    /// What must stand there from now on, in the order of the log: what stood there, then what was added.
    ///
    /// `earlier` is what had to stand there until now. What has gone from the old Redis since must still be there; where it
    /// doesn't stand in that order, the order stays what is asked for.
    func entries(
        of messages: [ImportedMessage],
        _ hasKnownTime: [Bool],
        after earlier: [ManifestConversation.Entry]
    ) -> [ManifestConversation.Entry] {
        var entries: [ManifestConversation.Entry] = []
        if let log {
            let places = earlier.map { $0.ids.lazy.compactMap(log.place(of:)).first }
            let there = places.compactMap(\.self)
            let found = zip(places, earlier).compactMap { place, entry in place.map { ($0, entry) } }
            let before = Dictionary(found, uniquingKeysWith: { first, _ in first })
            let isInOrder = zip(there, there.dropFirst()).allSatisfy { $0 < $1 }
            let rest = log.entries.indices.filter { isInOrder || before[$0] == nil }
            let claimed = Set(claims.compactMap(\.self))
            let doubles = Doubles(of: messages)
            for place in (isInOrder ? [] : there) + rest {
                let entry = log.entries[place]
                let isClaimed = claimed.contains(place)
                if !isClaimed, let before = before[place], !entry.isEdited, !entry.isDeleted {
                    entries.append(before)
                    continue
                }
                // What no run knows any more was brought by one that didn't come to its end.
                let isLeft = entry.traces.map { !doubles.include(entry.text, $0) } ?? false
                guard isClaimed || before[place] != nil || isLeft else { continue }
                // As it is now: that it says what it must was seen, or somebody has changed it here.
                entries.append(ManifestConversation.Entry(ids: [entry.id], hash: entry.hash, hasTime: true))
            }
            entries += zip(places, earlier).filter { $0.0 == nil }.map(\.1)
        }
        for (index, message) in messages.enumerated() where added.contains(message.id) {
            let hash = MigratedContent.hash(of: message, withTime: hasKnownTime[index])
            entries.append(ManifestConversation.Entry(ids: [message.id], hash: hash, hasTime: hasKnownTime[index]))
        }
        return entries
    }

    /// Tells what another program has brought twice from what only has gone from the old Redis.
    private struct Doubles {
        private var planned: [ContentKey: [LegacyTraces]] = [:]

        init(of messages: [ImportedMessage]) {
            for message in messages {
                let (metadata, answer) = (message.input.metadata, message.input.aiResponse)
                guard let traces = LegacyTraces(metadata, answer, at: message.createdAt, from: .redis),
                    traces.time != nil
                else { continue }
                planned[message.input.contentKey, default: []].append(traces)
            }
        }

        /// Whether a message that nothing planned was found to be says what a planned one says, at the same time.
        func include(_ text: ContentKey, _ traces: LegacyTraces) -> Bool {
            traces.time != nil && planned[text]?.contains { $0.mayBe(traces) } == true
        }
    }
}
