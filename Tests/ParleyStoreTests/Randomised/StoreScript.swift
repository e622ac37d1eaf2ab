import ParleyCore
import ParleyTesting

/// Thinks up operations: mostly sensible ones, now and then by the wrong person, at the wrong revision or a second time.
struct StoreScript {
    var random: SplitMix64
    private var clientIDs = SequentialIDs(series: 2)
    private var usedMessageIDs: [MessageID] = []
    private var usedConversationIDs: [ConversationID] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// What every script begins with: a project of Alice's in which Bob may write and Carol may read.
    static var preamble: [StoreOperation] {
        [
            .commit("createProject") { try await $0.store.createProject(NewProject(name: "Shared"), as: .alice) },
            StoreOperation("setMember bob") {
                "\(try await $0.store.setMember(Identity.bob.email, role: .editor, in: $0.project(0), as: .alice))"
            },
            StoreOperation("setMember carol") {
                "\(try await $0.store.setMember(Identity.carol.email, role: .viewer, in: $0.project(0), as: .alice))"
            },
            .commit("createConversation") {
                try await $0.store.createConversation(NewConversation(projectID: $0.project(0)), as: .alice)
            },
        ]
    }

    /// The next operation, on what has come up so far.
    mutating func next(_ known: ScriptedStore) -> StoreOperation {
        let person = random.pick([
            Identity.alice, .alice, .alice, .alice, .alice, .alice, .bob, .bob, .bob, .carol, .mallory,
        ])
        switch random.place(in: 100) {
        case ..<6: return project(known, person)
        case ..<16: return conversation(known, person)
        case ..<36: return append(known, person)
        case ..<52: return message(known, person)
        case ..<64: return turn(known, person)
        case ..<80: return reply(known, person)
        default: return read(known, person)
        }
    }

    // MARK: What calls are made of

    private static let words = [
        "pelican", "heron", "café", "cafe\u{301}", "東京", "京都に行く", "Zürich", "👩‍👩‍👧", "தமிழ்", "a-b_c", "\"quoted\"",
        "50%", "ﬁne", "1.5", "AND",
    ]

    private mutating func text() -> String {
        let count = 1 + random.place(in: 4)
        return (0..<count).map { _ in random.pick(Self.words) }.joined(separator: " ")
    }

    private mutating func object() -> JSONObject {
        random.oneIn(2) ? [:] : [random.pick(["a", "b"]): .number(JSONNumber(random.place(in: 3)))]
    }

    private mutating func expectedRevision() -> Int? {
        random.oneIn(8) ? 1 + random.place(in: 8) : nil
    }

    private mutating func messageID() -> MessageID? {
        if random.oneIn(3) { return nil }
        if random.oneIn(3), !usedMessageIDs.isEmpty { return random.pick(usedMessageIDs) }
        let id: MessageID = clientIDs.make()
        usedMessageIDs.append(id)
        return id
    }

    private mutating func conversationID() -> ConversationID? {
        if random.oneIn(3) { return nil }
        if random.oneIn(3), !usedConversationIDs.isEmpty { return random.pick(usedConversationIDs) }
        let id: ConversationID = clientIDs.make()
        usedConversationIDs.append(id)
        return id
    }

    private mutating func newMessage(_ role: MessageRole) -> NewMessage {
        // Few texts with an id, so that repetitions with the same content come about.
        let id = messageID()
        let content = id == nil ? text() : random.pick(["pelican", "heron"])
        return NewMessage(id: id, role: role, content: content, metadata: id == nil ? object() : [:])
    }

    /// The last thing that came up, or any.
    private mutating func place(_ count: Int) -> Int {
        random.oneIn(2) ? max(0, count - 1 - random.place(in: 3)) : random.place(in: count)
    }

    private mutating func projectPlace(_ known: ScriptedStore) -> Int? {
        if random.oneIn(6) { return nil }
        return random.oneIn(4) ? random.place(in: known.projects.count) : 0
    }
}

// MARK: Operations

