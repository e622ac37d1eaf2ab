import ParleyCore

/// A message with what no caller reads from it directly.
struct StoredMessage: Sendable {
    /// The message; of a running reply without its text.
    var message: Message
    /// What its append was given; none for a reply.
    let fingerprint: Fingerprint?
    /// The texts it had before.
    var versions: [MessageVersion] = []
    /// Who wrote the present text; none where a model did.
    var textAuthor: EmailAddress?
    /// When the present text was written.
    var textTime: Timestamp
    /// The message this reply answers, where a turn began it.
    var answers: MessageID?
    /// The fence of the last lease; 0 before the first.
    var fence = 0
    /// The reply in the making.
    var running: RunningReply?

    /// The text so far.
    var text: String { running?.pieces.joined() ?? message.content }

    /// The message as a caller reads it.
    func value(in project: ProjectID) -> Message {
        var value = message
        value.projectID = project
        value.content = text
        value.nextIndex = running?.pieces.count
        return value
    }

    /// Puts the present text among the versions.
    mutating func keepVersion() {
        versions.append(MessageVersion(content: message.content, author: textAuthor, createdAt: textTime))
    }

    /// Makes the message a running reply, with a fresh lease.
    mutating func beginReply(leaseEnd: Timestamp) {
        message.status = .streaming
        message.content = ""
        fence += 1
        running = RunningReply(leaseEnd: leaseEnd)
    }

    /// Ends the running reply: its pieces become its text.
    mutating func endReply(_ status: MessageStatus, at now: Timestamp) {
        message.content = text
        message.status = status
        textAuthor = nil
        textTime = now
        running = nil
    }
}

/// What is known of a reply only while it is written.
struct RunningReply: Sendable {
    /// The committed pieces; a piece's place is its index.
    var pieces: [String] = []
    /// When the lease runs out.
    var leaseEnd: Timestamp
    /// Whether somebody asked for the reply to be stopped.
    var isStopRequested = false
}

/// A message on its way into a log, which gives it `seq`, revision and times.
struct MessageDraft {
    let id: MessageID
    let input: NewMessage
    let author: EmailAddress?
    /// Set for a reply: the message it answers.
    var answers: MessageID?

    func stored(in conversation: Conversation, at now: Timestamp) -> StoredMessage {
        let message = Message(
            id: id,
            conversationID: conversation.id,
            projectID: conversation.projectID,
            seq: conversation.messageCount,
            revision: conversation.revision,
            role: input.role,
            author: author,
            content: input.content,
            parts: input.parts,
            metadata: input.metadata,
            contexts: input.contexts,
            aiResponse: input.aiResponse,
            confidence: input.confidence,
            model: input.model,
            createdAt: now,
            updatedAt: now
        )
        var stored = StoredMessage(
            message: message,
            fingerprint: answers == nil ? Fingerprint(of: input) : nil,
            textAuthor: author,
            textTime: now,
            answers: answers
        )
        if answers != nil { stored.beginReply(leaseEnd: now + Limits.replyLease) }
        return stored
    }
}
