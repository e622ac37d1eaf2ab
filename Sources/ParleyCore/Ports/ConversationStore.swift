/// Where projects, conversations and messages live: the one port that every mode implements and every composition wraps.
///
/// What holds for every method:
/// - **Access is inside the statement.** The store checks `identity` against the project's members in the same atomic step
///   as the work. Not visible and not existing are one: ``ParleyError/notFound``. A role that is not enough is
///   ``ParleyError/Code/forbidden``.
/// - **A returned write is committed** to the truth, with its durable settings on.
/// - **`seq` and `revision` are gapless**, assigned in the commit. Every ``Change`` of a conversation takes one revision.
/// - **A repeated create is answered with what the first made** (``Commit/isReplay``); the same id with other content is
///   ``ParleyError/idempotencyConflict``. An id that belongs to something the caller can't see is ``ParleyError/notFound``.
///   Repetition is looked for before `expectedRevision` is compared.
/// - **`expectedRevision`** that is not the present one is ``ParleyError/stale(revision:)``, and nothing is written. The one
///   before passes, too, where the present one is a title's of ``improveTitle(_:of:as:)``: nobody did anything since.
/// - A write that would change nothing writes nothing: no change, no revision. Text is compared byte by byte.
/// - Of several errors the first of these is thrown: `notFound`, `forbidden`, `invalidRequest`, `idempotencyConflict`,
///   `stale`, `replyInProgress`, ``ParleyError/Code/conflict`` (a count of ``Limits`` is reached: members, emoji, versions).
/// - A conversation that its project keeps no longer (``Project/retentionDays``) does not exist for anybody from that moment
///   on, whether or not it has been purged; only its id stays taken. One in which a reply is being written has not expired,
///   however long that takes: its end is a change, which must not bring back what was gone.
/// - Errors are ``ParleyError``s; ``ParleyError/Code/unavailable`` where the truth could not be reached or its queue is full.
///
/// Inputs have passed ``Rules``. Times come from the store's injected clock, ids from its id maker.
public protocol ConversationStore: ProjectStore, MessageStore, ReplyStore {
    /// Checks that the caller may do `access` to a conversation. For the error path only: no write relies on it.
    func authorize(_ access: Access, to conversation: ConversationID, as identity: Identity) async throws

    /// Checks that there is such a message and that the caller may do `access` to it. For the error path only, too.
    func authorize(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws

    /// Makes a conversation. Change: `conversationCreated`, revision 1.
    func createConversation(_ input: NewConversation, as identity: Identity) async throws -> Commit<Conversation>

    /// A conversation with its newest messages, oldest first, from one snapshot.
    func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage)

    /// Conversations by `updatedAt`, newest first; ties by id, descending. A project the caller is not in is `notFound`.
    func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<Conversation>

