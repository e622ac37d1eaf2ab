/// A conversation that existed elsewhere, with its own times, on its way into a store.
public struct ImportedConversation: Hashable, Sendable {
    /// Its id, made of what it was known by elsewhere, so that bringing it again finds it.
    public var id: ConversationID
    /// The project it goes to where it isn't there yet; none means the caller's personal one.
    public var projectID: ProjectID?
    /// Its title, which counts as given by a person.
    public var title: String
    /// What it is about.
    public var description: String?
    /// Whether it was in use there.
    public var status: ConversationStatus
    /// Whether it was kept on top there.
    public var isPinned: Bool
    /// What is known of it beyond the fields.
    public var metadata: JSONObject
    /// Whether the title was given by a person, so that no program changes it.
    public var hasGivenTitle: Bool
    /// What it was forked from there; that may not be here.
    public var forkedFrom: ForkOrigin?
    /// When it was made.
    public var createdAt: Timestamp
    /// When it last changed there; none where its messages say it.
    public var updatedAt: Timestamp?
    /// Its messages in order, or the next of them.
    public var messages: [ImportedMessage]
    /// The import that brings it, so that it can be taken back; none where that is not wanted.
    public var batch: ImportBatchID?

    /// Describes a conversation.
    public init(
        id: ConversationID,
        projectID: ProjectID? = nil,
        title: String,
        description: String? = nil,
        status: ConversationStatus = .active,
        isPinned: Bool = false,
        metadata: JSONObject = JSONObject(),
        hasGivenTitle: Bool = true,
        forkedFrom: ForkOrigin? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp? = nil,
        messages: [ImportedMessage],
        batch: ImportBatchID? = nil
    ) {
        self.id = id
        self.projectID = projectID
        self.title = title
        self.description = description
        self.status = status
        self.isPinned = isPinned
        self.metadata = metadata
        self.hasGivenTitle = hasGivenTitle
        self.forkedFrom = forkedFrom
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.messages = messages
        self.batch = batch
    }
}

/// A message that existed elsewhere, with its marks and times.
public struct ImportedMessage: Hashable, Sendable {
    /// Its id, made of what it was known by elsewhere.
    public var id: MessageID
    /// Other ids under which an earlier import may have brought the same message.
    public var otherIDs: [MessageID]
    /// Who wrote it, only of user messages.
    ///
    /// Nobody checks it: whoever imports sees to it that no one is made to have said something.
    public var author: EmailAddress?
    /// Role, text, and what belongs to it; its `id` is not looked at.
    public var input: NewMessage
    /// Where it ended: `delivered`, `failed` or `interrupted`; or `deleted`, with nothing but its place and times.
    public var status: MessageStatus
    /// Whether somebody changed its text there.
    public var isEdited: Bool
    /// Who reacted to it there.
    public var reactions: [Reaction]
    /// The texts it had before there, oldest first; other branches of a tree are versions, too.
    public var versions: [MessageVersion]
    /// What it cost.
    public var tokensUsed: TokenUsage?
    /// How long it took, in milliseconds.
    public var latencyMilliseconds: Int?
    /// When it was written.
    public var createdAt: Timestamp
    /// When it last changed there.
    public var updatedAt: Timestamp

    /// Describes a message.
    public init(
        id: MessageID,
        otherIDs: [MessageID] = [],
        author: EmailAddress? = nil,
        input: NewMessage,
        status: MessageStatus = .delivered,
        isEdited: Bool = false,
        reactions: [Reaction] = [],
        versions: [MessageVersion] = [],
        tokensUsed: TokenUsage? = nil,
        latencyMilliseconds: Int? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp? = nil
    ) {
        self.id = id
        self.otherIDs = otherIDs
        self.author = author
        self.input = input
        self.status = status
        self.isEdited = isEdited
        self.reactions = reactions
        self.versions = versions
        self.tokensUsed = tokensUsed
        self.latencyMilliseconds = latencyMilliseconds
        self.createdAt = createdAt
        self.updatedAt = updatedAt ?? createdAt
    }

    /// When its present text was written, as far as that is known: where it had others before, when it last changed.
    public var contentAt: Timestamp { versions.isEmpty && !isEdited ? createdAt : updatedAt }

    /// The message at its place in a log.
    public func message(
        in conversation: ConversationID,
        of project: ProjectID,
        seq: Int,
        revision: Int
    ) -> Message {
        Message(
            id: id,
            conversationID: conversation,
            projectID: project,
            seq: seq,
            revision: revision,
            role: input.role,
            author: input.role == .user ? author : nil,
            content: input.content,
            parts: input.parts,
            status: status,
            isEdited: isEdited,
            reactions: reactions,
            metadata: input.metadata,
            contexts: input.contexts,
            aiResponse: input.aiResponse,
            confidence: input.confidence,
            model: input.model,
            tokensUsed: tokensUsed,
            latencyMilliseconds: latencyMilliseconds,
            createdAt: createdAt,
            updatedAt: updatedAt
        )
    }
}

extension Sequence<ImportedMessage> {
    /// Those that are neither among `known` ids nor before themselves, in order.
    public func new(beside known: Set<MessageID>) -> [ImportedMessage] {
        var known = known
        return filter { message in
            guard message.otherIDs.allSatisfy({ !known.contains($0) }) else { return false }
            return known.insert(message.id).inserted
        }
    }
}

extension ImportedConversation {
    /// What bringing it did, to be noted under its batch; none where it has none, or nothing was done.
    ///
    /// `earlier` is what the same batch did to it before.
    public func item(
        isNew: Bool,
        added: [ImportedMessage],
        after earlier: ImportedItem?,
        of identity: Identity,
        at now: Timestamp
    ) -> ImportedItem? {
        guard let batch, isNew || !added.isEmpty else { return nil }
        return ImportedItem(
            batch: batch,
            importer: identity.email,
            conversationID: id,
            createdAt: earlier?.createdAt ?? now,
            isNew: isNew || earlier?.isNew == true,
            added: (earlier?.added ?? []) + added.map(\.id)
        )
    }
}

/// What an import did to one conversation.
public struct ImportOutcome: Hashable, Sendable {
    /// The conversation as it is now.
    public var conversation: Conversation
    /// Whether this import made it.
    public var isNew: Bool
    /// The messages that were not there before.
    public var added: Set<MessageID>

    /// Makes an outcome.
    public init(conversation: Conversation, isNew: Bool, added: Set<MessageID>) {
        self.conversation = conversation
        self.isNew = isNew
        self.added = added
    }
}

extension Conversation {
    /// The conversation that an import makes of its first messages.
    public init(
        importing input: ImportedConversation,
        _ messages: [ImportedMessage],
        to project: ProjectID,
        of identity: Identity,
        at now: Timestamp
    ) {
        self.init(
            id: input.id,
            projectID: project,
            owner: identity.email,
            title: input.title,
            description: input.description,
            status: input.status,
            isPinned: input.isPinned,
            metadata: input.metadata,
            messageCount: messages.count,
            revision: messages.count + 1,
            createdAt: input.createdAt,
            updatedAt: min(now, input.updatedAt ?? messages.last?.createdAt ?? input.createdAt),
            lastMessageAt: messages.last?.createdAt,
            forkedFrom: input.forkedFrom,
            hasGivenTitle: input.hasGivenTitle
        )
    }

    /// Moves the times on to those of a message that was appended from elsewhere, where they are later.
    public mutating func noteImport(of message: ImportedMessage, at now: Timestamp) {
        updatedAt = max(updatedAt, min(now, message.createdAt))
        lastMessageAt = max(lastMessageAt ?? message.createdAt, message.createdAt)
    }
}