extension StoreScript {
    private mutating func project(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let place = random.oneIn(2) ? 0 : random.place(in: known.projects.count)
        let other = random.pick([Identity.alice, .bob, .carol]).email
        let name = random.pick(["Birds", "Gulls"])
        switch random.place(in: 12) {
        case ..<3:
            let description = random.oneIn(2) ? "of the coast" : nil
            return .commit("createProject as \(person.email)") {
                try await $0.store.createProject(NewProject(name: name, description: description), as: person)
            }
        case ..<7:
            let role = random.pick([Role.owner, .editor, .editor, .viewer])
            return StoreOperation("setMember \(other) \(role) in \(place) as \(person.email)") {
                "\(try await $0.store.setMember(other, role: role, in: $0.project(place), as: person))"
            }
        case 7 where random.oneIn(3):
            return StoreOperation("removeMember \(other) from \(place) as \(person.email)") {
                "\(try await $0.store.removeMember(other, from: $0.project(place), as: person))"
            }
        case 8, 9:
            let changes = ProjectChanges(name: name, description: random.oneIn(2) ? .some(nil) : nil)
            return StoreOperation("updateProject \(place) as \(person.email)") {
                "\(try await $0.store.updateProject($0.project(place), changes, as: person))"
            }
        case 10 where random.oneIn(6) && place > 0:
            return StoreOperation("deleteProject \(place) as \(person.email)") {
                let commit = try await $0.store.deleteProject($0.project(place), as: person)
                $0.learn(commit.changes)
                return "\(commit.changes.summary.sorted())"
            }
        default:
            return StoreOperation("projects as \(person.email)") {
                "\(try await $0.store.projects(page: PageRequest(), as: person).elements)"
            }
        }
    }

    private mutating func conversation(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let place = place(known.conversations.count)
        let revision = expectedRevision()
        let projectPlace = projectPlace(known)
        switch random.place(in: 12) {
        case ..<5:
            let id = conversationID()
            let title = id == nil && random.oneIn(2) ? text() : nil
            let metadata = id == nil ? object() : [:]
            return .commit("createConversation \(String(describing: id)) in \(projectPlace ?? -1) as \(person.email)") {
                let input = NewConversation(
                    id: id,
                    title: title,
                    projectID: projectPlace.map($0.project),
                    metadata: metadata
                )
                return try await $0.store.createConversation(input, as: person)
            }
        case ..<9:
            let fields = ConversationChanges(
                title: random.oneIn(2) ? random.pick(Self.words) : nil,
                description: random.oneIn(4) ? .some(random.oneIn(2) ? nil : "text") : nil,
                status: random.oneIn(4) ? random.pick(ConversationStatus.allCases) : nil,
                isPinned: random.oneIn(4) ? random.oneIn(2) : nil,
                metadata: random.oneIn(4) ? object() : nil
            )
            let isMove = random.oneIn(8)
            return .commit("updateConversation \(place) \(fields) \(isMove) at \(revision ?? 0) as \(person.email)") {
                var changes = fields
                if isMove { changes.projectID = projectPlace.map($0.project) }
                return try await $0.store.updateConversation(
                    $0.conversation(place),
                    changes,
                    expectedRevision: revision,
                    as: person
                )
            }
        case 9 where random.oneIn(4):
            return .commit("deleteConversation \(place) at \(revision ?? 0) as \(person.email)") {
                try await $0.store.deleteConversation(
                    $0.conversation(place),
                    expectedRevision: revision,
                    as: person
                )
            }
        default:
            let request = ForkRequest(seq: random.place(in: 6), id: conversationID())
            return StoreOperation("fork \(place) \(request) as \(person.email)") {
                let source = $0.conversation(place)
                let commit = try await $0.store.forkConversation(source, request, as: person)
                $0.learn(commit.changes)
                let log = try await $0.store.messages(in: commit.value.id, .newest, limit: 100, as: person)
                return "\(commit.isReplay) \(commit.value.title) \(commit.value.revision) \(log)"
            }
        }
    }

