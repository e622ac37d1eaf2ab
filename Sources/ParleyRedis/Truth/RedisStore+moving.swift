internal import ParleyCore
internal import RedisWire

// A conversation moves to another project, which lies elsewhere, in steps. Each can be the last for whoever does them:
//
// 1. Its key says `from>to:token:since`, which is the move's lock; who reads still finds it in the first project.
// 2. In the first it is marked as moving: whoever wants to write waits. In the second a note says where it comes from.
// 3. It is copied to the second, where nobody sees it, with its hash under a name of its own.
// 4. Its key says `to`: from here on it has moved. Before, the key can be set back, after, all else can only be finished.
// 5. In the second project the hash gets its name; in the first all goes to the trash.
//
// Whoever comes upon one that is being moved finishes what has moved, and undoes what has not for a long time.

extension RedisStore {
    /// How long a move may take before others undo it.
    private static let movingTime = Duration.seconds(30)
    /// How many messages go at once: some are a mebibyte long.
    private static let movingStep = 50
    /// How long whoever wants to write waits for another one's move.
    private static let movingPatience = [25, 50, 100, 200, 400, 500, 500].map { Duration.milliseconds($0) }

    /// A move that is under way.
    struct Move: Sendable {
        let id: ConversationID
        let source: ProjectID
        let target: ProjectID
        /// Tells it from all others, and when it began: behind `from>to` in the key's value.
        let token: String

        /// What the key says meanwhile.
        var lock: String { "\(source)>\(target):\(token)" }
        /// The note in the first project.
        var sourceNote: String { "to:\(target):\(token)" }
        /// The note in the second.
        var targetNote: String { "from:\(source):\(token)" }
    }

    /// Moves a conversation to another project, where the caller may write in both.
    func move(
        _ id: ConversationID,
        to target: ProjectID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        try await turns.take(id) {
            for _ in 0..<Self.attempts {
                guard let place = try await place(of: id) else { throw ParleyError.notFound }
                if place.target != nil {
                    try await awaitMove(of: id, in: place.project)
                    continue
                }
                let now = clock.now()
                let token = "\(LogTag.random().stored):\(now.microseconds)"
                let move = Move(id: id, source: place.project, target: target, token: token)
                do {
                    if let commit = try await attempt(move, changes, expectedRevision, identity, now) { return commit }
                } catch let refusal as Refusal {
                    if refusal == .moving {
                        try await awaitMove(of: id, in: place.project)
                    } else if refusal != .lost {
                        throw refusal.error(for: .write)
                    }
                }
            }
            throw ParleyError.unavailable("Too many change the same thing.")
        }
    }

    /// One attempt; `nil` where somebody else was faster.
    private func attempt(
        _ move: Move,
        _ changes: ConversationChanges,
        _ expectedRevision: Int?,
        _ identity: Identity,
        _ now: Timestamp
    ) async throws -> Commit<Conversation>? {
        let email = identity.email
        let view = try await self.view(
            move.id,
            in: move.source,
            .none,
            flags: "p",
            for: .write,
            as: email,
            at: now
        )
        _ = try await stored(move.target, for: .write, as: identity)
        try view.session.requireRevision(expectedRevision)
        try view.session.requireNoRunningReply()
        // What an earlier move has left.
        let source = RedisArgument.string(TruthKeys.project(move.source) + ":moving")
        if try await !send(["HGET", source, "\(move.id)"]).isNull {
            try await settleMove(of: move.id, in: move.source)
        }
        guard move.source != move.target else { return Commit(view.conversation, changes: []) }
        let target = RedisArgument.string(TruthKeys.project(move.target) + ":moving")
        if try await !send(["HGET", target, "\(move.id)"]).isNull {
            try await settleMove(of: move.id, in: move.target)
        }
        guard try await exchange(move.id, "\(move.source)", for: move.lock) else { return nil }
        var writing = SessionWriting(view, at: now)
        let change = writing.update { $0.apply(changes) }
        do {
            try await freeze(move, view.session.tag, identity, now)
            try await copy(move, writing.view.session, identity, now)
            let mark = try await send([
                "HGET", .string(TruthKeys.project(move.source) + TruthKeys.session(in: move.id)), "moving",
            ])
            // Its project may have been deleted meanwhile, and with it what was being copied.
            guard mark.string == move.token else { throw Refusal.missing }
        } catch {
            // If this fails too, whoever comes next undoes it when it is old enough.
            try? await undo(move)
            throw error
        }
        guard try await exchange(move.id, move.lock, for: "\(move.target)") else {
            try? await clear(move)
            return nil
        }
        known[move.id] = move.target
        try await finish(move)
        return Commit(writing.value, changes: [change], movedFrom: move.source)
    }

