internal import ParleyCore

/// What becomes of the records of a group: conversations, and a line for every record.
struct MigrationDecision: Sendable {
    /// A conversation to be.
    struct Planned: Sendable {
        /// The old project's id; empty for what names none.
        let project: ExactText
        let session: ExactText?
        var conversation: ImportedConversation
        /// For each message the items of its records, that of the best record first.
        var items: [[Int]]
        /// For each message whether its time is its own.
        var hasKnownTime: [Bool]
        /// The item of the session's own fields, where they are kept here.
        var sessionItem: Int?
    }

    /// What was read, by key.
    var hashes: [MigrationKey: ValueHash] = [:]
    var items: [MigrationItem] = []
    var conversations: [Planned] = []

    /// The name of a project for what names none, and of a conversation for what has no session.
    static let withoutProject = "Imported: without a project"
    static let withoutSession = "Imported: without a session"

    /// Decides.
    ///
    /// `values` is what stands under the keys of a group, in the order of the keys; `keepsID` says whether the session's id may
    /// be the conversation's, and `known` which conversations it became before, by project.
    init(
        _ values: [OldValue],
        of group: MigrationSurvey.Group,
        keepsID: Bool,
        known: [ExactText: ConversationID] = [:],
        ids: DerivedIDs,
        now: Timestamp
    ) {
        var head: (session: OldValue.Session, item: Int)?
        var memory: [SessionMerge.Source] = []
        var listed: [SessionMerge.Source] = []
        // Of which it had records before counts, too: what knows no project stays where it went with them.
        var projects = Set(known.keys.filter { !$0.value.isEmpty })
        for value in values {
            switch value.content {
            case .memory(let project, _): projects.insert(ExactText(project))
            case .session(let session): if let project = session.project { projects.insert(ExactText(project)) }
            case .leftAlone, .quarantined: break
            }
        }
        for value in values {
            if let item = value.item { items.append(item) }
            var project: ExactText?
            switch value.content {
            case .leftAlone, .quarantined: continue
            case .memory(let name, _): project = ExactText(name)
            case .session(let session):
                head = (session, items.count)
                items.append(MigrationItem(MigrationPlace(key: value.key.shown), .imported))
                // Of several projects nobody knows which one's these are.
                project = session.project.map(ExactText.init) ?? (projects.count == 1 ? projects.first : nil)
            }
            for record in value.records {
                switch record.message {
                case .failure(let flaw): items.append(MigrationItem(record.place, .quarantined, flaw.reason.rawValue))
                case .success(let message):
                    let isListed = record.place.index != nil
                    let source = SessionMerge.Source(
                        record: record,
                        message: message,
                        project: project,
                        listIndex: isListed ? listed.count : nil,
                        item: items.count
                    )
                    items.append(MigrationItem(record.place, .imported))
                    if isListed { listed.append(source) } else { memory.append(source) }
                }
            }
        }
        let merge = SessionMerge(memory + listed)
        let none = ExactText("")
        // A session that names none of several projects is shown to nobody's members: its title may tell of another's.
        let isTorn = head != nil && projects.count > 1
        let home = head?.session.project.map(ExactText.init) ?? (isTorn ? none : projects.min() ?? none)
        let session: ExactText? = if case .session(let name) = group { name } else { nil }
        // What knows no project, and what has one without a name, stand together.
        for name in Set(merge.clusters.map { $0.project ?? none }) {
            let isHome = name == home
            let placed = merge.placed(
                in: name,
                beginning: head?.session.createdAt ?? head?.session.updatedAt,
                now: now
            )
            var planned = Self.conversation(
                of: session,
                in: name,
                keepsID: keepsID && isHome,
                known: known,
                head: head.flatMap { isHome && $0.session.flaw == nil ? $0.session : nil },
                ids: ids,
                now: now
            )
            if isHome, let head { planned.sessionItem = head.item }
            add(placed, of: merge, to: &planned, ids, now)
            if !planned.conversation.messages.isEmpty { conversations.append(planned) }
        }
        conversations.sort { $0.project < $1.project }
        settle(head)
    }