    private mutating func append(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let place = place(known.conversations.count)
        let revision = expectedRevision()
        var inputs: [NewMessage] = []
        for _ in 0...random.place(in: 3) {
            let input = newMessage(random.pick([.user, .user, .assistant, .system, .tool]))
            if input.id == nil || !inputs.contains(where: { $0.id == input.id }) { inputs.append(input) }
        }
        let messages = inputs
        return .commit("append \(messages) to \(place) at \(revision ?? 0) as \(person.email)") {
            try await $0.store.appendMessages(
                messages,
                to: $0.conversation(place),
                expectedRevision: revision,
                as: person
            )
        }
    }

    private mutating func message(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let place = place(known.messages.count)
        let revision = expectedRevision()
        switch random.place(in: 8) {
        case ..<3:
            let changes = MessageChanges(
                content: random.oneIn(4) ? nil : random.pick(Self.words),
                metadata: random.oneIn(4) ? object() : nil
            )
            return .commit("edit \(place) \(changes) at \(revision ?? 0) as \(person.email)") {
                let (conversation, id) = $0.message(place)
                return try await $0.store.editMessage(
                    id,
                    in: conversation,
                    changes,
                    expectedRevision: revision,
                    as: person
                )
            }
        case ..<6:
            let emoji = random.pick(["👍", "🎉", "é", "e\u{301}"])
            let present = !random.oneIn(3)
            return .commit("react \(emoji) \(present) on \(place) at \(revision ?? 0) as \(person.email)") {
                let (conversation, id) = $0.message(place)
                return try await $0.store.setReaction(
                    emoji,
                    present: present,
                    on: id,
                    in: conversation,
                    expectedRevision: revision,
                    as: person
                )
            }
        case 6:
            return .commit("delete \(place) at \(revision ?? 0) as \(person.email)") {
                let (conversation, id) = $0.message(place)
                return try await $0.store.deleteMessage(id, in: conversation, expectedRevision: revision, as: person)
            }
        default:
            return StoreOperation("versions \(place) as \(person.email)") {
                let (conversation, id) = $0.message(place)
                return "\(try await $0.store.versions(of: id, in: conversation, as: person))"
            }
        }
    }

    private mutating func turn(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let revision = expectedRevision()
        if random.oneIn(4) {
            let place = place(known.messages.count)
            return .commit("regenerate \(place) at \(revision ?? 0) as \(person.email)") {
                try await $0.store.beginRegeneration(
                    of: $0.message(place).id,
                    expectedRevision: revision,
                    as: person
                )
            }
        }
        let place = random.oneIn(3) ? nil : place(known.conversations.count)
        let projectPlace = projectPlace(known)
        let message = newMessage(.user)
        let model = random.oneIn(2) ? "gull-2" : nil
        return .commit("beginTurn \(message) in \(place ?? -1) at \(revision ?? 0) as \(person.email)") {
            let request = TurnRequest(
                conversationID: place.map($0.conversation),
                projectID: projectPlace.map($0.project),
                message: message,
                model: model
            )
            return try await $0.store.beginTurn(request, expectedRevision: revision, as: person)
        }
    }

