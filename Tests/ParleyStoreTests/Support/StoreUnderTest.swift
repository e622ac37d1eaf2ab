import ParleyCore
import ParleyTesting

/// A fresh store with its clock, and short ways to bring it into the state that a test is about.
struct StoreUnderTest: Sendable {
    let store: any ConversationStore
    let accounts: any AccountStore
    let queryLog: any QueryLog
    let usage: any UsageStore
    let clock: ManualClock
    private let tell: @Sendable (Timestamp) async throws -> Void
    private let clientIDs = SequentialIDs(series: 2)

    init(_ product: StoreFactory.Product, clock: ManualClock) {
        store = product.store
        accounts = product.accounts
        queryLog = product.queryLog
        usage = product.usage
        tell = product.tell
        self.clock = clock
    }

    /// An id as a client makes it, larger than all that the store made.
    func id<Entity>(of: Entity.Type = Entity.self) -> ID<Entity> {
        clientIDs.make()
    }

    /// Lets time pass.
    func pass(_ time: Duration) async throws {
        clock.advance(by: time)
        try await tell(clock.now())
    }

    /// A project of Alice's in which Bob may write and Carol may read.
    func sharedProject() async throws -> Project {
        let project = try await store.createProject(NewProject(name: "Shared"), as: .alice).value
        _ = try await store.setMember(Identity.bob.email, role: .editor, in: project.id, as: .alice)
        return try await store.setMember(Identity.carol.email, role: .viewer, in: project.id, as: .alice).value
    }

    /// A conversation, in the personal project where no other is given.
    func conversation(
        in project: ProjectID? = nil,
        title: String? = nil,
        as identity: Identity = .alice
    ) async throws -> Conversation {
        try await store.createConversation(NewConversation(title: title, projectID: project), as: identity).value
    }

    /// A conversation that holds these messages of its owner.
    @discardableResult
    func conversation(
        holding texts: [String],
        in project: ProjectID? = nil,
        as identity: Identity = .alice
    ) async throws -> (id: ConversationID, messages: [Message]) {
        let conversation = try await conversation(in: project, as: identity)
        return (conversation.id, try await say(texts, in: conversation.id, as: identity))
    }

    /// Appends what a person says.
    @discardableResult
    func say(
        _ texts: [String],
        in conversation: ConversationID,
        as identity: Identity = .alice
    ) async throws -> [Message] {
        guard !texts.isEmpty else { return [] }
        return try await append(texts.map { .user($0) }, to: conversation, as: identity).value
    }

    /// Appends messages at any revision.
    func append(
        _ messages: [NewMessage],
        to conversation: ConversationID,
        as identity: Identity = .alice
    ) async throws -> Commit<[Message]> {
        try await store.appendMessages(messages, to: conversation, expectedRevision: nil, as: identity)
    }

    /// Begins a turn.
    func begin(
        _ text: String,
        in conversation: ConversationID? = nil,
        id: MessageID? = nil,
        as identity: Identity = .alice
    ) async throws -> Commit<Turn> {
        let request = TurnRequest(conversationID: conversation, message: .user(text, id: id))
        return try await store.beginTurn(request, expectedRevision: nil, as: identity)
    }

    /// A whole turn: the answer comes in pieces and is delivered.
    @discardableResult
    func turn(
        _ text: String,
        answer pieces: [String],
        in conversation: ConversationID? = nil,
        as identity: Identity = .alice
    ) async throws -> (turn: Turn, lease: ReplyLease, reply: Message) {
        let turn = try await begin(text, in: conversation, as: identity).value
        let lease = try turn.requireLease()
        _ = try await store.appendPieces(pieces, at: 0, under: lease)
        let reply = try await store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
        return (turn, lease, reply)
    }

    /// The whole log.
    func log(_ conversation: ConversationID, as identity: Identity = .alice) async throws -> [Message] {
        var messages: [Message] = []
        while true {
            let range = MessageRange.after(messages.last?.seq ?? 0)
            let page = try await store.messages(in: conversation, range, limit: 100, as: identity)
            messages += page.messages
            guard page.hasMore else { return messages }
        }
    }

    /// The conversation as it is now.
    func state(of conversation: ConversationID, as identity: Identity = .alice) async throws -> Conversation {
        try await store.conversation(conversation, newestMessages: 1, as: identity).conversation
    }

    /// All that a search finds.
    func search(
        _ text: String,
        in project: ProjectID? = nil,
        as identity: Identity = .alice
    ) async throws -> [SearchHit] {
        guard let query = SearchQuery(text) else { return [] }
        return try await store.search(query, in: project, page: PageRequest(limit: 100), as: identity).elements
    }

    /// Follows a list to its end.
    func all<Element: Sendable>(
        limit: Int,
        _ read: (PageRequest) async throws -> Page<Element>
    ) async throws -> [Element] {
        var elements: [Element] = []
        var cursor: Cursor?
        repeat {
            let page = try await read(PageRequest(limit: limit, after: cursor))
            elements += page.elements
            cursor = page.next
        } while cursor != nil
        return elements
    }
}

/// A test's ground gave way: what it was to build upon is not there.
struct MissingGround: Error {
    let what: String
}

extension Turn {
    /// The lease, which a turn that has just begun has.
    func requireLease() throws -> ReplyLease {
        guard let lease else { throw MissingGround(what: "lease") }
        return lease
    }
}