    /// Marks a conversation as moving, where it is still the one that was read.
    private func freeze(_ move: Move, _ tag: LogTag, _ identity: Identity, _ now: Timestamp) async throws {
        var batch = WriteBatch()
        batch.command("HSET", TruthKeys.session(in: move.id), ["moving", .string(move.token)])
        batch.command("HSET", ":moving", ["\(move.id)", .string(move.sourceNote)])
        try await commit(
            batch,
            in: move.source,
            CommitTerms(email: identity.email, now: now, session: move.id, tag: tag)
        )
        var note = WriteBatch()
        note.command("HSET", ":moving", ["\(move.id)", .string(move.targetNote)])
        var terms = CommitTerms(email: identity.email, now: now, session: move.id)
        terms.isNewSession = true
        while true {
            do {
                try await commit(note, in: move.target, terms)
                return
            } catch Refusal.trash {
                try await sweepTrash(move.target)
            }
        }
    }

    /// Copies everything to the second project, where nobody sees it.
    private func copy(_ move: Move, _ record: SessionRecord, _ identity: Identity, _ now: Timestamp) async throws {
        let source = TruthKeys.project(move.source)
        let count = record.fields.messageCount
        for start in stride(from: 1, through: count, by: Self.movingStep) {
            let range = start...min(start + Self.movingStep - 1, count)
            let part: SessionView = try await Self.$seesMoving.withValue(true) {
                try await self.view(move.id, in: move.source, .span(range), as: nil, at: now)
            }
            var writing = SessionWriting(SessionView(of: record.fields), at: now)
            for entry in part.entries {
                var versions: [MessageVersion] = []
                if entry.versionCount > 0 {
                    let key = source + TruthKeys.versions(of: entry.message.id, in: move.id)
                    for element in try await send(["LRANGE", .string(key), 0, -1]).elements {
                        versions.append(try MessageVersion(stored: element.withText { Array($0) }))
                    }
                }
                writing.add(entry, versions: versions)
            }
            try await commit(writing.batch, of: move, now)
        }
        var batch = WriteBatch()
        for key in [TruthKeys.drafts(of: move.id), TruthKeys.readMarks(of: move.id), TruthKeys.imports(of: move.id)] {
            var fields: [RedisArgument] = []
            for element in try await send(["HGETALL", .string(source + key)]).elements {
                fields.append(.string(element.string ?? ""))
            }
            batch.command("HSET", key, each: fields, size: 2)
        }
        let changed = try await send(["ZRANGE", .string(source + TruthKeys.changed(of: move.id)), 0, -1])
        for seq in changed.elements.compactMap(\.string) {
            let key = RedisArgument.string(source + TruthKeys.changed(of: move.id))
            let revision = try await send(["ZSCORE", key, .string(seq)]).double ?? 0
            batch.command("ZADD", TruthKeys.changed(of: move.id), [.integer(Int64(revision)), .string(seq)])
        }
        var fields: [RedisArgument] = ["tag", .string(LogTag.random().stored)]
        for field in record.stored.present { fields += [.string(field.name), field.value] }
        batch.command("HSET", Self.arriving(move.id), fields)
        try await commit(batch, of: move, now)
    }

    /// Writes a part of the copy, as long as the move is this one.
    private func commit(_ batch: WriteBatch, of move: Move, _ now: Timestamp) async throws {
        var all = WriteBatch()
        all.add(["?hget", ":moving", "\(move.id)", .string(move.targetNote)])
        all.append(batch)
        try await commit(all, in: move.target, CommitTerms(now: now))
    }

    private static func arriving(_ id: ConversationID) -> String { TruthKeys.session(in: id) + ":arriving" }

    // MARK: Finishing and undoing

    /// Takes away what interrupted deletions have left, and finishes or undoes interrupted moves, in all projects.
    func tidy() async throws {
        for project in try await allProjects() {
            let base = TruthKeys.project(project)
            if try await send(["SCARD", .string(base + ":trash")]).integer ?? 0 > 0 { try await sweepTrash(project) }
            for id in try await send(["HKEYS", .string(base + ":moving")]).elements.compactMap(\.string) {
                guard let id = ConversationID(id) else { continue }
                // One that somebody is still at is left to them.
                try? await settleMove(of: id, in: project)
            }
        }
    }

