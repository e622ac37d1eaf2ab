/// A store that can be copied to another one, and be a copy of another one: what it holds goes in and out as it is, ids,
/// `seq`, revisions and times included.
///
/// It asks nobody who they are: it is for the operator's copies and mirrors, never for what a person asks for. Nothing that
/// is written through it makes a ``Change``. What is read is from one snapshot per call. Lists are by id, ascending, and
/// complete for all that is there from the first call to the last.
public protocol ReplicaStore: Sendable {
    /// Projects' ids behind one, ascending.
    func replicaProjects(after id: ProjectID?, limit: Int) async throws -> [ProjectID]

    /// A project with its members; `nil` where there is none.
    func replicaProject(_ id: ProjectID) async throws -> ProjectRecord?

    /// How far a project's conversations are, by id, behind one.
    func replicaConversations(
        in project: ProjectID,
        after id: ConversationID?,
        limit: Int
    ) async throws -> [ConversationHead]

    /// A conversation without its messages; `nil` where there is none.
    func replicaConversation(_ id: ConversationID) async throws -> ConversationRecord?

    /// Messages of a conversation that have changed since a revision, behind a `seq`, by `seq`, at most `limit`, and fewer
    /// where they take more than ``Limits/bytesPerReplicaPage``, but one.
    ///
    /// A reply that is being written is among them in any case, since its pieces take no revision. None where there is no
    /// such conversation.
    func replicaMessages(
        of conversation: ConversationID,
        changedSince revision: Int,
        afterSeq seq: Int,
        limit: Int
    ) async throws -> [MessageRecord]

    /// People that something is kept of beside projects, by address, behind one.
    func replicaPeople(after email: EmailAddress?, limit: Int) async throws -> [PersonRecord]

    /// One person; `nil` where nothing is kept of them.
    func replicaPerson(_ email: EmailAddress) async throws -> PersonRecord?

    /// Lines of the query log by time and message, behind one.
    func replicaQueryLog(after line: QueryLogEntry?, limit: Int) async throws -> [QueryLogEntry]

    /// Makes a project what the record says, its members included; all its conversations stay.
    ///
    /// A personal project whose person has another one here: `conflict`.
    func putReplica(_ project: ProjectRecord) async throws

    /// Removes a project and all that is in it. One that isn't there is as it should be.
    func removeReplica(_ project: ProjectID) async throws

    /// Makes a conversation what the record says, and its messages what their records say; other messages stay.
    ///
    /// Messages come by `seq`: those that are not there yet continue the log. Where `isWhole` is not set, more are to come:
    /// the conversation keeps the revision it had, 0 where it is new, so that who stops in the middle begins again from
    /// there; until all have come, nobody else may rely on it. All or nothing. Its project must be there: `notFound`.
    ///
    /// Nothing is taken back: where the conversation, whole or not, is at a later revision than the record, where a message's
    /// place or id is another's, or where there would be a gap, it stays as it is: `conflict`.
    func putReplica(
        _ conversation: ConversationRecord,
        messages: [MessageRecord],
        isWhole: Bool
    ) async throws

    /// Removes a conversation and all that is in it. One that isn't there is as it should be.
    func removeReplica(_ conversation: ConversationID) async throws

    /// Makes what is kept of a person what the record says.
    func putReplica(_ person: PersonRecord) async throws

    /// Removes what is kept of a person beside projects.
    func removeReplica(_ person: EmailAddress) async throws

    /// Adds lines to the query log that are not there yet: the same time and message is the same line.
    func putReplica(_ lines: [QueryLogEntry]) async throws

    /// Removes lines of the query log, each by its time and message. Those that aren't there are as they should be.
    func removeReplica(_ lines: [QueryLogEntry]) async throws
}

extension ParleyError {
    /// A copy is further than what it was to become.
    public static let laterReplica = ParleyError(.conflict, "The copy is at a later revision.")
    /// A copy has another history.
    public static let divergedReplica = ParleyError(.conflict, "The copy holds other messages at the same places.")
    /// A copy has another personal project of the same person.
    public static let anotherPersonalProject = ParleyError(
        .conflict,
        "The copy has another personal project of the same person."
    )
}

