import ParleyCore
import ParleyTesting

extension StoreConformanceTests.Call {
    /// Every method that is aimed at something, under its name.
    static let all: [Self] = reads + writes + replies + administration

    private static let reads: [Self] = [
        Self("authorize read", .read) { try await $0.authorize(.read, to: $1.conversation, as: $2) },
        Self("conversation") { _ = try await $0.conversation($1.conversation, newestMessages: 5, as: $2) },
        Self("conversations in a project") {
            _ = try await $0.conversations(ConversationFilter(projectID: $1.project), page: PageRequest(), as: $2)
        },
        Self("messages") { _ = try await $0.messages(in: $1.conversation, .newest, limit: 5, as: $2) },
        Self("newestMessages") { _ = try await $0.newestMessages(in: $1.project, limit: 5, as: $2) },
        Self("versions") { _ = try await $0.versions(of: $1.message, in: $1.conversation, as: $2) },
        Self("changes") { _ = try await $0.changes(in: $1.conversation, since: 0, limit: 5, as: $2) },
        Self("setReadMark") { _ = try await $0.setReadMark(1, in: $1.conversation, as: $2) },
        Self("draft") { _ = try await $0.draft(in: $1.conversation, as: $2) },
        Self("search in a project") { store, target, identity in
            guard let query = SearchQuery("pelican") else { return }
            _ = try await store.search(query, in: target.project, page: PageRequest(), as: identity)
        },
        Self("project") { _ = try await $0.project($1.project, as: $2) },
        Self("replyProgress") { _ = try await $0.replyProgress(of: $1.reply, after: -1, as: $2) },
        Self("runningReply") { _ = try await $0.runningReply(in: $1.conversation, as: $2) },
        Self("removeMember, oneself") { store, target, identity in
            // The last owner stays, so an owner leaves a project that has another.
            if identity == .alice {
                _ = try await store.setMember(.person("dave"), role: .owner, in: target.project, as: identity)
            }
            _ = try await store.removeMember(identity.email, from: target.project, as: identity)
        },
    ]

    private static let writes: [Self] = [
        Self("authorize write", .write) { try await $0.authorize(.write, to: $1.conversation, as: $2) },
        Self("createConversation", .write) {
            _ = try await $0.createConversation(NewConversation(projectID: $1.project), as: $2)
        },
        Self("updateConversation", .write) {
            let changes = ConversationChanges(title: "Changed")
            _ = try await $0.updateConversation($1.conversation, changes, expectedRevision: nil, as: $2)
        },
        Self("updateConversation, moving in", .write) { store, target, identity in
            // Made in the caller's own project, where everybody may write.
            let own = try await store.createConversation(NewConversation(), as: identity).value
            let changes = ConversationChanges(projectID: target.project)
            do {
                _ = try await store.updateConversation(own.id, changes, expectedRevision: nil, as: identity)
            } catch {
                _ = try await store.deleteConversation(own.id, expectedRevision: 1, as: identity)
                throw error
            }
        },
        Self("improveTitle", .write) { _ = try await $0.improveTitle("Better", of: $1.conversation, as: $2) },
        Self("deleteConversation", .write) {
            _ = try await $0.deleteConversation($1.conversation, expectedRevision: nil, as: $2)
        },
        Self("forkConversation", .write) {
            _ = try await $0.forkConversation($1.conversation, ForkRequest(seq: 1), as: $2)
        },
        Self("importConversation", .write) {
            _ = try await $0.importConversation(.one(in: $1.conversation, of: $1.project), as: $2)
        },
        Self("importConversation, new", .write) {
            // A project's id is no conversation's yet.
            let id = ConversationID(high: $1.project.high, low: $1.project.low)
            _ = try await $0.importConversation(.one(in: id, of: $1.project), as: $2)
        },
        Self("setDraft", .write) { _ = try await $0.setDraft("a draft", in: $1.conversation, as: $2) },
        Self("appendMessages", .write) {
            _ = try await $0.appendMessages([.user("x")], to: $1.conversation, expectedRevision: nil, as: $2)
        },
        Self("editMessage", .write) {
            let changes = MessageChanges(content: "x")
            _ = try await $0.editMessage($1.message, in: $1.conversation, changes, expectedRevision: nil, as: $2)
        },
        Self("deleteMessage", .write) {
            _ = try await $0.deleteMessage($1.message, in: $1.conversation, expectedRevision: nil, as: $2)
        },
        Self("setReaction", .write) {
            _ = try await $0.setReaction(
                "👍",
                present: true,
                on: $1.message,
                in: $1.conversation,
                expectedRevision: nil,
                as: $2
            )
        },
    ]

    private static let replies: [Self] = [
        Self("beginTurn", .write) {
            let request = TurnRequest(conversationID: $1.conversation, message: .user("x"))
            _ = try await $0.beginTurn(request, expectedRevision: nil, as: $2)
        },
        Self("beginTurn in a new conversation", .write) {
            let request = TurnRequest(projectID: $1.project, message: .user("x"))
            _ = try await $0.beginTurn(request, expectedRevision: nil, as: $2)
        },
        Self("beginRegeneration", .write) {
            _ = try await $0.beginRegeneration(of: $1.reply, expectedRevision: nil, as: $2)
        },
        Self("requestStop", .write) { _ = try await $0.requestStop(of: $1.reply, as: $2) },
    ]

    private static let administration: [Self] = [
        Self("authorize administer", .administer) {
            try await $0.authorize(.administer, to: $1.conversation, as: $2)
        },
        Self("updateProject", .administer) {
            _ = try await $0.updateProject($1.project, ProjectChanges(name: "Changed"), as: $2)
        },
        Self("deleteProject", .administer) { _ = try await $0.deleteProject($1.project, as: $2) },
        Self("setMember", .administer) {
            _ = try await $0.setMember(.person("dave"), role: .viewer, in: $1.project, as: $2)
        },
        Self("setMember, oneself", .administer) {
            // Nobody makes themselves an owner.
            _ = try await $0.setMember($2.email, role: .owner, in: $1.project, as: $2)
        },
        Self("removeMember, another", .administer) {
            let other = $2 == .bob ? Identity.carol : .bob
            _ = try await $0.removeMember(other.email, from: $1.project, as: $2)
        },
    ]

    private init(
        _ name: String,
        _ run: @escaping @Sendable (any ConversationStore, StoreConformanceTests.Target, Identity) async throws -> Void
    ) {
        self.init(name, .read, run)
    }
}

extension ImportedConversation {
    /// A message for a conversation.
    fileprivate static func one(in conversation: ConversationID, of project: ProjectID) -> Self {
        let time = Timestamp(microseconds: 1_000_000_000_000_000)
        let message = ImportedMessage(id: MessageID(high: 1, low: 1), input: .user("x"), createdAt: time)
        return Self(id: conversation, projectID: project, title: "Old", createdAt: time, messages: [message])
    }
}
