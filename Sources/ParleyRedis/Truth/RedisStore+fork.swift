public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Makes a new conversation that holds copies of the first messages of another.
    public func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        let fingerprint = Fingerprint(of: request, from: id)
        for _ in 0..<Self.attempts {
            let source = try await view(id, .none, for: .write, as: identity).session
            if let made = request.id, try await place(of: made) != nil {
                do {
                    return try await replay(of: made, fingerprint, as: identity)
                } catch let error as ParleyError where error.code == .notFound {
                    // The key may lead nowhere; else the create below says that there is one.
                }
            }
            let fields = source.fields
            guard 1...max(1, fields.messageCount) ~= request.seq, fields.messageCount > 0 else {
                throw ParleyError.invalid("seq", "seq must be the place of one of the conversation's messages.")
            }
            try source.requireRevision(request.expectedRevision)
            do {
                return try await fork(source, request, fingerprint, as: identity)
            } catch is LostRace {
                continue
            } catch Refusal.exists {
                guard let made = request.id else { continue }
                return try await replay(of: made, fingerprint, as: identity)
            } catch let refusal as Refusal {
                throw refusal.error(for: .write)
            }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }

    private func fork(
        _ source: SessionRecord,
        _ request: ForkRequest,
        _ fingerprint: Fingerprint,
        as identity: Identity
    ) async throws -> Commit<Conversation> {
        let now = clock.now()
        let project = source.fields.projectID
        var originals: [LogEntry] = []
        for start in stride(from: 1, through: request.seq, by: 500) {
            let range = start...min(start + 499, request.seq)
            let view = try await view(
                source.fields.id,
                in: project,
                .span(range),
                for: .write,
                as: identity.email,
                at: now
            )
            guard view.session.tag == source.tag, view.entries.count == range.count else { throw LostRace() }
            originals += view.entries
        }
        guard !originals.contains(where: { $0.message.status == .streaming }) else { throw ParleyError.replyInProgress }
        let fields = Conversation(
            id: request.id ?? ids.make(),
            projectID: project,
            owner: identity.email,
            title: request.title ?? source.fields.title,
            messageCount: request.seq,
            revision: request.seq + 1,
            createdAt: now,
            updatedAt: now,
            lastMessageAt: originals.last?.message.createdAt,
            forkedFrom: ForkOrigin(conversationID: source.fields.id, seq: request.seq),
            hasGivenTitle: source.fields.hasGivenTitle || request.title != nil
        )
        var writing = SessionWriting(SessionView(of: fields, fingerprint: fingerprint), at: now, isNew: true)
        if source.isUnordered { writing.note { $0.isUnordered = true } }
        for original in originals { writing.add(original.copy(id: ids.make(), in: fields)) }
        var conversation = fields
        conversation.preview = try await create(writing, isGivenID: request.id != nil, as: identity)
        return Commit(conversation, changes: [.conversationCreated(conversation)])
    }
}

extension LogEntry {
    /// A copy for a fork that is made now.
    fileprivate func copy(id: MessageID, in fork: Conversation) -> LogEntry {
        let copy = Message(
            id: id,
            conversationID: fork.id,
            projectID: fork.projectID,
            seq: message.seq,
            revision: message.seq + 1,
            role: message.role,
            author: message.author,
            content: message.content,
            parts: message.parts,
            status: message.status,
            metadata: message.metadata,
            contexts: message.contexts,
            aiResponse: message.aiResponse,
            confidence: message.confidence,
            model: message.model,
            createdAt: message.createdAt,
            updatedAt: fork.createdAt
        )
        // The copy's own text is what a turn about it repeats.
        return LogEntry(
            copy,
            fingerprint: fingerprint == nil ? nil : Fingerprint(of: copy.asInput),
            contentAuthor: contentAuthor,
            contentAt: contentAt,
            replyTo: replyTo
        )
    }
}
