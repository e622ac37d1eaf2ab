import ParleyCore
import ParleyTesting
import Synchronization

/// Words that stand nowhere else, planted wherever a person's words can stand, to be looked for in files afterwards.
///
/// A word is eight letters that differ, the mark, and eight that say which it is: an index that leaves out what a word has in
/// common with its neighbour, keeps the mark.
final class Canaries: Sendable {
    /// What stands in every word.
    static let mark = "qxcanaryxq"

    private struct Planted {
        var made: [String: String] = [:]
        var gone: Set<String> = []
    }

    let person: Identity
    private let name: Substring
    private let planted: Mutex<Planted>

    /// Begins with a person whose address is such a word.
    init() throws {
        let address = Self.word()
        name = address.suffix(8)
        guard let email = EmailAddress(address + "@example.org") else { throw Unusable() }
        person = Identity(email: email, department: nil)
        planted = Mutex(Planted(made: [String(name): "address"]))
    }

    struct Unusable: Error {}

    /// The ends of all words that were planted, and where.
    var all: [String: String] { planted.withLock(\.made) }

    /// The ends of those that must still be found somewhere as long as the person is there.
    var alive: Set<String> { planted.withLock { Set($0.made.keys).subtracting($0.gone) } }

    private static func word() -> String {
        func letters() -> String { String((0..<8).map { _ in "bcdfghjklmnprstvwz".randomElement() ?? "b" }) }
        return letters() + mark + letters()
    }

    /// A new word, for a place.
    func callAsFunction(_ place: String, isGone: Bool = false) -> String {
        let word = Self.word()
        planted.withLock { planted in
            planted.made[String(word.suffix(8))] = place
            if isGone { planted.gone.insert(String(word.suffix(8))) }
        }
        return word
    }

    private func text(_ place: String, isGone: Bool = false) -> String { "the \(self(place, isGone: isGone)) sings" }

    private func object(_ place: String) -> JSONObject {
        var object = JSONObject()
        object["note"] = .string(self(place))
        return object
    }
}

extension Canaries {
    /// Where words are planted.
    struct Ground {
        let store: any ConversationStore
        let accounts: any AccountStore
        let queryLog: any QueryLog
        /// The number of the sign-in, and the ids of what is planted.
        let number: UInt8
        let ids: any IDMaker
    }

    /// Plants words everywhere, also such as are edited away and deleted again.
    func plant(in ground: Ground) async throws {
        try await plantAccount(in: ground)
        let solo = try await ground.store.createProject(
            NewProject(name: self("project"), description: text("project's description"), persona: self("persona")),
            as: person
        ).value.id
        for project in [nil, solo] { try await plantConversation(in: project, ground) }
        // A reply that is being written, in a conversation of its own.
        let lease = try await begin(in: nil, ground.store)
        _ = try await ground.store.appendPieces([text("piece")], at: 0, under: lease)
        _ = try await ground.store.setDraft(text("new draft"), in: nil, as: person)
        try await plantImport(in: solo, ground)
    }

    /// Plants what a person has in the project of another: a draft, and a mark of what was read.
    func plant(inside conversation: ConversationID, _ ground: Ground) async throws {
        _ = try await ground.store.setDraft(text("draft in another's project"), in: conversation, as: person)
        _ = try await ground.store.setReadMark(1, in: conversation, as: person)
    }

    private func plantAccount(in ground: Ground) async throws {
        let now = SystemClock().now()
        try await ground.accounts.createAccount(
            Account(
                email: person.email,
                name: self("name"),
                department: self("department"),
                passwordHash: "$scrypt$" + self("password's hash"),
                createdAt: now
            )
        )
        try await ground.accounts.createLoginSession(
            LoginSession(
                tokenHash: [UInt8](repeating: ground.number, count: 32),
                email: person.email,
                createdAt: now,
                expiresAt: now + .seconds(86_400)
            )
        )
        try await ground.queryLog.record(
            QueryLogEntry(
                time: now,
                email: person.email,
                department: self("query log's department"),
                sessionID: self("query log's session"),
                conversationID: ground.ids.make(),
                messageID: ground.ids.make(),
                model: self("query log's model"),
                latencyMilliseconds: 1,
                firstTokenMilliseconds: nil,
                tokensUsed: nil,
                status: .delivered
            )
        )
    }

