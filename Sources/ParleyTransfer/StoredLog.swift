internal import ParleyCore

/// What a conversation that is there holds, as far as an import must know it: hashes of what its messages say, not the texts.
///
/// It answers which message a planned one is, and whether that says what the planned one says.
struct StoredLog: Sendable {
    /// A message of the log.
    struct Entry: Sendable {
        let id: MessageID
        let role: MessageRole
        /// What it says now.
        let text: ContentKey
        let isEdited: Bool
        let isDeleted: Bool
        /// What it was known by where it comes from, where that was asked for.
        let traces: LegacyTraces?
        /// The hash that a migration compares, where traces were asked for.
        let hash: String
    }

    private let store: any ConversationStore
    private let identity: Identity
    private let conversation: ConversationID
    private(set) var entries: [Entry] = []
    private var places: [MessageID: Int] = [:]

    /// Reads a log page by page; `nil` where there is none that the person sees.
    ///
    /// With a `source` it also looks for what messages were known by there.
    static func read(
        _ conversation: ConversationID,
        tracing source: LegacyTraces.Source? = nil,
        from store: any ConversationStore,
        as identity: Identity
    ) async throws -> StoredLog? {
        var log = StoredLog(store: store, identity: identity, conversation: conversation)
        var seq = 0
        do {
            while true {
                let range = MessageRange.after(seq)
                let limit = Limits.pageSizes.upperBound
                let page = try await store.messages(in: conversation, range, limit: limit, as: identity)
                for message in page.messages {
                    log.add(message, tracing: source)
                    seq = message.seq
                }
                guard page.hasMore, !page.messages.isEmpty else { return log }
            }
        } catch let error as ParleyError where error.code == .notFound {
            return nil
        }
    }

    private init(store: any ConversationStore, identity: Identity, conversation: ConversationID) {
        self.store = store
        self.identity = identity
        self.conversation = conversation
    }

    private mutating func add(_ message: Message, tracing source: LegacyTraces.Source?) {
        add(
            Entry(
                id: message.id,
                role: message.role,
                text: NewMessage(role: message.role, content: message.content).contentKey,
                isEdited: message.isEdited,
                isDeleted: message.status == .deleted,
                traces: source.flatMap {
                    LegacyTraces(message.metadata, message.aiResponse, at: message.createdAt, from: $0)
                },
                hash: source == .redis ? MigratedContent.hash(of: message, withTime: true) : ""
            )
        )
    }

    /// Adds a message that has been brought since the log was read.
    mutating func add(_ message: ImportedMessage) {
        add(
            Entry(
                id: message.id,
                role: message.input.role,
                text: message.input.contentKey,
                isEdited: message.isEdited,
                isDeleted: message.status == .deleted,
                traces: nil,
                hash: ""
            )
        )
    }

    private mutating func add(_ entry: Entry) {
        places[entry.id] = places[entry.id] ?? entries.count
        entries.append(entry)
    }

    /// The place of the message that has one of a planned one's ids.
    func place(of message: ImportedMessage) -> Int? {
        ([message.id] + message.otherIDs).lazy.compactMap { places[$0] }.first
    }

    /// The place of a message.
    func place(of id: MessageID) -> Int? { places[id] }

    /// Whether the message at a place says what a planned one says: now, or before it was edited here.
    ///
    /// What was deleted here is not asked for any more.
    func holds(_ message: ImportedMessage, at place: Int) async throws -> Bool {
        let entry = entries[place]
        if entry.isDeleted || message.status == .deleted { return true }
        if let traces = entry.traces {
            let asked = LegacyTraces(
                message.input.metadata,
                message.input.aiResponse,
                at: message.createdAt,
                from: traces.source
            )
            guard asked?.answers.isSubset(of: traces.answers) != false else { return false }
        }
        let text = message.input.contentKey
        if entry.text == text { return true }
        return try await texts(before: entry).contains(text)
    }

    /// What a message said before it was edited, oldest first.
    private func texts(before entry: Entry) async throws -> [ContentKey] {
        guard !entry.isDeleted else { return [] }
        return try await store.versions(of: entry.id, in: conversation, as: identity).map { version in
            NewMessage(role: entry.role, content: version.content).contentKey
        }
    }
}

extension StoredLog {
    /// For each of the messages its place, where it is there under whatever id.
    ///
    /// First by the ids; then, of what `source` has brought and no id claims, by what it says and was known by; what is left
    /// has the place of its id, where something else stands then.
    func places(of messages: [ImportedMessage], from source: LegacyTraces.Source) async throws -> [Int?] {
        var claims = [Int?](repeating: nil, count: messages.count)
        var taken = Set<Int>()
        for (index, message) in messages.enumerated() {
            guard let place = place(of: message), !taken.contains(place) else { continue }
            guard try await holds(message, at: place) else { continue }
            claims[index] = place
            taken.insert(place)
        }
        let open = messages.indices.filter { claims[$0] == nil }
        guard !open.isEmpty else { return claims }
        var matching = LegacyMatching()
        for (place, entry) in entries.enumerated() where !taken.contains(place) && !entry.isDeleted {
            guard let traces = entry.traces else { continue }
            let before = entry.isEdited ? try await texts(before: entry).first : nil
            matching.there.append(LegacyMatching.Candidate(index: place, text: before ?? entry.text, traces: traces))
        }
        for index in open {
            let message = messages[index]
            let traces = LegacyTraces(
                message.input.metadata,
                message.input.aiResponse,
                at: message.createdAt,
                from: source
            )
            guard let traces else { continue }
            matching.planned.append(
                LegacyMatching.Candidate(index: index, text: message.input.contentKey, traces: traces)
            )
        }
        for (index, place) in matching.pairs() {
            claims[index] = place
            taken.insert(place)
        }
        for index in open where claims[index] == nil {
            guard let place = place(of: messages[index]), taken.insert(place).inserted else { continue }
            claims[index] = place
        }
        return claims
    }
}