    private mutating func reply(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let place = max(0, known.leases.count - 1 - random.place(in: 4))
        let messagePlace = self.place(known.messages.count)
        let outOfPlace = random.oneIn(8)
        switch random.place(in: 12) {
        case ..<5:
            let pieces = (0...random.place(in: 3)).map { _ in random.pick(Self.words) }
            return StoreOperation("appendPieces \(pieces) under \(place)") {
                guard let lease = $0.lease(place) else { return "no lease" }
                let progress = try await $0.store.replyProgress(of: lease.messageID, after: -1, as: .alice)
                let index = max(0, (progress.message.nextIndex ?? 0) - (outOfPlace ? 1 : 0))
                return "\(try await $0.store.appendPieces(pieces, at: index, under: lease))"
            }
        case 5:
            return StoreOperation("renew \(place)") {
                guard let lease = $0.lease(place) else { return "no lease" }
                return "\(try await $0.store.renew(lease))"
            }
        case 6, 7, 8:
            let outcome = ReplyOutcome(
                status: random.pick([.delivered, .failed, .interrupted]),
                metadata: object(),
                model: random.oneIn(2) ? "gull-2-mini" : nil,
                tokensUsed: random.oneIn(2) ? TokenUsage(prompt: 1, completion: 2) : nil,
                latencyMilliseconds: random.oneIn(2) ? 3 : nil,
                contexts: random.oneIn(3) ? [["title": "t"]] : nil
            )
            guard known.lease(place) != nil else { return StoreOperation("nothing") { _ in "" } }
            return .commit("finish \(outcome) under \(place)") {
                guard let lease = $0.lease(place) else { throw ParleyError.notFound }
                return try await $0.store.finishReply(outcome, under: lease)
            }
        case 9:
            return StoreOperation("requestStop \(messagePlace) as \(person.email)") {
                "\(try await $0.store.requestStop(of: $0.message(messagePlace).id, as: person))"
            }
        case 10:
            return StoreOperation("replyProgress \(messagePlace) as \(person.email)") {
                "\(try await $0.store.replyProgress(of: $0.message(messagePlace).id, after: 0, as: person))"
            }
        default:
            return StoreOperation("interruptAbandonedReplies") {
                let commit = try await $0.store.interruptAbandonedReplies()
                // Over conversations the order is free.
                return "\(commit.value) \(commit.changes.summary.sorted())"
            }
        }
    }

    private mutating func read(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let place = place(known.conversations.count)
        let limit = 1 + random.place(in: 10)
        switch random.place(in: 7) {
        case 0:
            return StoreOperation("conversation \(place) as \(person.email)") {
                "\(try await $0.store.conversation($0.conversation(place), newestMessages: limit, as: person))"
            }
        case 1:
            let seq = random.place(in: 8)
            let range = random.pick([MessageRange.newest, .before(seq), .after(seq)])
            return StoreOperation("messages \(place) \(range) as \(person.email)") {
                "\(try await $0.store.messages(in: $0.conversation(place), range, limit: limit, as: person))"
            }
        case 2:
            let since = random.place(in: 12) - 1
            return StoreOperation("changes \(place) since \(since) as \(person.email)") {
                "\(try await $0.store.changes(in: $0.conversation(place), since: since, limit: limit, as: person))"
            }
        case 3:
            let query = SearchQuery(random.pick(Self.words))
            let status = random.oneIn(3) ? random.pick(ConversationStatus.allCases) : nil
            let filter = ConversationFilter(status: status, query: random.oneIn(2) ? query : nil)
            return StoreOperation("conversations \(filter) as \(person.email)") {
                let page = try await $0.store.conversations(filter, page: PageRequest(limit: limit), as: person)
                return "\(page.elements) \(page.next == nil)"
            }
        case 4:
            let text = random.oneIn(2) ? "half a thought" : ""
            let isNew = random.oneIn(4)
            return StoreOperation("setDraft in \(isNew ? -1 : place) as \(person.email)") {
                "\(try await $0.store.setDraft(text, in: isNew ? nil : $0.conversation(place), as: person))"
            }
        case 5:
            let isNew = random.oneIn(4)
            return StoreOperation("draft in \(isNew ? -1 : place) as \(person.email)") {
                "\(String(describing: try await $0.store.draft(in: isNew ? nil : $0.conversation(place), as: person)))"
            }
        default:
            let words = random.pick(Self.words)
            let projectPlace = projectPlace(known)
            return StoreOperation("search \(words) in \(projectPlace ?? -1) as \(person.email)") {
                guard let query = SearchQuery(words) else { return "no query" }
                let project = projectPlace.map($0.project)
                let page = try await $0.store.search(query, in: project, page: PageRequest(limit: limit), as: person)
                return "\(page.elements) \(page.next == nil)"
            }
        }
    }
}
