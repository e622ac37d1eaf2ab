public import ParleyCore

extension MemoryStore {
    /// Commits pieces of a reply and renews the lease.
    public func appendPieces(_ pieces: [String], at index: Int, under lease: ReplyLease) throws -> LeaseState {
        try write { state, now in
            try state.withReply(under: lease) { running in
                guard 0...running.pieces.count ~= index else { throw ParleyError.piecesDoNotFit }
                let repeated = zip(running.pieces[index...], pieces)
                guard repeated.allSatisfy({ $0.isExactly($1) }) else { throw ParleyError.piecesDoNotFit }
                running.pieces += pieces.dropFirst(running.pieces.count - index)
                running.leaseEnd = now + Limits.replyLease
            }
        }
    }

    /// Renews a lease while the model is silent.
    public func renew(_ lease: ReplyLease) throws -> LeaseState {
        try write { state, now in
            try state.withReply(under: lease) { $0.leaseEnd = now + Limits.replyLease }
        }
    }

    /// Ends a reply: its pieces become its text.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) throws -> Commit<Message> {
        try write { state, now in
            let found = try state.reply(under: lease)
            var stored = found.conversation
            let message = stored.updateMessage(at: found.index, now: now) { entry in
                entry.endReply(outcome.status, at: now)
                entry.message.take(outcome)
            }
            state.conversations[lease.conversationID] = stored
            return Commit(message, changes: [.messageUpdated(message)])
        }
    }

    /// Asks whoever writes a reply to stop.
    public func requestStop(of id: MessageID, as identity: Identity) throws -> Message {
        try write { state, _ in
            let found = try state.message(id, for: .write, as: identity)
            var stored = found.conversation
            stored.updateRunningReply(at: found.index) { $0.isStopRequested = true }
            state.conversations[stored.fields.id] = stored
            return stored.message(at: found.index)
        }
    }

    /// A reply, and its pieces behind an index.
    public func replyProgress(
        of id: MessageID,
        after index: Int,
        as identity: Identity
    ) throws -> ReplyProgress {
        try read { state, _ in
            let found = try state.message(id, for: .read, as: identity)
            let pieces = found.conversation.log[found.index].running?.pieces ?? []
            let deltas = pieces.enumerated().filter { $0.offset > index }
                .map { ReplyDelta(messageID: id, index: $0.offset, text: $0.element) }
            return ReplyProgress(message: found.conversation.message(at: found.index), deltas: deltas)
        }
    }

    /// The reply that is being written in a conversation, and all its pieces.
    public func runningReply(in conversation: ConversationID, as identity: Identity) throws -> ReplyProgress? {
        try read { state, _ in
            let stored = try state.conversation(conversation, for: .read, as: identity)
            guard let index = stored.log.firstIndex(where: { $0.running != nil }) else { return nil }
            let message = stored.message(at: index)
            let deltas = (stored.log[index].running?.pieces ?? []).enumerated()
                .map { ReplyDelta(messageID: message.id, index: $0.offset, text: $0.element) }
            return ReplyProgress(message: message, deltas: deltas)
        }
    }

    /// Marks `interrupted` every reply whose lease has run out, with what it had.
    public func interruptAbandonedReplies() throws -> Commit<Int> {
        write { state, now in
            var changes: [Change] = []
            for (id, conversation) in state.conversations.sorted(by: { $0.key < $1.key }) {
                var stored = conversation
                for (index, entry) in stored.log.enumerated() {
                    guard let running = entry.running, running.leaseEnd <= now else { continue }
                    let message = stored.updateMessage(at: index, now: now) { $0.endReply(.interrupted, at: now) }
                    changes.append(.messageUpdated(message))
                }
                state.conversations[id] = stored
            }
            return Commit(changes.count, changes: changes)
        }
    }
}

extension MemoryState {
    /// The running reply that a lease is for, as long as its fence is the present one.
    fileprivate func reply(under lease: ReplyLease) throws -> (conversation: StoredConversation, index: Int) {
        guard let stored = conversations[lease.conversationID], let index = stored.index(of: lease.messageID),
            stored.log[index].running != nil, stored.log[index].fence == lease.fence
        else { throw ParleyError.notFound }
        return (stored, index)
    }

    /// Works on the running reply that a lease is for.
    fileprivate mutating func withReply(
        under lease: ReplyLease,
        _ body: (inout RunningReply) throws -> Void
    ) throws -> LeaseState {
        var (stored, index) = try reply(under: lease)
        guard var running = stored.log[index].running else { throw ParleyError.notFound }
        try body(&running)
        stored.updateRunningReply(at: index) { $0 = running }
        conversations[lease.conversationID] = stored
        return running.isStopRequested ? .stopRequested : .held
    }
}
