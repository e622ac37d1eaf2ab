internal import ParleyCore

/// Brings decisions into a store, and notes beforehand what was there.
struct MigrationBringing {
    private let store: any ConversationStore
    private let owner: Identity
    private let members: MigrationMembers
    private let ids: DerivedIDs
    private let places: LineWriter
    /// What existed before anything was brought, by id.
    private var existed: [String: Bool] = [:]
    private var projects: [ExactText: ProjectID] = [:]
    /// What must stand where, by what this and earlier runs have brought.
    private(set) var known: [ConversationID: ManifestConversation]
    /// What this run has brought.
    private var made: Set<ConversationID> = []
    private var brought: Set<MessageID> = []

    init(
        _ store: any ConversationStore,
        as owner: Identity,
        members: MigrationMembers,
        ids: DerivedIDs,
        known: [ManifestConversation],
        state: StateDirectory
    ) throws {
        self.known = Dictionary(known.map { ($0.id, $0) }) { _, last in last }
        self.store = store
        self.owner = owner
        self.members = members
        self.ids = ids
        for line in try state.lines(.places) {
            guard let id = line["id"]?.stringValue, let before = line["existed"]?.boolValue else { continue }
            // The first word counts: later ones saw what was brought.
            existed[id] = existed[id] ?? before
        }
        places = try state.append(.places)
    }

    /// Whether an old project was seen to be here, or made.
    func knows(_ project: ExactText) -> Bool { existed[ids.project(project.value).description] != nil }

    /// Brings what was decided, and notes in it what became of every record.
    mutating func bring(_ decision: inout MigrationDecision) async throws -> [ManifestConversation] {
        var lines: [ManifestConversation] = []
        for planned in decision.conversations {
            do {
                let line = try await bring(planned, &decision.items)
                known[line.id] = line
                lines.append(line)
            } catch let error as ParleyError where error.code == .notFound || error.code == .forbidden {
                Self.putAside(planned, ImportReason.noAccess.rawValue, &decision.items)
            } catch is Elsewhere {
                Self.putAside(planned, MigrationReason.elsewhere.rawValue, &decision.items)
            }
        }
        return lines
    }

    /// A conversation with the id of an old session is somewhere else, where others may see it.
    private struct Elsewhere: Error {}

    private mutating func bring(
        _ planned: MigrationDecision.Planned,
        _ items: inout [MigrationItem]
    ) async throws -> ManifestConversation {
        var conversation = planned.conversation
        let project = try await project(planned.project)
        conversation.projectID = project
        let mayBeThere = try await noteBefore(conversation.id, in: project)
        var log: StoredLog?
        if mayBeThere {
            log = try await StoredLog.read(conversation.id, tracing: .redis, from: store, as: owner)
        }
        let claims = try await log?.places(of: conversation.messages, from: .redis)
        var standing = StandingMessages(log, claims ?? conversation.messages.map { _ in nil })
        for (index, place) in standing.claims.enumerated() {
            guard let log, let place, log.place(of: conversation.messages[index]) != place else { continue }
            conversation.messages[index].otherIDs.append(log.entries[place].id)
        }
        var isNew = false
        var part = conversation
        for range in conversation.messages.parts {
            part.messages = Array(conversation.messages[range])
            let outcome = try await store.importConversation(part, as: owner).value
            isNew = isNew || outcome.isNew
            standing.added.formUnion(outcome.added)
        }
        if isNew { made.insert(conversation.id) }
        brought.formUnion(standing.added)
        if let item = planned.sessionItem {
            items[item].outcome = made.contains(conversation.id) ? .imported : .alreadyThere
            items[item].conversationID = conversation.id
        }
        for (index, message) in conversation.messages.enumerated() {
            let id = standing.id(of: message, at: index)
            let isSame = try await standing.holds(message, at: index)
            for (place, item) in planned.items[index].enumerated() {
                let isMerged = place > 0
                items[item].outcome = isMerged ? .merged : brought.contains(id) ? .imported : .alreadyThere
                if !isSame { (items[item].outcome, items[item].reason) = (.quarantined, ImportReason.differs.rawValue) }
                items[item].conversationID = conversation.id
                items[item].messageID = id
            }
        }
        var line = ManifestConversation(
            id: conversation.id,
            project: project,
            oldProject: planned.project,
            session: planned.session
        )
        line.messages = standing.entries(
            of: conversation.messages,
            planned.hasKnownTime,
            after: isNew ? [] : known[line.id]?.messages ?? []
        )
        return line
    }

    private static func putAside(
        _ planned: MigrationDecision.Planned,
        _ reason: String,
        _ items: inout [MigrationItem]
    ) {
        for item in planned.items.flatMap(\.self) + (planned.sessionItem.map { [$0] } ?? []) {
            items[item].outcome = .quarantined
            items[item].reason = reason
        }
    }

    /// Writes down, before anything is brought to it, whether a conversation was there; says whether it may be there now.
    private mutating func noteBefore(_ id: ConversationID, in project: ProjectID) async throws -> Bool {
        let name = id.description
        if existed[name] == false { return true }
        var there: Conversation?
        do {
            there = try await store.conversation(id, newestMessages: 1, as: owner).conversation
        } catch let error as ParleyError where error.code == .notFound {}
        if let there, there.projectID != project { throw Elsewhere() }
        try note(name, "conversation", existed: there != nil)
        return there != nil
    }

    private mutating func note(_ id: String, _ kind: String, existed before: Bool) throws {
        guard existed[id] == nil else { return }
        existed[id] = before
        try places.write(["id": .string(id), "kind": .string(kind), "existed": .bool(before)])
        try places.synchronize()
    }

    /// The project that an old one becomes, made where it isn't there.
    private mutating func project(_ old: ExactText) async throws -> ProjectID {
        if let known = projects[old] { return known }
        let id = ids.project(old.value)
        var there: Project?
        do {
            there = try await store.project(id, as: owner)
        } catch let error as ParleyError where error.code == .notFound {}
        try note(id.description, "project", existed: there != nil)
        let project =
            if let there { there } else {
                try await store.createProject(NewProject(id: id, name: Self.name(of: old)), as: owner).value
            }
        for member in members.members[old] ?? [] where project.role(of: member.email) == nil {
            _ = try await store.setMember(member.email, role: member.role, in: id, as: owner)
        }
        projects[old] = id
        return id
    }

    private static func name(of old: ExactText) -> String {
        if old.value.isEmpty { return MigrationDecision.withoutProject }
        return (try? Rules.projectName(old.value)) ?? MessageText.title(for: old.value)
    }
}
