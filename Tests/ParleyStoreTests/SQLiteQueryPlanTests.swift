import GRDB
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleySQLite

@Suite("SQLite's query plans")
struct SQLiteQueryPlanTests {
    /// What may be walked through whole: a handful of running replies, and a full-text index by its terms.
    private static let mayBeScanned: Set<String> = ["l", "live_reply", "t", "found"]

    @Test("No statement of the ports walks through a table")
    func noScans() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let statements = try await store.recordStatements()
                try await Self.useEverything(ground)
                let all = statements.withLock { $0 }
                let hot = [ListStatement.recent, ListStatement.titled, LogStatement.before, LogStatement.after]
                #expect(all.isSuperset(of: hot + [SQLiteStore.searchStatement]), "the recording missed the reads")
                #expect(all.count > 70, "the recording missed writes")
                for sql in all where Self.hasPlan(sql) {
                    let plan = try await store.pool.read { db in
                        try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: Self.nulls(for: sql, in: db))
                            .map { $0["detail"] as String }
                    }
                    for step in plan where step.hasPrefix("SCAN ") {
                        let table = step.split(separator: " ")[1]
                        let isAllowed =
                            Self.mayBeScanned.contains(String(table)) || step.contains("VIRTUAL TABLE INDEX")
                            || step.hasPrefix("SCAN (") || step == "SCAN CONSTANT ROW"
                        #expect(isAllowed, "\(step)\n\(sql)")
                    }
                }
            }
        }
    }

    @Test("Lists and logs come from an index in their order, without sorting what the page does not need")
    func order() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, _ in
                let recent = try await store.plan(of: ListStatement.recent)
                #expect(
                    recent.contains {
                        $0.contains("USING COVERING INDEX conversation_recent (project_id=? AND (updated_at,id)<")
                    }
                )
                for statement in [LogStatement.before, LogStatement.after] {
                    let plan = try await store.plan(of: statement)
                    #expect(plan.count == 1, "\(plan)")
                    #expect(plan.first?.contains("(conversation_id=? AND seq") == true, "\(plan)")
                }
            }
        }
    }

    @Test("Appending a piece costs the same however long the reply is")
    func pieceCost() async throws {
        try await SQLiteFile.with { file in
            try await file.withStore { store, ground in
                let lease = try await ground.begin("Hello").value.requireLease()
                let piece = [String(repeating: "word ", count: 20)]
                func bytesOfNextPiece(at index: Int) async throws -> Int {
                    try await store.pragma("wal_checkpoint(TRUNCATE)")
                    _ = try await store.appendPieces(piece, at: index, under: lease)
                    return try await store.pool.writeWithoutTransaction { db in
                        try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(PASSIVE)")?["log"] ?? 0
                    }
                }
                let early = try await bytesOfNextPiece(at: 0)
                for index in 1..<2000 { _ = try await store.appendPieces(piece, at: index, under: lease) }
                let late = try await bytesOfNextPiece(at: 2000)
                #expect(early > 0)
                // A deeper tree touches a page or two more, not the 200 kB that are there.
                #expect(late <= early + 3, "pages written: \(early), then \(late)")
            }
        }
    }

    private static func hasPlan(_ sql: String) -> Bool {
        // FTS5 asks its own tables, which it names with their schema.
        !sql.contains("'main'.") && ["SELECT", "UPDATE", "DELETE", "INSERT"].contains { sql.hasPrefix($0) }
    }

    private static func nulls(for sql: String, in db: Database) throws -> StatementArguments {
        try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql).nullArguments
    }

    /// Calls every method of the ports at least once.
    private static func useEverything(_ ground: StoreUnderTest) async throws {
        let store = ground.store
        let project = try await ground.sharedProject()
        _ = try await store.createProject(NewProject(id: project.id, name: "Shared"), as: .alice)
        _ = try await store.projects(page: PageRequest(), as: .alice)
        _ = try await store.updateProject(project.id, ProjectChanges(name: "Renamed"), as: .alice)
        let (id, messages) = try await ground.conversation(holding: ["one", "two", "three"], in: project.id)
        _ = try? await store.createConversation(NewConversation(id: id, projectID: project.id), as: .alice)
        let turn = try await ground.begin("four", in: id, id: ground.id()).value
        let lease = try turn.requireLease()
        _ = try await ground.begin("four", in: id, id: turn.userMessage.id)
        _ = try await ground.begin("four", id: turn.userMessage.id)
        for _ in 0..<2 { _ = try await store.appendPieces(["a", "b"], at: 0, under: lease) }
        _ = try await store.renew(lease)
        _ = try await store.requestStop(of: turn.reply.id, as: .alice)
        _ = try await store.replyProgress(of: turn.reply.id, after: 0, as: .alice)
        _ = try await store.runningReply(in: id, as: .alice)
        _ = try await store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
        _ = try await store.finishReply(ReplyOutcome(status: .delivered), under: lease)
        _ = try await store.beginRegeneration(of: turn.reply.id, expectedRevision: nil, as: .alice)
        ground.clock.advance(by: .seconds(60))
        _ = try await store.interruptAbandonedReplies()
        _ = try await store.editMessage(
            messages[0].id,
            in: id,
            MessageChanges(content: "ONE"),
            expectedRevision: nil,
            as: .alice
        )
        _ = try await store.versions(of: messages[0].id, in: id, as: .alice)
        _ = try await store.setReaction("👍", present: true, on: messages[0].id, in: id, expectedRevision: nil, as: .bob)
        _ = try await store.deleteMessage(messages[1].id, in: id, expectedRevision: nil, as: .alice)
        let fork = try await store.forkConversation(id, ForkRequest(seq: 3, id: ground.id()), as: .alice).value
        for id in [fork.id, ground.id()] {
            let message = ImportedMessage(id: ground.id(), input: .user("old"), createdAt: ground.clock.now())
            let old = ImportedConversation(id: id, title: "Old", createdAt: message.createdAt, messages: [message])
            _ = try await store.importConversation(old, as: .alice)
        }
        for place in [id, nil] {
            _ = try await store.setDraft("so", in: place, as: .bob)
            _ = try await store.draft(in: place, as: .bob)
        }
        for _ in 0..<2 { _ = try await store.setReadMark(1, in: id, as: .bob) }
        _ = try await store.readMarks(of: [id], as: .bob)
        try await store.authorize(.read, to: id, as: .carol)
        for range in [MessageRange.newest, .before(3), .after(1)] {
            _ = try await store.messages(in: id, range, limit: 2, as: .carol)
        }
        _ = try await store.changes(in: id, since: 2, limit: 2, as: .carol)
        let filter = ConversationFilter(projectID: project.id, status: .active, query: SearchQuery("conv"))
        _ = try await store.conversations(filter, page: PageRequest(limit: 1), as: .carol)
        _ = try await ground.search("three", in: project.id, as: .carol)
        _ = try await store.updateConversation(
            fork.id,
            ConversationChanges(title: "Fork"),
            expectedRevision: nil,
            as: .alice
        )
        _ = try await store.deleteConversation(fork.id, expectedRevision: nil, as: .alice)
        _ = try await store.removeMember(Identity.bob.email, from: project.id, as: .alice)
        _ = try await store.deleteProject(project.id, as: .alice)
        try await useAccounts(ground)
    }

    private static func useAccounts(_ ground: StoreUnderTest) async throws {
        let now = ground.clock.now()
        let account = Account(email: .person("alice"), name: nil, department: nil, passwordHash: "$", createdAt: now)
        try await ground.accounts.createAccount(account)
        let session = LoginSession(
            tokenHash: Array(repeating: 1, count: 32),
            email: account.email,
            createdAt: now,
            expiresAt: now + .seconds(60)
        )
        try await ground.accounts.createLoginSession(session)
        _ = try await ground.accounts.loginSession(session.tokenHash)
        try await ground.accounts.extendLoginSession(session.tokenHash, until: now + .seconds(120))
        try await ground.accounts.deleteLoginSession(session.tokenHash)
        try await ground.accounts.setPasswordHash("$$", of: account.email)
        _ = try await ground.accounts.account(account.email)
        _ = try await ground.queryLog.entries(since: now, limit: 10)
        _ = try await ground.usage.usage(of: UsageSpan(days: 2, through: now))
    }
}