    /// The session's own line, where no conversation settles it.
    private mutating func settle(_ head: (session: OldValue.Session, item: Int)?) {
        guard let head else { return }
        if let flaw = head.session.flaw {
            items[head.item].outcome = .quarantined
            items[head.item].reason = flaw.reason.rawValue
            for index in conversations.indices { conversations[index].sessionItem = nil }
        } else if conversations.isEmpty {
            items[head.item].outcome = .leftAlone
            items[head.item].reason = MigrationReason.emptySession.rawValue
        } else if !conversations.contains(where: { $0.sessionItem != nil }) {
            // All that was said is in other projects, whose members its title is not for.
            items[head.item].outcome = .quarantined
            items[head.item].reason = MigrationReason.elsewhere.rawValue
        }
    }

    private static func conversation(
        of session: ExactText?,
        in project: ExactText,
        keepsID: Bool,
        known: [ExactText: ConversationID],
        head: OldValue.Session?,
        ids: DerivedIDs,
        now: Timestamp
    ) -> Planned {
        var metadata = head?.metadata ?? ["legacy": ["source": "redis"]]
        let own = session.flatMap { ConversationID($0.value) }
        let isFree = keepsID && !known.values.contains { $0 == own }
        let words = ["project", project.value] + (session.map { ["session", $0.value] } ?? ["without a session"])
        let id = known[project] ?? (isFree ? own : nil) ?? ids.conversation(words)
        if own != id, let session { metadata["legacy_session_id"] = .string(session.value) }
        return Planned(
            project: project,
            session: session,
            conversation: ImportedConversation(
                id: id,
                title: head?.title ?? "",
                metadata: metadata,
                hasGivenTitle: head?.title != nil || session == nil,
                createdAt: head?.createdAt ?? now,
                messages: []
            ),
            items: [],
            hasKnownTime: []
        )
    }

    private mutating func add(
        _ placed: [SessionMerge.Placed],
        of merge: SessionMerge,
        to planned: inout Planned,
        _ ids: DerivedIDs,
        _ now: Timestamp
    ) {
        let occurrences = merge.occurrences(in: placed)
        let words = [planned.project.value, planned.session?.value ?? ""]
        for place in placed {
            let (message, best, unfit) = merge.message(place.cluster)
            var names: [MessageID] = []
            for source in [best] + place.cluster.sources.filter({ $0 != best }) {
                names += Self.names(merge.sources[source], words, occurrences[source] ?? 1, ids)
            }
            var unique = Set<MessageID>()
            names = names.filter { unique.insert($0).inserted }
            let records = [best] + place.cluster.sources.filter { $0 != best && !unfit.contains($0) }
            planned.items.append(records.map { merge.sources[$0].item })
            for record in records.dropFirst() { items[merge.sources[record].item].outcome = .merged }
            for source in unfit {
                let item = merge.sources[source].item
                // It says the same, but also something that finds no room.
                items[item].outcome = .quarantined
                items[item].reason = ImportReason.differs.rawValue
            }
            planned.hasKnownTime.append(place.isKnown)
            planned.conversation.messages.append(
                ImportedMessage(
                    id: names[0],
                    otherIDs: Array(names.dropFirst()),
                    author: message.author,
                    input: message.input,
                    status: message.status,
                    isEdited: message.isEdited,
                    latencyMilliseconds: message.latencyMilliseconds,
                    createdAt: place.time,
                    updatedAt: message.updatedAt.map { max($0, place.time) }
                )
            )
        }
        let messages = planned.conversation.messages
        if planned.conversation.title.isEmpty {
            let first = messages.first { $0.input.role == .user } ?? messages.first
            planned.conversation.title =
                planned.session == nil
                ? Self.withoutSession
                : first.map { MessageText.title(for: $0.input.content) } ?? Conversation.defaultTitle
        }
        let earliest = messages.map(\.createdAt).min() ?? now
        planned.conversation.createdAt = min(planned.conversation.createdAt, earliest)
    }

    /// The ids that a record may have given a message: the same record gives the same, whatever else is found beside it.
    private static func names(
        _ source: SessionMerge.Source,
        _ words: [String],
        _ occurrence: Int,
        _ ids: DerivedIDs
    ) -> [MessageID] {
        let place = source.record.place
        let text = source.message.input.contentKey
        guard source.listIndex != nil else { return [ids.message(under: place.key, part: place.part ?? "")] }
        let part = place.part ?? ""
        if let id = source.message.id {
            return [ids.message(in: words + ["listed", part, text.description], id: id)]
        }
        return [ids.message(in: words + ["listed", part], saying: text, occurrence: occurrence)]
    }
}
