internal import ParleyCore

/// Brings Parley's own format in, line by line: messages go to the store in calls of bounded size as they come.
///
/// Ids are kept where they are free, or name what the person owns. Else the conversation is one of the person's own, with an id
/// made of the one it had. Projects are made where they are missing, without other members: a file gives nobody access.
struct ExportImport {
    private let store: any ConversationStore
    private let batch: ImportBatchID
    private let home: Project
    private let identity: Identity
    private let now: Timestamp
    private let ids: DerivedIDs
    private var hasBegun = false
    private var projects: [ProjectID: Project] = [:]
    private var owned: [ProjectID: Bool] = [:]
    private var current: Open?
    /// Conversations of the file that have another id here.
    private var renamed: [ConversationID: ConversationID] = [:]

    /// A conversation of which messages are still to come.
    private struct Open {
        /// Under the id that it has here.
        var conversation: ImportedConversation
        /// The id that it has in the file.
        let id: ConversationID
        var missing: Int
        let isExpired: Bool
        /// What was said of it until it is there.
        var item: ImportAccount.Item?
        var items: [ImportAccount.Item] = []
        var messages: [ImportedMessage] = []
        var bytes = 0
        /// As the store has it.
        var place: ImportAccount.Place?
        /// What it holds, once that had to be looked at.
        var log: StoredLog?
    }

    init(
        _ store: any ConversationStore,
        batch: ImportBatchID,
        home: Project,
        identity: Identity,
        now: Timestamp
    ) {
        self.store = store
        self.batch = batch
        self.home = home
        self.identity = identity
        self.now = now
        ids = DerivedIDs(into: home.id, from: ImportFormat.jsonl.rawValue)
        owned[home.id] = true
    }

    /// Begins with a file.
    mutating func begin() {
        hasBegun = false
    }

    /// Ends with a file.
    mutating func end() async throws -> ImportAccount {
        try await close()
    }

    /// Takes a line; says what has become of lines by now.
    mutating func take(_ piece: JSONSplitter.Piece, line: Int) async throws -> ImportAccount {
        var item = ImportAccount.Item(key: "line \(line)", outcome: .quarantined, reason: .tooLarge)
        guard case .text(let text) = piece else { return try await refuse(item) }
        let parsed: ExportLine
        do {
            parsed = try ExportLine(text, importer: identity.email, latest: now)
        } catch {
            guard hasBegun else { throw Self.noHeader }
            item.reason = error.reason
            return try await refuse(item)
        }
        guard hasBegun else {
            guard case .header = parsed else { throw Self.noHeader }
            hasBegun = true
            return ImportAccount()
        }
        item.reason = nil
        switch parsed {
        case .header: return ImportAccount()
        case .project(let project):
            var account = try await close()
            item.outcome = try await settle(project) ? .imported : .alreadyThere
            account.items.append(item)
            return account
        case .conversation(let conversation):
            let account = try await close()
            try await open(conversation, item)
            return account
        case .message(let message): return try await add(message, item)
        }
    }

    /// Puts a line aside: one of the messages that are still to come, or else what begins something new, of which what follows
    /// must not go to the conversation before it.
    private mutating func refuse(_ item: ImportAccount.Item) async throws -> ImportAccount {
        if let missing = current?.missing, missing > 0 {
            current?.missing -= 1
            return ImportAccount(items: [item])
        }
        var account = try await close()
        account.items.append(item)
        return account
    }

    private static let noHeader = ParleyError(
        .invalidRequest,
        "The source is no export of Parley: its first line must name the format."
    )

    // MARK: Projects

    /// Finds or makes a project; says whether it was made.
    private mutating func settle(_ exported: ExportedProject) async throws -> Bool {
        guard let id = exported.id else { return false }
        if let project = try await ownProject(id) {
            projects[id] = project
            return false
        }
        let derived: ProjectID = ids.project(id)
        if let project = try await ownProject(derived) {
            projects[id] = project
            return false
        }
        for candidate in [id, derived] {
            var input = exported.input
            input.id = candidate
            do {
                let project = try await store.createProject(input, as: identity).value
                // Of the same name, it may be taken for a repetition of what somebody else has made.
                guard project.role(of: identity.email) == .owner else { continue }
                projects[id] = project
                return true
            } catch let error as ParleyError where error.code == .notFound || error.code == .idempotencyConflict {
                // The id is somebody else's.
                continue
            }
        }
        throw ParleyError.unavailable("A project's id was taken meanwhile.")
    }

    /// A project that the person owns; none where they don't.
    private func ownProject(_ id: ProjectID) async throws -> Project? {
        do {
            let project = try await store.project(id, as: identity)
            return project.role(of: identity.email) == .owner ? project : nil
        } catch let error as ParleyError where error.code == .notFound {
            return nil
        }
    }

    private mutating func owns(_ project: ProjectID) async throws -> Bool {
        if let known = owned[project] { return known }
        let owns = try await ownProject(project) != nil
        owned[project] = owns
        return owns
    }

    // MARK: Conversations

    private mutating func open(_ exported: ExportedConversation, _ item: ImportAccount.Item) async throws {
        let project = exported.project.flatMap { projects[$0] }
        var conversation = exported.conversation
        let id = conversation.id
        conversation.projectID = project?.id
        conversation.batch = batch
        let present = try await place(of: id)
        if let present, try await !owns(present) {
            conversation.id = ids.conversation([id.description])
            renamed[id] = conversation.id
        }
        if let origin = conversation.forkedFrom {
            conversation.forkedFrom = ForkOrigin(
                conversationID: try await here(origin.conversationID),
                seq: origin.seq
            )
        }
        let changed = conversation.updatedAt ?? conversation.createdAt
        // What stays where it is isn't made older by this.
        let limit = present == nil ? (project ?? home).expiryLimit(at: now) : nil
        current = Open(
            conversation: conversation,
            id: id,
            missing: exported.messages,
            isExpired: limit.map { changed <= $0 } ?? false,
            item: item
        )
    }

