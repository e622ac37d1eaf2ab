public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Commits pieces of a reply and renews the lease: one script in one round trip.
    public func appendPieces(_ pieces: [String], at index: Int, under lease: ReplyLease) async throws -> LeaseState {
        guard index >= 0 else {
            _ = try await renew(lease)
            throw ParleyError.piecesDoNotFit
        }
        return try await touch(lease, index, pieces)
    }

    /// Renews a lease while the model is silent.
    public func renew(_ lease: ReplyLease) async throws -> LeaseState {
        try await touch(lease, nil, [])
    }

    private func touch(_ lease: ReplyLease, _ index: Int?, _ pieces: [String]) async throws -> LeaseState {
        let now = clock.now()
        let head: [RedisArgument] = [
            .integer(now.microseconds), "\(lease.conversationID)", "\(lease.messageID)", .integer(lease.fence),
            leaseTime(now), .integer(Limits.replyLease.microseconds), .string(index.map(String.init) ?? ""),
        ]
        let answer: [RedisReply]
        do {
            answer = try await run(TruthScripts.pieces, in: lease.projectID, head + pieces.map { .string($0) })
        } catch let refusal as Refusal {
            throw refusal.error(for: .write)
        }
        return answer.first?.integer == 1 ? .stopRequested : .held
    }

    /// Ends a reply: its pieces become its text.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        try await write(to: lease.conversationID, .ids([lease.messageID]), as: nil) { writing in
            guard let running = writing.view.session.running, running.message == lease.messageID,
                running.fence == lease.fence
            else { throw ParleyError.notFound }
            let entry = try writing.end(lease.messageID, outcome.status) { $0.take(outcome) }
            return Commit(entry.message, changes: [.messageUpdated(entry.message)])
        }.value
    }

    /// Asks whoever writes a reply to stop.
    public func requestStop(of id: MessageID, as identity: Identity) async throws -> Message {
        let conversation = try await find(id, for: .write, as: identity).view.session.fields.id
        return try await write(to: conversation, .ids([id]), as: identity.email) { writing in
            let entry = try writing.view.requireEntry(id)
            if writing.view.session.running?.message == id, !writing.view.session.isStopRequested {
                writing.batch.command("HSET", TruthKeys.session(in: conversation), ["stop", "1"])
            }
            return writing.view.message(entry)
        }.value
    }

    /// A reply, and its pieces behind an index.
    public func replyProgress(
        of id: MessageID,
        after index: Int,
        as identity: Identity
    ) async throws -> ReplyProgress {
        let found = try await find(id, for: .read, as: identity)
        return found.view.progress(of: found.entry, after: index)
    }

    /// The reply that is being written in a conversation, and all its pieces.
    public func runningReply(in conversation: ConversationID, as identity: Identity) async throws -> ReplyProgress? {
        for _ in 0..<Self.attempts {
            guard let running = try await view(conversation, .none, as: identity).session.running else { return nil }
            let view = try await view(conversation, .ids([running.message]), as: identity)
            // It may have ended, and another may have begun.
            guard let now = view.session.running else { return nil }
            if now.message == running.message, let entry = view.entry(running.message) {
                return view.progress(of: entry, after: -1)
            }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }

    /// Marks `interrupted` every reply whose lease has run out, with what it had.
    ///
    /// Only projects are looked at in which a turn has begun lately, or replies are running.
    public func interruptAbandonedReplies() async throws -> Commit<Int> {
        let now = clock.now()
        let projects = try await send(["ZRANGE", .string(TruthKeys.running), 0, -1]).elements
            .compactMap { $0.string.flatMap { ProjectID($0) } }
        var changed: [Message] = []
        for project in projects {
            let answer = try await run(TruthScripts.abandoned, in: project, [leaseTime(now)])
            let ids = answer.first?.elements.compactMap { $0.string.flatMap { ConversationID($0) } } ?? []
            for id in ids {
                if let message = try await interrupt(in: id, at: now) { changed.append(message) }
            }
            if answer.count > 1, answer[1].integer == 0 {
                // Long enough after the last turn that none is on its way.
                let limit = (now + .seconds(-600)).microseconds
                let key = RedisArgument.string(TruthKeys.running)
                let script = Self.forgetProject
                _ = try await run(script, keys: [key], arguments: ["\(project)", .integer(limit)])
            }
        }
        changed.sort { ($0.conversationID, $0.seq) < ($1.conversationID, $1.seq) }
        return Commit(changed.count, changes: changed.map(Change.messageUpdated))
    }

    private static let forgetProject = RedisScript(
        """
        local time = redis.call('ZSCORE', KEYS[1], ARGV[1])
        if time and tonumber(time) < tonumber(ARGV[2]) then return redis.call('ZREM', KEYS[1], ARGV[1]) end
        return 0
        """
    )

    private func interrupt(in id: ConversationID, at now: Timestamp) async throws -> Message? {
        do {
            return try await turns.take(id) {
                try await inProject(of: id, for: .write) { project -> Message? in
                    let first = try await view(id, in: project, .none, as: nil, at: now)
                    guard let running = first.session.running else { return nil }
                    let view = try await view(id, in: project, .ids([running.message]), as: nil, at: now)
                    guard view.session.running?.message == running.message else { return nil }
                    var writing = SessionWriting(view, at: now)
                    let entry = try writing.end(running.message, .interrupted) { _ in }
                    var batch = writing.finished()
                    // Not where its writer has come back meanwhile.
                    batch.add(["?leased", leaseTime(now)])
                    var terms = CommitTerms(now: now, session: id, tag: view.session.tag, nextTag: .random())
                    terms.access = .write
                    try await commit(batch, in: project, terms)
                    return entry.message
                }
            }
        } catch let error as ParleyError where [.notFound, .unavailable].contains(error.code) && error.cause == nil {
            // Gone, being moved, or somebody was faster: the next look finds what is left.
            return nil
        }
    }
}

extension SessionWriting {
    /// Ends the running reply with what it has.
    mutating func end(
        _ id: MessageID,
        _ status: MessageStatus,
        _ body: (inout Message) -> Void
    ) throws -> LogEntry {
        let before = try view.requireEntry(id)
        let pieces = view.pieces
        let time = now
        // What is committed must be all of them.
        batch.add(["?llen", .string(TruthKeys.pieces(of: id, in: self.id)), .integer(pieces.count)])
        let entry = change(before) { entry in
            entry.message.content = pieces.joined()
            entry.message.status = status
            entry.contentAuthor = nil
            entry.contentAt = time
            body(&entry.message)
        }
        endReply(id)
        return entry
    }
}

extension SessionView {
    fileprivate func progress(of entry: LogEntry, after index: Int) -> ReplyProgress {
        let isRunning = entry.message.status == .streaming
        let deltas = (isRunning ? pieces : []).enumerated().filter { $0.offset > index }
            .map { ReplyDelta(messageID: entry.message.id, index: $0.offset, text: $0.element) }
        return ReplyProgress(message: message(entry), deltas: deltas)
    }
}
