import LibPQ
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyPostgres

@Suite("PostgreSQL's query plans")
struct PostgresQueryPlanTests {
    /// One call, the indices it may use, and how many rows it may look at.
    private struct Call {
        let name: String
        let indices: Set<String>
        let rows: Int
        let body: @Sendable () async throws -> Void
    }

    // Both hold the address and the project.
    private static let members: Set = ["project_member_pkey", "project_member_email"]

    @Test("With 100 000 conversations and a million messages, every hot statement reads what it needs, by its indices")
    func hotStatements() async throws {
        try await OwnPostgres.with { server in
            try await server.execute(["ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"])
            let database = try await server.makeDatabase()
            let ground = try await PlanGround(database, of: server)
            try await server.execute(PlanReader.settings(of: database))
            try await server.withStores(1, on: database) { stores in
                let calls = try await Self.calls(stores[0], ground)
                // Everything is planned, and what is read first is read.
                for call in calls { try await call.body() }
                var reader = try PlanReader(log: server.log)
                for call in calls {
                    try await call.body()
                    let plans = try reader.next()
                    #expect(!plans.isEmpty, "\(call.name): no plan was logged")
                    let steps = plans.flatMap(\.self)
                    let scans = steps.filter { $0.kind == "Seq Scan" }
                    #expect(scans.isEmpty, "\(call.name): \(scans)")
                    let others = Set(steps.compactMap(\.index)).subtracting(call.indices)
                    #expect(others.isEmpty, "\(call.name): \(others)")
                    let rows = steps.reduce(0) { $0 + $1.rows }
                    #expect(rows <= call.rows, "\(call.name): \(rows) rows, \(steps)")
                }
            }
        }
    }