    /// Those of a list that have moved to another project already: what they left here is taken away, as far as that can be.
    func left(_ ids: [ConversationID], from project: ProjectID) async throws -> Set<ConversationID> {
        var left: Set<ConversationID> = []
        for id in ids {
            guard let place = try await place(of: id), place.project != project else { continue }
            left.insert(id)
            try? await settleMove(of: id, in: project)
        }
        return left
    }

    /// Waits for a move that another one has begun, and finishes or undoes it where nobody is at it any more.
    func awaitMove(of id: ConversationID, in project: ProjectID) async throws {
        for pause in Self.movingPatience {
            guard let place = try await place(of: id), place.target != nil, !isOld(place) else { break }
            // Redis tells nobody that it is through: it has to be asked.
            try await Task.sleep(for: pause)
        }
        try await settleMove(of: id, in: project)
    }

    private func isOld(_ place: SessionPlace) -> Bool {
        place.since.map { $0 + Self.movingTime <= clock.now() } ?? false
    }

    /// Finishes or undoes a move that somebody began, as far as it can be told that nobody is at it.
    func settleMove(of id: ConversationID, in project: ProjectID) async throws {
        let place = try await place(of: id)
        if let place, let target = place.target {
            guard isOld(place) else { throw ParleyError.unavailable("The conversation is being moved.") }
            try await undo(Move(id: id, source: place.project, target: target, token: place.token))
            return
        }
        let note = try await send(["HGET", .string(TruthKeys.project(project) + ":moving"), "\(id)"]).string ?? ""
        let words = note.split(separator: ":", maxSplits: 2)
        guard words.count == 3, let other = ProjectID(words[1]) else { return }
        let hasLeft = words[0] == "to"
        let move = Move(
            id: id,
            source: hasLeft ? project : other,
            target: hasLeft ? other : project,
            token: String(words[2])
        )
        // The key says who won; where there is none, the conversation has been deleted meanwhile.
        if place?.project == move.target { try await finish(move) } else { try await clear(move) }
    }

    /// Takes away what a move had copied by the time that its conversation was deleted.
    func forgetMove(of id: ConversationID, _ place: SessionPlace) async throws {
        guard let target = place.target else { return }
        try await clear(Move(id: id, source: place.project, target: target, token: place.token))
    }

    /// Sets the key back, and then all else; nothing where it has moved meanwhile.
    private func undo(_ move: Move) async throws {
        if try await exchange(move.id, move.lock, for: "\(move.source)") { try await clear(move) }
    }

    /// Takes away the marks and the copy of a move that did not come about.
    private func clear(_ move: Move) async throws {
        let now = clock.now()
        var thaw = WriteBatch()
        thaw.add(["?hget", ":moving", "\(move.id)", .string(move.sourceNote)])
        thaw.command("HDEL", TruthKeys.session(in: move.id), ["moving"])
        thaw.command("HDEL", ":moving", ["\(move.id)"])
        try await commit(thaw, ifThereIn: move.source, now)
        var remove = WriteBatch()
        remove.add(["?hget", ":moving", "\(move.id)", .string(move.targetNote)])
        remove.add(["trash", "\(move.id)"])
        try await commit(remove, ifThereIn: move.target, now)
        try await sweepTrash(move.target)
    }

    /// Shows a conversation where it has come to, and takes it away where it was.
    private func finish(_ move: Move) async throws {
        let now = clock.now()
        let hash = TruthKeys.project(move.target) + Self.arriving(move.id)
        let title = try await send(["HGET", .string(hash), "title"]).string ?? ""
        var reveal = WriteBatch()
        reveal.add(["?hget", ":moving", "\(move.id)", .string(move.targetNote)])
        reveal.add(["reveal", "\(move.id)", .string(TermIndex.terms(of: title))])
        try await commit(reveal, ifThereIn: move.target, now)
        let old = TruthKeys.project(move.source) + TruthKeys.session(in: move.id)
        let oldTitle = try await send(["HGET", .string(old), "title"]).string ?? ""
        var leave = WriteBatch()
        leave.add(["?hget", ":moving", "\(move.id)", .string(move.sourceNote)])
        leave.add(["title", "\(move.id)", .string(TermIndex.terms(of: oldTitle)), ""])
        leave.add(["trash", "\(move.id)"])
        try await commit(leave, ifThereIn: move.source, now)
        try await sweepTrash(move.source)
    }

    /// Commits unless that was done already.
    private func commit(_ batch: WriteBatch, ifThereIn project: ProjectID, _ now: Timestamp) async throws {
        do {
            try await commit(batch, in: project, CommitTerms(now: now, flags: "md"))
        } catch Refusal.lost {
            // By somebody who came before.
        }
    }
}
