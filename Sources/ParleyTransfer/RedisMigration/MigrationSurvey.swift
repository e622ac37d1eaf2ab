internal import ParleyCore

/// What is there: every key with a hash of its value and where it belongs; the values themselves are not kept.
struct MigrationSurvey: Sendable {
    /// What is decided together: the records of a session, or those of a project that name none.
    enum Group: Hashable, Comparable, Sendable {
        case session(ExactText)
        case withoutSession(ExactText)

        static func < (lhs: Self, rhs: Self) -> Bool {
            switch (lhs, rhs) {
            case (.session(let one), .session(let other)): one < other
            case (.withoutSession(let one), .withoutSession(let other)): one < other
            case (.session, .withoutSession): true
            case (.withoutSession, .session): false
            }
        }
    }

    /// A key.
    struct Entry: Sendable {
        let key: MigrationKey
        let measured: OldRedis.Measured
        /// Of strings.
        let hash: ValueHash?
        /// How many records it holds.
        let count: Int
        /// What it is decided with; none where that is decided already.
        let group: Group?
        /// What becomes of it where that is decided already.
        let item: MigrationItem?
    }

    private(set) var entries: [MigrationKey: Entry] = [:]
    private(set) var groups: [Group: [MigrationKey]] = [:]
    /// All projects that records of chats name.
    private(set) var projects: Set<ExactText> = []

    /// Reads all keys of the old data once.
    static func make(of redis: OldRedis, now: Timestamp) async throws -> MigrationSurvey {
        var survey = MigrationSurvey()
        try await redis.walk { keys in
            let measured = try await redis.measure(keys)
            for key in measured where key.type != "string" {
                survey.add(OldValue(wrongTypeUnder: key.key), key, nil)
            }
            let strings = measured.filter { $0.type == "string" }
            let byKey = Dictionary(uniqueKeysWithValues: strings.map { ($0.key, $0) })
            try await redis.values(of: strings) { values in
                for (key, value) in values {
                    // One that has gone since is not there.
                    guard let value, let measured = byKey[key] else { continue }
                    survey.add(OldValue(key, value, now: now), measured, ValueHash(of: value))
                }
            }
        }
        for group in survey.groups.keys { survey.groups[group]?.sort() }
        return survey
    }

    private mutating func add(_ value: OldValue, _ measured: OldRedis.Measured, _ hash: ValueHash?) {
        let group = Group(value)
        switch value.content {
        case .memory(let project, _): projects.insert(ExactText(project))
        case .session(let session): if let project = session.project { projects.insert(ExactText(project)) }
        case .leftAlone, .quarantined: break
        }
        entries[value.key] = Entry(
            key: value.key,
            measured: measured,
            hash: hash,
            count: value.count,
            group: group,
            item: value.item
        )
        if let group { groups[group, default: []].append(value.key) }
    }

    /// The keys of a group with their hashes: what is decided depends on nothing else.
    func fingerprint(of group: Group) -> [MigrationKey: ValueHash] {
        var hashes: [MigrationKey: ValueHash] = [:]
        for key in groups[group] ?? [] { hashes[key] = entries[key]?.hash }
        return hashes
    }

    /// Whether a session's id is the only one among all that is written so, but for its case.
    func isOnlySpelling(of session: ExactText, _ spellings: [ConversationID: Int]) -> Bool {
        guard let id = ConversationID(session.value) else { return false }
        return spellings[id] == 1 || id.description == session.value
    }

    /// How many sessions have each id, whatever its case.
    var spellings: [ConversationID: Int] {
        var counts: [ConversationID: Int] = [:]
        for case .session(let name) in groups.keys {
            if let id = ConversationID(name.value) { counts[id, default: 0] += 1 }
        }
        return counts
    }
}

extension MigrationSurvey.Group {
    /// The group that a value belongs to.
    init?(_ value: OldValue) {
        switch value.content {
        case .leftAlone, .quarantined: return nil
        case .memory(let project, nil): self = .withoutSession(ExactText(project))
        case .memory(_, let session?): self = .session(ExactText(session))
        case .session(let session): self = .session(ExactText(session.id))
        }
    }
}

extension OldValue {
    /// What becomes of a key that is decided as a whole.
    var item: MigrationItem? {
        let place = MigrationPlace(key: key.shown)
        return switch content {
        case .leftAlone(let reason): MigrationItem(place, .leftAlone, reason)
        case .quarantined(let reason): MigrationItem(place, .quarantined, reason)
        case .memory, .session: nil
        }
    }
}
