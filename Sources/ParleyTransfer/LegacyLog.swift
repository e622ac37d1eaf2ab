internal import ParleyCore

/// The messages of one session, put together from all the places where they stood.
struct LegacyLog {
    /// A message with its ids, and the record it comes from.
    struct Entry {
        let message: LegacyMessage
        let key: ContentKey
        let id: MessageID
        let otherIDs: [MessageID]
        let item: Int
    }

    /// What the session is known by.
    let session: [String]
    private let ids: DerivedIDs
    /// In the order they came; a log's order is ``order``.
    private(set) var entries: [Entry] = []
    private(set) var order: [Int] = []
    /// Records that say what an entry says already.
    private(set) var repetitions: [(item: Int, entry: Int)] = []
    private var occurrences: [ContentKey: Int] = [:]
    private var entriesByID: [String: Int] = [:]

    init(_ session: [String], ids: DerivedIDs) {
        self.session = session
        self.ids = ids
    }

    var keys: [ContentKey] { order.map { entries[$0].key } }

    /// Brings the records of another place together with what is there; returns for each its entry.
    ///
    /// What stands in both, in the same order, is one message. What stands only here goes behind what it follows.
    @discardableResult
    mutating func merge(_ records: [(item: Int, message: LegacyMessage)]) -> [Int] {
        let contents = records.map(\.message.input.contentKey)
        let places = order.isEmpty ? contents.map { _ in nil } : InOrderMatch.places(of: contents, in: keys)
        let base = order
        var following: [Int: [Int]] = [:]
        // What comes before the first that is known goes before it.
        var anchor = (places.firstNonNil ?? base.count) - 1
        var result: [Int] = []
        for ((item, message), (content, place)) in zip(records, zip(contents, places)) {
            if let place {
                anchor = place
                repetitions.append((item, base[place]))
                result.append(base[place])
            } else {
                let (entry, isNew) = add(message, saying: content, from: item)
                if isNew { following[anchor, default: []].append(entry) }
                result.append(entry)
            }
        }
        order = following[-1, default: []]
        for (place, entry) in base.enumerated() {
            order.append(entry)
            order += following[place, default: []]
        }
        return result
    }

    private mutating func add(
        _ message: LegacyMessage,
        saying content: ContentKey,
        from item: Int
    ) -> (entry: Int, isNew: Bool) {
        if let id = message.id, let known = entriesByID[id], entries[known].key == content {
            repetitions.append((item, known))
            return (known, false)
        }
        let occurrence = occurrences[content, default: 0] + 1
        occurrences[content] = occurrence
        let byContent = ids.message(in: session, saying: content, occurrence: occurrence)
        // Two that say different things under one id are two.
        let ownID = message.id.flatMap { entriesByID[$0] == nil ? $0 : nil }
        let byID = ownID.map { ids.message(in: session, id: $0) }
        if let ownID { entriesByID[ownID] = entries.count }
        entries.append(
            Entry(
                message: message,
                key: content,
                id: byID ?? byContent,
                // Another place, where it had no id, may have brought it before.
                otherIDs: byID == nil ? [] : [byContent],
                item: item
            )
        )
        return (entries.count - 1, true)
    }
}

extension LegacyLog {
    /// What is to be brought, at times that are known or near those of its neighbours.
    func entry(
        _ session: LegacySession?,
        named sessionID: String?,
        ids: DerivedIDs,
        now: Timestamp
    ) -> ImportPlan.Entry {
        let times = times(beginning: session?.createdAt ?? session?.updatedAt, now: now)
        let messages = zip(order, times).map { index, time in
            let entry = entries[index]
            return ImportedMessage(
                id: entry.id,
                otherIDs: entry.otherIDs,
                author: entry.message.author,
                input: entry.message.input,
                status: entry.message.status,
                isEdited: entry.message.isEdited,
                latencyMilliseconds: entry.message.latencyMilliseconds,
                createdAt: time,
                updatedAt: entry.message.updatedAt
            )
        }
        let first = messages.first { $0.input.role == .user } ?? messages.first
        var legacy: JSONObject = ["source": "localStorage"]
        if let sessionID { legacy["id"] = .string(sessionID) }
        let conversation = ImportedConversation(
            id: ids.conversation(self.session),
            title: session?.title ?? first.map { MessageText.title(for: $0.input.content) }
                ?? Conversation.defaultTitle,
            metadata: session?.metadata ?? ["legacy": .object(legacy)],
            createdAt: min(session?.createdAt ?? times.first ?? now, times.min() ?? now),
            messages: messages
        )
        var entry = ImportPlan.Entry(conversation: conversation, items: order.map { entries[$0].item })
        entry.source = .localStorage
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        entry.repetitions = repetitions.compactMap { repetition in
            places[repetition.entry].map { (repetition.item, $0) }
        }
        return entry
    }

    /// The place of an entry in the log.
    func place(of entry: Int) -> Int? {
        order.firstIndex(of: entry)
    }

    /// Each message's time: its own, else a millisecond after the one before; the first ones' before the first known, or from
    /// the session's on, or so that the last is now.
    private func times(beginning: Timestamp?, now: Timestamp) -> [Timestamp] {
        let known = order.map { entries[$0].message.createdAt }
        let firstKnown = known.firstIndex { $0 != nil }
        let unknown = firstKnown ?? known.count
        let end = firstKnown.flatMap { known[$0] } ?? now
        var time = beginning ?? end + .milliseconds(-unknown)
        // Not behind what follows.
        if let firstKnown, let next = known[firstKnown] { time = min(time, next + .milliseconds(-unknown)) }
        return known.enumerated().map { index, own in
            if let own {
                time = own
            } else if index > 0 {
                time = min(now, time + .milliseconds(1))
            }
            return time
        }
    }
}

extension [Int?] {
    fileprivate var firstNonNil: Int? { lazy.compactMap(\.self).first }
}