    /// Changes a conversation's own fields. Change: `conversationUpdated`.
    ///
    /// Moving needs `write` in both projects; a target the caller can't see is `notFound`. ``Commit/movedFrom`` says where it
    /// was before. With a running reply it can't be
    /// moved, ``ParleyError/replyInProgress``: its lease, and with it its events, names the project. A title that is given
    /// is kept by later turns.
    func updateConversation(
        _ id: ConversationID,
        _ changes: ConversationChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Conversation>

    /// Gives a conversation a better title than the one its first message made. Change: `conversationUpdated`.
    ///
    /// For titles that a program makes: where a person gave one, by creating or updating, nothing happens, and the
    /// conversation comes back as it is. The improved one may be improved again. It disturbs nobody: `updatedAt` stays, and
    /// who expects the revision before it is not stale. Needs `write`.
    func improveTitle(
        _ title: String,
        of id: ConversationID,
        as identity: Identity
    ) async throws -> Commit<Conversation>

    /// Deletes a conversation with all its messages, versions, drafts, read marks and search entries. Change: `conversationDeleted`.
    ///
    /// A running reply in it loses its lease.
    func deleteConversation(
        _ id: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Void>

    /// Makes a new conversation in the same project that holds copies of messages 1…`seq`, with ids of their own.
    ///
    /// Copies keep role, author, text, parts, status, metadata, contexts, answer, confidence, model, `createdAt` and which
    /// message a reply answers; not reactions, versions, the edit mark, tokens and latency. The copy of message n has
    /// revision n + 1, the conversation `seq` + 1, and `lastMessageAt` is the last copy's `createdAt`; it is active, not
    /// pinned, without description and metadata. A `seq` past the end, or under 1, is ``ParleyError/invalid(_:_:)`` naming
    /// `seq`; a range with a running reply ``ParleyError/replyInProgress``. Change: `conversationCreated`. Needs `write`.
    /// The owner of the fork is the caller.
    func forkConversation(
        _ id: ConversationID,
        _ request: ForkRequest,
        as identity: Identity
    ) async throws -> Commit<Conversation>

    /// Brings a conversation, or its next messages, from elsewhere, with ids and times of its own.
    ///
    /// - Where there is none with this id, it is made, and the caller owns it: the message at place n has revision n + 1,
    ///   the conversation the next. Its `updatedAt` and `lastMessageAt` are its last message's own time, where it doesn't
    ///   bring its own `updatedAt`; that is never later than now, so that what is old doesn't come to the top of lists.
    ///   Change: `conversationCreated`.
    /// - Where there is one, messages whose ids are missing (``ImportedMessage/otherIDs`` too) are appended behind what is
    ///   there, and `updatedAt` and `lastMessageAt` become their last one's where that is later. Changes: one
    ///   `messageAppended` each. All else stays as it is: title, project, and messages that are there, deleted ones too.
    ///
    /// What is brought with a batch is noted under it (``ImportBatchStore``) in the same step. A message's versions come with
    /// it; one that was deleted has nothing but its place and times.
    ///
    /// So bringing the same again changes nothing (``Commit/isReplay``), and bringing more adds what is more. Inputs have
    /// passed `Rules.imported`. Needs `write`.
    func importConversation(
        _ input: ImportedConversation,
        as identity: Identity
    ) async throws -> Commit<ImportOutcome>

    /// The conversation as it is now, and the messages changed since a revision, by revision: complete and in order.
    ///
    /// `revision` is the last message's revision where there are more, else the conversation's. A `since` past the present
    /// revision is ``ParleyError/Code/resync``. No `since` is too old; under 0 counts as 0.
    func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage

    /// The caller's own draft; `nil` where there is none. A conversation of `nil` is the one not yet made.
    func draft(in conversation: ConversationID?, as identity: Identity) async throws -> Draft?

    /// Keeps the caller's own draft; an empty text removes it, and is answered with the present time. Needs `write` in the
    /// conversation. No revision, no change.
    func setDraft(_ text: String, in conversation: ConversationID?, as identity: Identity) async throws -> Draft

    /// Notes how far the caller has read a conversation: never less far than before, and never further than it goes.
    ///
    /// What is returned is how far it is by then. No revision, no change; where it has moved, the notice `read`.
    func setReadMark(
        _ seq: Int,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Commit<ReadMark>

    /// How far the caller has read each of several conversations, in no order.
    ///
    /// Those the caller can't see, or has read nothing of, are left out.
    func readMarks(of conversations: [ConversationID], as identity: Identity) async throws -> [ReadMark]

    /// Messages that match, in every conversation the caller sees or in one project; newest `createdAt` first.
    ///
    /// Deleted messages and running replies are not found. A reply is found once it has ended.
    func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<SearchHit>
}

/// Projects and their members.
public protocol ProjectStore: Sendable {
    /// The caller's personal project, made on first sight: named `Personal`, the caller its only member and owner.
    func personalProject(as identity: Identity) async throws -> Project

    /// Makes a project with the caller as its owner. Notice: `memberJoined`.
    func createProject(_ input: NewProject, as identity: Identity) async throws -> Commit<Project>

    /// A project the caller is a member of.
    func project(_ id: ProjectID, as identity: Identity) async throws -> Project

    /// The caller's projects by `updatedAt`, newest first; ties by id, descending. Makes the personal one where missing.
    func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project>

    /// Changes a project's own fields. Needs `administer`.
    func updateProject(_ id: ProjectID, _ changes: ProjectChanges, as identity: Identity) async throws -> Project

    /// Deletes a project and all its conversations, as `deleteConversation` does, whose changes are returned.
    ///
    /// Notice: `projectDeleted`. Needs `administer`; a personal project is `forbidden`.
    func deleteProject(_ id: ProjectID, as identity: Identity) async throws -> Commit<Void>

    /// Adds a member or changes their role. Needs `administer`; `forbidden` in a personal project or for the last owner.
    ///
    /// Returns the project as it is now. Notice: `memberJoined`, where the person was no member before.
    func setMember(
        _ email: EmailAddress,
        role: Role,
        in project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project>

    /// Removes a member. Not a member: `notFound`. Needs `administer`, or to be that member; `forbidden` for the last owner.
    ///
    /// Returns the project as it is now. Drafts and read marks the person had in its conversations go with them. Notice:
    /// `memberLeft`.
    func removeMember(
        _ email: EmailAddress,
        from project: ProjectID,
        as identity: Identity
    ) async throws -> Commit<Project>
}

/// The entries of a conversation's log.
public protocol MessageStore: Sendable {
    /// A part of a log.
    func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage

    /// The newest messages of all of a project's conversations by `createdAt`, oldest first; ties by conversation and `seq`.
    ///
    /// Deleted ones are left out, and don't count.
    func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) async throws -> [Message]

    /// Appends messages, all or none, in order. Changes: one `messageAppended` each. Needs `write`.
    ///
    /// Items whose id is there already with the same content are answered with what is stored; the rest is appended.
    /// ``Commit/isReplay`` says that all were there. User messages get the caller as `author`, and clear the caller's draft
    /// in this conversation.
    func appendMessages(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<[Message]>

    /// Changes text or metadata. Change: `messageUpdated`, `isEdited` set where the text changed, and the text before kept.
    ///
    /// A deleted message is `forbidden`, a running reply `replyInProgress`. The text keeps the limit of the message's role,
    /// which only the store knows: `invalidRequest` naming `content`.
    func editMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        _ changes: MessageChanges,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message>

    /// The texts a message had before, oldest first.
    func versions(
        of id: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> [MessageVersion]

    /// Deletes a message: text, parts, contexts, answer, metadata, reactions and versions go, its `seq` stays.
    ///
    /// Change: `messageUpdated` with status `deleted`. A running reply loses its lease. Deleting again changes nothing. A
    /// retry of the append that made it is still known.
    func deleteMessage(
        _ id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message>

    /// Adds (`present`) or takes back the caller's reaction. Change: `messageUpdated`. A deleted message is `forbidden`.
    ///
    /// A reaction that nobody is left with goes; emoji are compared byte by byte.
    func setReaction(
        _ emoji: String,
        present: Bool,
        on id: MessageID,
        in conversation: ConversationID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Message>
}

/// Replies: one at a time per conversation, written under a lease.
public protocol ReplyStore: Sendable {
    /// Commits the person's message and an empty `streaming` reply with the caller's lease, in one step.
    ///
    /// - Without a conversation one is made, titled by ``MessageText/title(for:)``; a conversation that nobody has titled
    ///   and that holds no messages is titled so too. Changes in order: `conversationCreated` or `conversationUpdated` where
    ///   that is so, then `messageAppended` twice.
    /// - A message id that is there already with the same content: where a reply to it exists, the turn as it is now,
    ///   without a lease and as a replay; where none exists, a reply is begun. Without a conversation the id is looked for
    ///   among the caller's own messages, so that a retry finds the conversation that the first try made; where the request
    ///   names a project and that conversation is in another one, it is ``ParleyError/idempotencyConflict``.
    ///   A deleted message without a reply is `forbidden`. In the conversation named, the present text of an edited message, or
    ///   of one with parts, is the same content, too.
    /// - Where another reply is streaming: ``ParleyError/replyInProgress``, and nothing is written.
    /// - The reply's `model` is the one asked for, until ``finishReply(_:under:)`` names the one that answered.
    /// - The caller's draft there (or the one not yet in a conversation) is cleared.
    func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn>

    /// Makes an ended reply `streaming` again, empty, with a lease; its text becomes a version. Needs `write`.
    ///
    /// Only an assistant's message that a turn began, or that stands right after a user's; otherwise
    /// ``ParleyError/invalid(_:_:)`` naming `message_id`. A deleted one is `forbidden`, and so is one whose question was
    /// deleted: there is nothing left to answer. Where any reply is streaming: `replyInProgress`. Parts, contexts, answer, confidence, tokens, latency, metadata and the edit mark of the version
    /// before are cleared; `metadata.version` says which version it will be, counted from 1. The one before bears the time
    /// the text was finished, or edited. Change: `messageUpdated`.
    func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn>

    /// Commits pieces of a reply, durable before it returns, and renews the lease.
    ///
    /// The pieces take the indices from `index` on. Pieces that are there already with the same text are not added again, so
    /// that a writer that got no answer may repeat the call; other text at their place, or a gap before `index`, is
    /// ``ParleyError/Code/conflict``. `notFound` where the lease is lost (deleted, ended, taken over); a lease that has run
    /// out is not lost before ``interruptAbandonedReplies()`` has come.
    func appendPieces(_ pieces: [String], at index: Int, under lease: ReplyLease) async throws -> LeaseState

    /// Renews a lease while the model is silent. `notFound` where it is lost.
    func renew(_ lease: ReplyLease) async throws -> LeaseState

    /// Ends a reply: its pieces become its text. Change: `messageUpdated`. `notFound` where the lease is lost.
    ///
    /// The outcome's metadata is merged into the reply's; what the outcome leaves out stays as it was.
    func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message>

    /// Asks whoever writes a reply to stop. Returns the reply as it is; changes nothing where it has ended. Needs `write`.
    func requestStop(of id: MessageID, as identity: Identity) async throws -> Message

    /// A reply, and its pieces behind an index (-1 for all), from one snapshot.
    func replyProgress(of id: MessageID, after index: Int, as identity: Identity) async throws -> ReplyProgress

    /// The reply that is being written in a conversation, and all its pieces, from one snapshot; `nil` where none is.
    func runningReply(in conversation: ConversationID, as identity: Identity) async throws -> ReplyProgress?

    /// Marks `interrupted` every reply whose lease has run out, with what it had. Changes: `messageUpdated` each.
    ///
    /// A store that only one process can open does so for all when it is opened.
    func interruptAbandonedReplies() async throws -> Commit<Int>
}
