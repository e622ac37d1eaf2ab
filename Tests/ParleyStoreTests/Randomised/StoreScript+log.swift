import ParleyCore
import ParleyTesting

extension StoreScript {
    mutating func project(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
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

    mutating func conversation(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
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

    mutating func append(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
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

    mutating func message(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
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
}