    @Test("An append changes no index of its conversation")
    func heapOnly() async throws {
        try await OwnPostgres.sharing { server in
            let database = try await server.makeDatabase()
            let clock = ManualClock(tick: .zero)
            let store = try await PostgresStore.open(server.settings(database), clock: clock, logger: .quiet)
            try await running([store]) {
                let project = try await store.personalProject(as: .alice).id
                // As many as appends: how fast pages are cleaned up behind one log's appends is not what this is about.
                let logs = try await server.withConnection(to: database) { connection in
                    try await connection.query(
                        """
                        INSERT INTO conversation (id, project_id, message_count, revision, tag, created_at, updated_at,
                            is_pinned, title_is_given, status, owner, title, terms, lexemes)
                        SELECT gen_random_uuid(), $1, 0, 1, n, $2, $2, false, false, 'active', 'alice@example.org',
                            'Talk', ' talk ', array_to_tsvector(ARRAY['talk'])
                        FROM generate_series(1, 1600) n RETURNING id
                        """,
                        [project.stored, clock.now().microseconds]
                    )
                    .compactMap { ConversationID(stored: try $0.decode(0)) }
                }
                try await withThrowingTaskGroup { group in
                    for caller in 0..<32 {
                        group.addTask {
                            for round in 0..<50 {
                                _ = try await store.appendMessages(
                                    [.user("So?")],
                                    to: logs[caller * 50 + round],
                                    expectedRevision: nil,
                                    as: .alice
                                )
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            // Connections tell what they did when they end.
            try await server.withConnection(to: database) { connection in
                var updates = (all: 0, heapOnly: 0)
                while updates.all < 1600 {
                    let rows = try await connection.query(
                        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'conversation'"
                    )
                    updates = (try rows[0].decode(0), try rows[0].decode(1))
                }
                // Where a busy page has no room for once, an update goes elsewhere; with an index in the way all would.
                #expect(updates.heapOnly * 100 > updates.all * 80, "\(updates)")
            }
        }
    }

    private static func calls(_ store: PostgresStore, _ ground: PlanGround) async throws -> [Call] {
        let page = try await store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
        let cursor = PageRequest(after: try #require(page.next))
        let logs = page.elements.map(\.id)
        let turn = TurnRequest(conversationID: logs[0], message: .user("Well?"))
        let begun = try await store.beginTurn(turn, expectedRevision: nil, as: .alice).value
        let lease = try begun.requireLease()
        let ofProject = ConversationFilter(projectID: ground.project)
        let rare = try #require(SearchQuery("word777777"))
        let both = try #require(SearchQuery("hello \"word4242\""))
        let pieces = PieceCounter()
        let log = members.union(["conversation_pkey", "message_pkey"])
        // With the newest message, which may be a reply's pieces.
        let list = members.union(["conversation_recent", "conversation_pkey", "message_pkey", "reply_piece_pkey"])
        return [
            Call(
                name: "append",
                indices: members.union(["conversation_pkey", "message_id_conversation_id_key", "draft_place"]),
                rows: 8
            ) {
                _ = try await store.appendMessages([.user("a")], to: logs[1], expectedRevision: nil, as: .alice)
            },
            Call(
                name: "append 100",
                indices: members.union(["conversation_pkey", "message_id_conversation_id_key", "draft_place"]),
                rows: 500
            ) {
                let messages = (0..<100).map { NewMessage.user("a \($0)") }
                _ = try await store.appendMessages(messages, to: logs[2], expectedRevision: nil, as: .alice)
            },
            Call(
                name: "pieces",
                indices: ["live_reply_pkey", "message_pkey"],
                rows: 4
            ) {
                _ = try await store.appendPieces(["so"], at: pieces.next(), under: lease)
            },
            Call(name: "renew", indices: ["live_reply_pkey", "message_pkey"], rows: 4) {
                _ = try await store.renew(lease)
            },
            Call(
                name: "versions",
                indices: members.union(["conversation_pkey", "live_reply_pkey"]),
                rows: 3 * logs.count
            ) {
                let questions = logs.map { LogQuestion(conversationID: $0, reader: Identity.alice.email) }
                _ = try await store.logVersions(questions)
            },
            Call(name: "newest with version", indices: log.union(["live_reply_pkey"]), rows: 60) {
                _ = try await store.newestMessagesWithVersion(in: ground.long, limit: 50, as: .alice)
            },
            Call(name: "newest", indices: log, rows: 60) {
                _ = try await store.messages(in: ground.long, .newest, limit: 50, as: .alice)
            },
            Call(name: "before", indices: log, rows: 60) {
                _ = try await store.messages(in: ground.long, .before(50_000), limit: 50, as: .alice)
            },
            Call(name: "after", indices: log, rows: 60) {
                _ = try await store.messages(in: ground.long, .after(50_000), limit: 50, as: .alice)
            },
            Call(
                name: "conversation",
                indices: log.union(["live_reply_pkey", "message_conversation_id_revision_key"]),
                rows: 120
            ) {
                _ = try await store.conversation(ground.long, newestMessages: 50, as: .alice)
            },
            Call(
                name: "changes",
                indices: log.union(["message_conversation_id_revision_key"]),
                rows: 120
            ) {
                _ = try await store.changes(in: ground.long, since: 70_000, limit: 50, as: .alice)
            },
            Call(name: "list", indices: list, rows: 4000) {
                _ = try await store.conversations(ConversationFilter(), page: PageRequest(), as: .alice)
            },
            Call(
                name: "list behind a cursor",
                indices: list,
                rows: 4000
            ) {
                _ = try await store.conversations(ConversationFilter(), page: cursor, as: .alice)
            },
            Call(
                name: "list of a project",
                indices: list,
                rows: 4000
            ) {
                _ = try await store.conversations(ofProject, page: PageRequest(), as: .alice)
            },
            Call(
                name: "search",
                indices: members.union(["message_lexemes", "conversation_pkey", "message_pkey"]),
                rows: 40
            ) {
                _ = try await store.search(rare, in: nil, page: PageRequest(), as: .alice)
            },
            Call(
                name: "search in a project",
                indices: members.union(["message_lexemes", "conversation_pkey", "message_pkey"]),
                rows: 40
            ) {
                _ = try await store.search(both, in: ground.project, page: PageRequest(), as: .alice)
            },
            Call(
                name: "live reply",
                indices: log.union(["message_id_conversation_id_key", "reply_piece_pkey", "live_reply_pkey"]),
                rows: 40
            ) {
                _ = try await store.replyProgress(of: begun.reply.id, after: -1, as: .alice)
            },
            Call(
                name: "running reply",
                indices: log.union(["reply_piece_pkey", "live_reply_pkey"]),
                rows: 40
            ) {
                _ = try await store.runningReply(in: logs[0], as: .alice)
            },
        ]
    }
}

/// What comes next, for one caller at a time.
private actor PieceCounter {
    private var value = 0

    func next() -> Int {
        defer { value += 1 }
        return value
    }
}

/// A database with 100 000 conversations of Alice's and a million messages, a tenth of them in one log.
private struct PlanGround {
    let project: ProjectID
    let long: ConversationID

    init(_ database: String, of server: OwnPostgres) async throws {
        _ = try await PostgresStore.open(server.settings(database), logger: .quiet)
        let id = (
            project: "'00000000-0000-7000-8000-'", log: "'00000000-0000-7001-8000-'",
            message: "'00000000-0000-7002-8000-'"
        )
        func uuid(_ prefix: String, _ number: String) -> String {
            "(\(prefix) || lpad(to_hex(\(number)), 12, '0'))::uuid"
        }
        project = try #require(ProjectID("00000000-0000-7000-8000-000000000001"))
        long = try #require(ConversationID("00000000-0000-7001-8000-000000000001"))
        let hour = 3_600_000_000
        try await server.execute(
            [
                // Constraints are not what is tried here, and checking a million keys takes time.
                "ALTER DATABASE \(database) SET session_replication_role = 'replica'",
                "ALTER DATABASE \(database) SET synchronous_commit = 'off'",
            ],
            in: database
        )
        // A full-text index is made many times faster in one go.
        let indices = try await server.withConnection(to: database) { connection in
            let sql = "SELECT indexname, indexdef FROM pg_indexes WHERE indexdef LIKE '% USING gin %'"
            return try await connection.query(sql)
                .map { (name: try $0.decode(0, as: String.self), sql: try $0.decode(1, as: String.self)) }
        }
        try await server.execute(indices.map { "DROP INDEX \($0.name)" }, in: database)
        try await server.execute(
            [
                """
                INSERT INTO project (id, name, created_at, updated_at)
                SELECT \(uuid(id.project, "n")), 'P', 1, 1 FROM generate_series(1, 1000) n
                """,
                """
                INSERT INTO project_member SELECT \(uuid(id.project, "n")), 'person' || n || '@example.org', 'owner'
                FROM generate_series(1, 1000) n
                """,
                // Alice is in a few projects, with others.
                """
                INSERT INTO project_member SELECT \(uuid(id.project, "n")), 'alice@example.org', 'owner'
                FROM generate_series(1, 5) n
                """,
                // Thirty in an hour.
                """
                INSERT INTO conversation (id, project_id, message_count, revision, tag, created_at, updated_at,
                    last_message_at, is_pinned, title_is_given, status, owner, title, terms, lexemes)
                SELECT \(uuid(id.log, "n")), \(uuid(id.project, "1 + n % 5 / 4")), CASE n WHEN 1 THEN 100000 ELSE 9 END,
                    CASE n WHEN 1 THEN 100001 ELSE 10 END, n, 1, \(hour) * 400000 + n::int8 * \(hour / 30), 1, false, false,
                    'active', 'alice@example.org', 'Talk', ' talk ', array_to_tsvector(ARRAY['talk'])
                FROM generate_series(1, 100000) n
                """,
                """
                INSERT INTO message (conversation_id, id, seq, revision, created_at, updated_at, content_at, fence,
                    is_edited, role, status, author, content, terms, lexemes)
                SELECT \(uuid(id.log, "log")), \(uuid(id.message, "n")), seq, seq + 1, n, n, n, 0, false, 'user', 'delivered',
                    'alice@example.org', 'hello word' || n, ' hello word' || n || ' ', array_to_tsvector(
                        ARRAY['hello', 'word' || n, 'p:' || \(uuid(id.project, "1 + log % 5 / 4"))])
                FROM (
                    SELECT n, CASE WHEN n <= 100000 THEN 1 ELSE 2 + (n - 100001) / 9 END AS log,
                        CASE WHEN n <= 100000 THEN n ELSE 1 + (n - 100001) % 9 END AS seq
                    FROM generate_series(1, 999991) n
                ) m
                """,
                "ALTER DATABASE \(database) RESET session_replication_role",
                "SET maintenance_work_mem = '256MB'",
            ] + indices.map(\.sql) + ["VACUUM ANALYZE"],
            in: database
        )
    }
}