/// How far a conversation is.
public struct ConversationHead: Hashable, Sendable {
    /// Its id.
    public let id: ConversationID
    /// Its last revision; 0 for a copy that is not whole.
    public let revision: Int

    /// Describes a conversation.
    public init(id: ConversationID, revision: Int) {
        self.id = id
        self.revision = revision
    }
}

/// A project as a store keeps it.
public struct ProjectRecord: Hashable, Sendable {
    /// The project; a personal one belongs to its only member.
    public var project: Project
    /// Of what its create was given.
    public var fingerprint: Int64?

    /// Describes a project.
    public init(project: Project, fingerprint: Int64?) {
        self.project = project
        self.fingerprint = fingerprint
    }
}

/// A conversation as a store keeps it, without its messages.
public struct ConversationRecord: Hashable, Sendable {
    /// Its fields, without a preview.
    public var fields: Conversation
    /// Of what its create was given.
    public var fingerprint: Int64?
    /// The revision that the last improved title took.
    public var titledRevision: Int?
    /// What people have typed there, by address.
    public var drafts: [EmailAddress: Draft]
    /// How far people have read, by address.
    public var readMarks: [EmailAddress: Int]
    /// What imports did to it, by batch.
    public var imports: [ImportedItem]

    /// Describes a conversation.
    public init(
        fields: Conversation,
        fingerprint: Int64?,
        titledRevision: Int?,
        drafts: [EmailAddress: Draft] = [:],
        readMarks: [EmailAddress: Int] = [:],
        imports: [ImportedItem] = []
    ) {
        self.fields = fields
        self.fingerprint = fingerprint
        self.titledRevision = titledRevision
        self.drafts = drafts
        self.readMarks = readMarks
        self.imports = imports
    }
}

/// A message as a store keeps it.
public struct MessageRecord: Hashable, Sendable {
    /// The message; of a running reply without its text, and without `nextIndex`.
    public var message: Message
    /// Of what its append was given; none for a reply.
    public var fingerprint: Int64?
    /// Who wrote the present text; none where a model did.
    public var contentAuthor: EmailAddress?
    /// When the present text was written.
    public var contentAt: Timestamp
    /// The `seq` of the message that it answers, where a turn began it.
    public var replyTo: Int?
    /// The fence of its last lease; 0 before the first.
    public var fence: Int
    /// The texts it had before, oldest first.
    public var versions: [MessageVersion]
    /// What is known of it only while it is written; there exactly where the message is `streaming`.
    public var running: Running?

    /// A reply in the making.
    public struct Running: Hashable, Sendable {
        /// The committed pieces.
        public var pieces: [String]
        /// When its lease runs out.
        public var leaseEnd: Timestamp
        /// Whether somebody asked for it to be stopped.
        public var isStopRequested: Bool

        /// Describes a reply in the making.
        public init(pieces: [String], leaseEnd: Timestamp, isStopRequested: Bool) {
            self.pieces = pieces
            self.leaseEnd = leaseEnd
            self.isStopRequested = isStopRequested
        }
    }

    /// Describes a message.
    public init(
        message: Message,
        fingerprint: Int64?,
        contentAuthor: EmailAddress?,
        contentAt: Timestamp,
        replyTo: Int?,
        fence: Int,
        versions: [MessageVersion] = [],
        running: Running? = nil
    ) {
        self.message = message
        self.fingerprint = fingerprint
        self.contentAuthor = contentAuthor
        self.contentAt = contentAt
        self.replyTo = replyTo
        self.fence = fence
        self.versions = versions
        self.running = running
    }
}

/// What is kept of a person beside projects.
public struct PersonRecord: Hashable, Sendable {
    /// Whose it is.
    public var email: EmailAddress
    /// The account; none for people who come with tokens.
    public var account: Account?
    /// The sign-ins, by token's hash, ascending; also those that have ended by time.
    public var loginSessions: [LoginSession]
    /// What they have typed of a conversation not yet made.
    public var draft: Draft?

    /// Describes a person.
    public init(
        email: EmailAddress,
        account: Account? = nil,
        loginSessions: [LoginSession] = [],
        draft: Draft? = nil
    ) {
        self.email = email
        self.account = account
        self.loginSessions = loginSessions
        self.draft = draft
    }
}