    /// The id that a conversation of the file has here, as far as that shows before it has come.
    private mutating func here(_ id: ConversationID) async throws -> ConversationID {
        if let renamed = renamed[id] { return renamed }
        let derived: ConversationID = ids.conversation([id.description])
        if let present = try await place(of: id) { return try await owns(present) ? id : derived }
        return try await place(of: derived) == nil ? id : derived
    }

    /// The project of a conversation that the person sees.
    private func place(of id: ConversationID) async throws -> ProjectID? {
        do {
            return try await store.conversation(id, newestMessages: 1, as: identity).conversation.projectID
        } catch let error as ParleyError where error.code == .notFound {
            return nil
        }
    }

    private mutating func add(
        _ message: ImportedMessage,
        _ item: ImportAccount.Item
    ) async throws -> ImportAccount {
        guard current != nil else {
            var item = item
            (item.outcome, item.reason) = (.quarantined, .noSession)
            return ImportAccount(items: [item])
        }
        let size = message.versions.reduce(message.input.bytes) { $0 + $1.content.utf8.count }
        var account = ImportAccount()
        let isFull = current.map { open in
            open.messages.count == Limits.messagesPerImport
                || !open.messages.isEmpty && open.bytes + size > Limits.bytesPerImport
        }
        if isFull == true { account = try await bring() }
        current?.missing -= 1
        current?.bytes += size
        current?.messages.append(message)
        current?.items.append(item)
        return account
    }

    /// Brings what has come of the open conversation; says what became of it.
    private mutating func bring() async throws -> ImportAccount {
        guard var open = current else { return ImportAccount() }
        var account = ImportAccount()
        defer { current = open }
        var part = open.conversation
        part.messages = open.messages
        var items = open.items
        if open.isExpired {
            items = ((open.item.map { [$0] } ?? []) + items).map { item in
                var item = item
                (item.outcome, item.reason) = (.leftAlone, .expired)
                return item
            }
        } else {
            let outcome = try await imported(&part)
            if part.id != open.id { renamed[open.id] = part.id }
            open.conversation.id = part.id
            let stored = outcome.conversation
            open.place = ImportAccount.Place(id: stored.id, title: stored.title, messages: stored.messageCount)
            for index in items.indices { items[index].conversationID = stored.id }
            try await settle(&items, of: &open, added: outcome.added, in: stored.id)
            if var item = open.item {
                item.outcome = outcome.isNew ? .imported : .alreadyThere
                item.conversationID = stored.id
                items.insert(item, at: 0)
            }
        }
        account.items = items
        (open.messages, open.items, open.bytes, open.item) = ([], [], 0, nil)
        return account
    }

    /// Says of a part's messages whether they were there, and say the same.
    private func settle(
        _ items: inout [ImportAccount.Item],
        of open: inout Open,
        added: Set<MessageID>,
        in conversation: ConversationID
    ) async throws {
        var fresh = added
        for message in open.messages where fresh.remove(message.id) != nil { open.log?.add(message) }
        var seen: [MessageID: ContentKey] = [:]
        for (index, message) in open.messages.enumerated() {
            items[index].messageID = message.id
            let text = message.input.contentKey
            var isSame = true
            if let first = seen[message.id] {
                items[index].outcome = .merged
                isSame = first == text
            } else if added.contains(message.id) {
                items[index].outcome = .imported
            } else {
                items[index].outcome = .alreadyThere
                if open.log == nil { open.log = try await StoredLog.read(conversation, from: store, as: identity) }
                if let log = open.log, let place = log.place(of: message) {
                    isSame = try await log.holds(message, at: place)
                }
            }
            seen[message.id] = seen[message.id] ?? text
            if !isSame { (items[index].outcome, items[index].reason) = (.quarantined, .differs) }
        }
    }

    /// Brings a part; where the id is somebody else's, under one of the person's own.
    private func imported(_ part: inout ImportedConversation) async throws -> ImportOutcome {
        do {
            return try await store.importConversation(part, as: identity).value
        } catch let error as ParleyError where error.code == .notFound || error.code == .forbidden {
            let derived = ids.conversation([part.id.description])
            guard part.id != derived else { throw error }
            part.id = derived
            if let origin = part.forkedFrom, try await place(of: origin.conversationID) == nil {
                // Of the same person as this one, whose it can't be either.
                let derived: ConversationID = ids.conversation([origin.conversationID.description])
                part.forkedFrom = ForkOrigin(conversationID: derived, seq: origin.seq)
            }
            return try await store.importConversation(part, as: identity).value
        }
    }

    /// Ends the open conversation.
    private mutating func close() async throws -> ImportAccount {
        guard let open = current else { return ImportAccount() }
        var account = ImportAccount()
        if open.item != nil || !open.messages.isEmpty { account = try await bring() }
        if let place = current?.place { account.conversations.append(place) }
        if let open = current, open.missing > 0 {
            account.items.append(
                ImportAccount.Item(key: open.id.description, outcome: .quarantined, reason: .cutOff)
            )
        }
        current = nil
        return account
    }
}
