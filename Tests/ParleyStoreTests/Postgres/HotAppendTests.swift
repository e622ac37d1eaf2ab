import LibPQ
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyPostgres

@Suite("PostgreSQL's batches of appends")
struct HotAppendTests {
    /// What the callers of a test were told, by conversation.
    private final class Notes: Sendable {
        private let state = Mutex([ConversationID: (changes: [Change], steps: [Int: LogStep])]())

        func add<Value: Sendable>(_ commit: Commit<Value>, to conversation: ConversationID) {
            state.withLock { state in
                var notes = state[conversation] ?? ([], [:])
                notes.changes += commit.changes
                for (change, step) in zip(commit.changes, commit.steps) { notes.steps[change.revision] = step }
                state[conversation] = notes
            }
        }

        subscript(conversation: ConversationID) -> (changes: [Change], steps: [Int: LogStep]) {
            state.withLock { $0[conversation] ?? ([], [:]) }
        }
    }

    @Test("Under 64 callers of two stores, seq and revision have no gaps, and steps lead from tag to tag")
    func gapless() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            try await server.withStores(2, on: database) { stores in
                let logs = try await Self.conversations(9, in: stores[0])
                let notes = Notes()
                try await withThrowingTaskGroup { group in
                    for caller in 0..<64 {
                        group.addTask { try await Self.call(as: caller, stores, logs, notes) }
                    }
                    try await group.waitForAll()
                }
                for log in logs { try await Self.check(log, notes[log], in: stores[1]) }
            }
        }
    }

    /// Appends to a hot log and to cold ones, and now and then edits or deletes.
    private static func call(
        as caller: Int,
        _ stores: [PostgresStore],
        _ logs: [ConversationID],
        _ notes: Notes
    ) async throws {
        var random = SplitMix64(seed: UInt64(caller))
        let store = stores[caller % stores.count]
        for round in 0..<30 {
            let log = Bool.random(using: &random) ? logs[0] : logs[Int.random(in: 1..<logs.count, using: &random)]
            let messages = (0..<Int.random(in: 1...3, using: &random)).map { number in
                NewMessage.user("caller \(caller) round \(round) number \(number)")
            }
            let commit = try await store.appendMessages(messages, to: log, expectedRevision: nil, as: .alice)
            #expect(commit.value.map(\.content) == messages.map(\.content))
            let first = try #require(commit.value.first)
            #expect(commit.value.map(\.seq) == messages.indices.map { first.seq + $0 })
            notes.add(commit, to: log)
            let target = first.id
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                notes.add(
                    try await store.deleteMessage(target, in: log, expectedRevision: nil, as: .alice),
                    to: log
                )
            case 1:
                let changes = MessageChanges(content: "edited")
                notes.add(
                    try await store.editMessage(target, in: log, changes, expectedRevision: nil, as: .alice),
                    to: log
                )
            default: break
            }
        }
    }

    private static func check(
        _ log: ConversationID,
        _ notes: (changes: [Change], steps: [Int: LogStep]),
        in store: PostgresStore
    ) async throws {
        let (conversation, _) = try await store.conversation(log, newestMessages: 1, as: .alice)
        var messages: [Message] = []
        while messages.count < conversation.messageCount {
            let page = try await store.messages(in: log, .after(messages.count), limit: 100, as: .alice)
            messages += page.messages
            if page.messages.isEmpty { break }
        }
        #expect(messages.map(\.seq) == Array(1...conversation.messageCount))
        #expect(notes.changes.map(\.revision).sorted() == Array(2...conversation.revision))
        let last = Dictionary(notes.changes.map { ($0.revision, $0.messageID) }) { first, _ in first }
        for message in messages { #expect(last[message.revision] == message.id) }
        for (revision, step) in notes.steps {
            if let next = notes.steps[revision + 1] { #expect(next.before == step.after) }
        }
        let question = LogQuestion(conversationID: log, reader: Identity.alice.email)
        let version = try #require(try await store.logVersions([question])[0])
        #expect(version.revision == conversation.revision)
        #expect(version.messageCount == conversation.messageCount)
        #expect(Set(notes.steps.values.map(\.after)).count == notes.steps.count)
        if let step = notes.steps[conversation.revision] { #expect(step.after == version.tag) }
    }

    @Test("A bad call fails by itself, with its own error, among good ones")
    func badNeighbours() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            try await server.withStores(1, on: database) { stores in
                let store = stores[0]
                let logs = try await Self.conversations(4, in: store)
                let foreign = try await store.createConversation(NewConversation(), as: .mallory).value.id
                let project = try await store.createProject(NewProject(name: "Shared"), as: .alice).value.id
                _ = try await store.setMember(Identity.carol.email, role: .viewer, in: project, as: .alice)
                let shared = try await store.createConversation(NewConversation(projectID: project), as: .alice).value
                    .id
                let known: MessageID = UUIDv7Maker().make()
                func append(_ message: NewMessage, to log: ConversationID, as identity: Identity = .alice) async throws
                    -> Commit<[Message]>
                {
                    try await store.appendMessages([message], to: log, expectedRevision: nil, as: identity)
                }
                try await withThrowingTaskGroup { group in
                    for number in 0..<400 {
                        let log = logs[number % logs.count]
                        group.addTask {
                            switch number % 20 {
                            case 3: await expectError(.invalidRequest) { try await append(.user("a\0b"), to: log) }
                            case 5: await expectError(.notFound) { try await append(.user("a"), to: foreign) }
                            case 7:
                                await expectError(.notFound) { try await append(.user("a"), to: UUIDv7Maker().make()) }
                            case 9:
                                await expectError(.forbidden) {
                                    try await append(.user("a"), to: shared, as: .carol)
                                }
                            case 11: _ = try await append(.user("again", id: known), to: logs[0])
                            case 13: _ = try await append(.user(String(repeating: "word ", count: 12_000)), to: log)
                            default: _ = try await append(.user("good \(number)"), to: log)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                await expectError(.idempotencyConflict) { try await append(.user("other", id: known), to: logs[0]) }
                #expect(try await append(.user("again", id: known), to: logs[0]).isReplay)
                let questions = logs.map { LogQuestion(conversationID: $0, reader: Identity.alice.email) }
                let count = try await store.logVersions(questions).reduce(0) { $0 + ($1?.messageCount ?? 0) }
                // Of each 20, four are refused; those with the known id are one together.
                #expect(count == 301)
            }
        }
    }

    @Test("A locked log holds nobody else up")
    func lockedLog() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            try await server.withStores(1, on: database) { stores in
                let store = stores[0]
                let logs = try await Self.conversations(8, in: store)
                try await server.withConnection(to: database) { other in
                    _ = try await other.query("BEGIN")
                    _ = try await other.query(
                        "SELECT FROM conversation WHERE id = $1 FOR UPDATE",
                        [logs[0].stored]
                    )
                    async let held = store.appendMessages(
                        [.user("held")],
                        to: logs[0],
                        expectedRevision: nil,
                        as: .alice
                    )
                    for log in logs.dropFirst() {
                        _ = try await store.appendMessages([.user("free")], to: log, expectedRevision: nil, as: .alice)
                    }
                    _ = try await other.query("COMMIT")
                    #expect(try await held.value.map(\.seq) == [1])
                }
            }
        }
    }

    static func conversations(_ count: Int, in store: PostgresStore) async throws -> [ConversationID] {
        var ids: [ConversationID] = []
        for _ in 0..<count {
            ids.append(try await store.createConversation(NewConversation(), as: .alice).value.id)
        }
        return ids
    }
}

extension Change {
    fileprivate var revision: Int {
        switch self {
        case .conversationCreated(let conversation), .conversationUpdated(let conversation),
            .conversationDeleted(let conversation):
            conversation.revision
        case .messageAppended(let message), .messageUpdated(let message): message.revision
        }
    }

    fileprivate var messageID: MessageID? {
        switch self {
        case .conversationCreated, .conversationUpdated, .conversationDeleted: nil
        case .messageAppended(let message), .messageUpdated(let message): message.id
        }
    }
}
