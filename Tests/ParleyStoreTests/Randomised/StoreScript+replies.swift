import ParleyCore
import ParleyTesting

extension StoreScript {
    mutating func turn(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
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

    mutating func reply(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
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

    mutating func read(_ known: ScriptedStore, _ person: Identity) -> StoreOperation {
        let place = place(known.conversations.count)
        let limit = 1 + random.place(in: 10)
        switch random.place(in: 10) {
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
        case 6:
            let seq = random.place(in: 8)
            return StoreOperation("setReadMark \(seq) in \(place) as \(person.email)") {
                let mark = try await $0.store.setReadMark(seq, in: $0.conversation(place), as: person)
                return "\(mark.value) \(mark.notices.count)"
            }
        case 7:
            return StoreOperation("readMarks of \(place) as \(person.email)") {
                "\(try await $0.store.readMarks(of: [$0.conversation(place)], as: person))"
            }
        case 8:
            return StoreOperation("runningReply \(place) as \(person.email)") {
                let running = try await $0.store.runningReply(in: $0.conversation(place), as: person)
                return "\(String(describing: running))"
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
