import ParleyCore

/// A conversation with its log.
///
/// All changes go through it, so that revisions and `seq`s stay gapless.
struct StoredConversation: Sendable {
    /// The conversation's own fields; the preview is made when it is read.
    private(set) var fields: Conversation
    /// The messages; the one with `seq` n stands at n - 1.
    private(set) var log: [StoredMessage] = []
    /// The revision that the last improved title took.
    private(set) var titledRevision: Int?
    /// What its create was given; none where a turn made it.
    let fingerprint: Fingerprint?
    /// What imports did to it, by batch.
    var imports: [ImportBatchID: ImportedItem] = [:]

    init(_ fields: Conversation, fingerprint: Fingerprint?) {
        self.fields = fields
        self.fingerprint = fingerprint
    }

    /// The conversation as a caller reads it.
    var value: Conversation {
        var value = fields
        let newest = log.last { $0.message.status != .deleted && !$0.text.isEmpty }
        value.preview = newest.flatMap { MessageText.preview(of: $0.text) }
        return value
    }

    /// Whether a reply is being written.
    var hasRunningReply: Bool { log.contains { $0.running != nil } }

    /// Where a message stands in ``log``.
    func index(of id: MessageID) -> Int? {
        log.firstIndex { $0.message.id == id }
    }

    /// A message that must be there.
    func requireIndex(of id: MessageID) throws -> Int {
        guard let index = index(of: id) else { throw ParleyError.notFound }
        return index
    }

    /// A message as a caller reads it.
    func message(at index: Int) -> Message {
        log[index].value(in: fields.projectID)
    }

    /// All messages as a caller reads them.
    var messages: [Message] { log.map { $0.value(in: fields.projectID) } }

    /// Refuses a write that was meant for another revision, unless a program's title is all that came since.
    func requireRevision(_ expected: Int?) throws {
        guard let expected, expected != fields.revision else { return }
        if titledRevision == fields.revision, expected == fields.revision - 1 { return }
        throw ParleyError.stale(revision: fields.revision)
    }

    /// Refuses a write that a running reply is in the way of.
    func requireNoRunningReply() throws {
        if hasRunningReply { throw ParleyError.replyInProgress }
    }
}

// MARK: Changes, each with the revision it takes

extension StoredConversation {
    /// Changes the conversation's own fields.
    mutating func update(at now: Timestamp, _ body: (inout Conversation) -> Void) -> Change {
        body(&fields)
        advance(at: now)
        return .conversationUpdated(value)
    }

    /// Changes the title to a program's: nothing that anybody did, so the conversation keeps its time.
    mutating func improveTitle(_ title: String) -> Change {
        fields.title = title
        fields.revision += 1
        titledRevision = fields.revision
        return .conversationUpdated(value)
    }

    /// Notes that a person gave the title.
    mutating func keepTitle() {
        fields.hasGivenTitle = true
    }

    /// Appends an entry to the log.
    mutating func append(
        _ draft: MessageDraft,
        at now: Timestamp
    ) -> Message {
        advance(at: now)
        fields.messageCount += 1
        fields.lastMessageAt = now
        log.append(draft.stored(in: fields, at: now))
        return message(at: log.count - 1)
    }

    /// Changes an entry of the log.
    mutating func updateMessage(
        at index: Int,
        now: Timestamp,
        _ body: (inout StoredMessage) -> Void
    ) -> Message {
        advance(at: now)
        body(&log[index])
        log[index].message.revision = fields.revision
        log[index].message.updatedAt = now
        return message(at: index)
    }

    /// Changes what only a reply's writer sees: its pieces and its lease; takes no revision.
    mutating func updateRunningReply(at index: Int, _ body: (inout RunningReply) -> Void) {
        guard var running = log[index].running else { return }
        body(&running)
        log[index].running = running
    }

    /// The conversation as its deletion leaves it.
    func deleted(at now: Timestamp) -> Conversation {
        var last = self
        last.advance(at: now)
        return last.value
    }

    /// Takes over the log of a conversation this one was forked from.
    mutating func adopt(_ copies: [StoredMessage]) {
        log = copies
    }

    /// Becomes what another store has.
    mutating func become(_ fields: Conversation, titledRevision: Int?, log: [StoredMessage]) {
        self.fields = fields
        self.titledRevision = titledRevision
        self.log = log
    }

    /// Appends messages from elsewhere, with their own times.
    mutating func adopt(_ messages: [ImportedMessage], at now: Timestamp) -> [Message] {
        messages.map { message in
            fields.revision += 1
            fields.messageCount += 1
            fields.noteImport(of: message, at: now)
            log.append(message.stored(in: fields, seq: fields.messageCount, revision: fields.revision))
            return self.message(at: log.count - 1)
        }
    }

    private mutating func advance(at now: Timestamp) {
        fields.revision += 1
        fields.updatedAt = now
    }
}