extension SQLiteStore {
    /// The steps SQLite takes for a statement.
    fileprivate func plan(of sql: String) async throws -> [String] {
        try await pool.read { db in
            let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            return try Row.fetchAll(statement, arguments: statement.nullArguments).map { $0["detail"] as String }
        }
    }

    /// Notes every statement that runs from now on, on the writer and on the reader that calls in a row are given.
    fileprivate func recordStatements() async throws -> Recorder {
        let recorder = Recorder()
        let note: @Sendable (Database.TraceEvent) -> Void = { event in
            guard case .statement(let statement) = event else { return }
            let sql = statement.sql
            recorder.withLock { _ = $0.insert(sql) }
        }
        try await pool.writeWithoutTransaction { $0.trace(note) }
        try await pool.read { $0.trace(note) }
        return recorder
    }
}

/// The statements that ran.
private final class Recorder: Sendable {
    private let statements = Mutex(Set<String>())

    func withLock<Value: Sendable>(_ body: (inout sending Set<String>) -> sending Value) -> Value {
        statements.withLock(body)
    }
}

extension Statement {
    /// NULL for each placeholder.
    fileprivate var nullArguments: StatementArguments {
        var arguments: [DatabaseValue] = []
        while (try? validateArguments(StatementArguments(arguments))) == nil, arguments.count < 100 {
            arguments.append(.null)
        }
        return StatementArguments(arguments)
    }
}