    private func plantConversation(in project: ProjectID?, _ ground: Ground) async throws {
        let store = ground.store
        let input = NewConversation(
            title: text("title"),
            description: text("description"),
            projectID: project,
            metadata: object("metadata")
        )
        let id = try await store.createConversation(input, as: person).value.id
        let said = try await append(text("text"), to: id, store)
        let message = NewMessage(
            role: .assistant,
            content: text("answer"),
            parts: [.object(["type": "text", "text": .string(self("part"))])],
            metadata: object("message's metadata"),
            contexts: [.object(object("context"))],
            aiResponse: .object(object("structured answer")),
            model: self("model")
        )
        _ = try await store.appendMessages([message], to: id, expectedRevision: nil, as: person)
        let edited = try await append(text("version"), to: id, store)
        let changes = MessageChanges(content: text("edited text"))
        _ = try await store.editMessage(edited, in: id, changes, expectedRevision: nil, as: person)
        let deleted = try await append(text("deleted text", isGone: true), to: id, store)
        _ = try await store.deleteMessage(deleted, in: id, expectedRevision: nil, as: person)
        _ = try await store.setReaction(
            "👍",
            present: true,
            on: said,
            in: id,
            expectedRevision: nil,
            as: person
        )
        _ = try await store.forkConversation(id, ForkRequest(seq: 2, title: text("fork's title")), as: person)
        let other = NewConversation(title: text("deleted title", isGone: true), projectID: project)
        let gone = try await store.createConversation(other, as: person).value.id
        _ = try await append(text("text of a deleted conversation", isGone: true), to: gone, store)
        _ = try await store.deleteConversation(gone, expectedRevision: nil, as: person)
        let lease = try await begin(in: id, store)
        _ = try await store.appendPieces([text("reply")], at: 0, under: lease)
        var outcome = ReplyOutcome(status: .delivered)
        outcome.metadata = object("reply's metadata")
        _ = try await store.finishReply(outcome, under: lease)
        _ = try await store.setDraft(text("draft"), in: id, as: person)
        _ = try await store.setReadMark(2, in: id, as: person)
        // Read, so that the cache holds it, in this process and beside.
        for _ in 0..<2 { _ = try await store.messages(in: id, .newest, limit: 10, as: person) }
    }

    private func begin(in conversation: ConversationID?, _ store: any ConversationStore) async throws -> ReplyLease {
        let message = NewMessage(role: .user, content: text("question"))
        let request = TurnRequest(conversationID: conversation, message: message)
        guard let lease = try await store.beginTurn(request, expectedRevision: nil, as: person).value.lease else {
            throw Unusable()
        }
        return lease
    }

    private func append(
        _ text: String,
        to conversation: ConversationID,
        _ store: any ConversationStore
    ) async throws -> MessageID {
        let message = NewMessage(role: .user, content: text)
        let commit = try await store.appendMessages([message], to: conversation, expectedRevision: nil, as: person)
        guard let id = commit.value.first?.id else { throw Unusable() }
        return id
    }

    private func plantImport(in project: ProjectID, _ ground: Ground) async throws {
        let then = Timestamp(microseconds: 1_700_000_000_000_000)
        var message = ImportedMessage(
            id: ground.ids.make(),
            input: NewMessage(role: .user, content: text("imported text")),
            createdAt: then
        )
        message.versions = [MessageVersion(content: text("imported version"), author: person.email, createdAt: then)]
        let input = ImportedConversation(
            id: ground.ids.make(),
            projectID: project,
            title: text("imported title"),
            createdAt: then,
            messages: [message],
            batch: ground.ids.make()
        )
        _ = try await ground.store.importConversation(input, as: person)
    }
}
