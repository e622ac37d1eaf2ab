public import ParleyCore

extension MemoryStore {
    /// A conversation with its newest messages, oldest first.
    public func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) throws -> (conversation: Conversation, page: MessagePage) {
        try read { state, _ in
            let stored = try state.conversation(id, for: .read, as: identity)
            return (stored.value, stored.page(.newest, limit: limit))
        }
    }

    /// Conversations by `updatedAt`, newest first.
    public func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) throws -> Page<Conversation> {
        try read { state, _ in
            try state.visibleConversations(in: filter.projectID, as: identity)
                .filter { filter.status == nil || $0.fields.status == filter.status }
                .filter { filter.query?.matches($0.fields.title) ?? true }
                .filter { filter.isPinned == nil || $0.fields.isPinned == filter.isPinned }
                .map(\.value)
                .page(page) { ($0.updatedAt, $0.id) }
        }
    }

    /// A part of a log.
    public func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) throws -> MessagePage {
        try read { state, _ in
            try state.conversation(conversation, for: .read, as: identity).page(range, limit: limit)
        }
    }

    /// The messages changed since a revision, by revision.
    public func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) throws -> ChangePage {
        try read { state, _ in
            let stored = try state.conversation(conversation, for: .read, as: identity)
            guard revision <= stored.fields.revision else {
                throw ParleyError(.resync, "The conversation has no revision \(revision); load it afresh.")
            }
            let changed = stored.messages.filter { $0.revision > max(0, revision) }.sorted { $0.revision < $1.revision }
            let page = Array(changed.prefix(limit))
            let hasMore = changed.count > page.count
            return ChangePage(
                conversation: stored.value,
                messages: page,
                revision: hasMore ? page.last?.revision ?? revision : stored.fields.revision,
                hasMore: hasMore
            )
        }
    }

    /// The newest messages of all of a project's conversations, oldest first.
    public func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) throws -> [Message] {
        try read { state, _ in
            try state.visibleConversations(in: project, as: identity)
                .flatMap(\.messages)
                .filter { $0.status != .deleted }
                .sorted { ($0.createdAt, $0.conversationID, $0.seq) < ($1.createdAt, $1.conversationID, $1.seq) }
                .suffix(limit)
        }
    }

    /// Messages that match, newest first.
    public func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) throws -> Page<SearchHit> {
        try read { state, _ in
            try state.visibleConversations(in: project, as: identity)
                .flatMap { stored in
                    stored.messages
                        .filter { $0.status != .deleted && $0.status != .streaming && query.matches($0.content) }
                        .map { message in
                            SearchHit(
                                conversation: stored.value,
                                message: message,
                                snippet: query.snippet(of: message.content)
                            )
                        }
                }
                .page(page) { ($0.message.createdAt, $0.message.id) }
        }
    }
}

extension StoredConversation {
    fileprivate func page(_ range: MessageRange, limit: Int) -> MessagePage {
        switch range {
        case .newest:
            MessagePage(messages: messages.suffix(limit), hasMore: log.count > limit)
        case .before(let seq):
            newest(limit, of: messages.filter { $0.seq < seq })
        case .after(let seq):
            oldest(limit, of: messages.filter { $0.seq > seq })
        }
    }

    private func newest(_ limit: Int, of messages: [Message]) -> MessagePage {
        MessagePage(messages: messages.suffix(limit), hasMore: messages.count > limit)
    }

    private func oldest(_ limit: Int, of messages: [Message]) -> MessagePage {
        MessagePage(messages: Array(messages.prefix(limit)), hasMore: messages.count > limit)
    }
}
