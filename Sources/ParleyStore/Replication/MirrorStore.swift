public import ParleyCore

/// Notes for a ``Mirror`` what another store commits.
///
/// It stands next to the truth. What a write brought about is noted after its commit and before it returns, in memory alone:
/// no write waits for the mirror.
public struct MirrorStore<Truth: ConversationStore>: WrappingStore {
    private let truth: Truth
    private let mirror: Mirror

    /// The truth.
    public var wrapped: any ConversationStore { truth }

    /// Wraps the truth.
    public init(_ truth: Truth, noting mirror: Mirror) {
        self.truth = truth
        self.mirror = mirror
    }

    /// Notes what a commit brought about, and hands it on.
    public func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> {
        mirror.note(commit.changes, commit.notices)
        // Of some changes nobody but the caller is told: a role, or that a title is a person's.
        if !commit.isReplay {
            if let project = commit.value as? Project { mirror.note(.project(project.id)) }
            if let conversation = commit.value as? Conversation { mirror.note(.conversation(conversation.id)) }
        }
        return commit
    }

    // MARK: What takes no commit

    /// Keeps the caller's own draft.
    public func setDraft(
        _ text: String,
        in conversation: ConversationID?,
        as identity: Identity
    ) async throws -> Draft {
        let draft = try await truth.setDraft(text, in: conversation, as: identity)
        mirror.note(conversation.map(MirrorName.conversation) ?? .person(identity.email))
        return draft
    }

    /// Begins a turn; one that makes its conversation uses up the draft of it.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        let commit = try await truth.beginTurn(request, expectedRevision: expectedRevision, as: identity)
        if request.conversationID == nil, !commit.isReplay { mirror.note(.person(identity.email)) }
        return await settled(commit)
    }

    /// Commits pieces of a reply and renews the lease.
    public func appendPieces(
        _ pieces: [String],
        at index: Int,
        under lease: ReplyLease
    ) async throws -> LeaseState {
        let state = try await truth.appendPieces(pieces, at: index, under: lease)
        mirror.noteGrowth(of: lease.conversationID)
        return state
    }

    /// The caller's personal project, made on first sight.
    public func personalProject(as identity: Identity) async throws -> Project {
        let project = try await truth.personalProject(as: identity)
        mirror.noteMet(project.id)
        return project
    }

    /// The caller's projects; their personal one is made on first sight.
    public func projects(page: PageRequest, as identity: Identity) async throws -> Page<Project> {
        let page = try await truth.projects(page: page, as: identity)
        for project in page.elements where project.isPersonal { mirror.noteMet(project.id) }
        return page
    }

    /// Changes a project's own fields.
    public func updateProject(
        _ id: ProjectID,
        _ changes: ProjectChanges,
        as identity: Identity
    ) async throws -> Project {
        let project = try await truth.updateProject(id, changes, as: identity)
        mirror.note(.project(id))
        return project
    }
}

extension MirrorStore: VersionedStore where Truth: VersionedStore {
    /// The present versions of several logs.
    public func logVersions(_ questions: [LogQuestion]) async throws -> [LogVersion?] {
        try await truth.logVersions(questions)
    }

    /// The newest messages and the version they are of.
    public func newestMessagesWithVersion(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> (page: MessagePage, version: LogVersion) {
        try await truth.newestMessagesWithVersion(in: conversation, limit: limit, as: identity)
    }
}

extension Mirror {
    /// Notes what a commit brought about.
    func note(_ changes: [Change], _ notices: [AccessNotice]) {
        for change in changes {
            let (name, isReplaced) = MirrorName.changed(by: change)
            note(name, isReplaced: isReplaced)
        }
        for notice in notices { note(MirrorName.changed(by: notice)) }
    }
}

extension MirrorName {
    /// What a change leaves to be brought over, and whether what stood there before must go first.
    static func changed(by change: Change) -> (name: MirrorName, isReplaced: Bool) {
        switch change {
        case .conversationCreated(let conversation), .conversationUpdated(let conversation):
            (.conversation(conversation.id), false)
        case .conversationDeleted(let conversation): (.conversation(conversation.id), true)
        case .messageAppended(let message), .messageUpdated(let message):
            (.conversation(message.conversationID), false)
        }
    }

    /// What a notice leaves to be brought over.
    static func changed(by notice: AccessNotice) -> MirrorName {
        switch notice {
        case .memberJoined(_, let project), .projectDeleted(let project): .project(project)
        case .memberLeft(_, let project): .wholeProject(project)
        case .signedOut(let email, _): .person(email)
        case .read(_, let mark): .conversation(mark.conversationID)
        }
    }
}
