import LibPQ
import ParleyCore

/// Reads and writes the database beside Parley: tables for pgbench, and logs and lists too long to be made one by one.
struct ProductionData: Sendable {
    let url: String
    let people: [Person]

    /// How many there are in a long list or log, and in a short one.
    static let (long, short) = (100_000, 100)

    private func withConnection<Value>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
        var settings = PostgresSettings(url: url)
        settings.statementTimeout = .seconds(240)
        let connection = try await PostgresConnection.open(settings)
        defer { connection.close() }
        return try await body(connection)
    }

    /// Makes a table by which pgbench finds the log of each of its callers.
    func makeLogTable() async throws {
        try await withConnection { connection in
            _ = try await connection.query(
                "CREATE TABLE bench_log (n bigint PRIMARY KEY, id uuid NOT NULL, email text NOT NULL)"
            )
            for (number, person) in people.enumerated() {
                _ = try await connection.query(
                    "INSERT INTO bench_log VALUES ($1, $2::text::uuid, $3)",
                    [number, person.log.description, person.identity.email.value]
                )
            }
            _ = try await connection.query("VACUUM ANALYZE")
        }
    }

    /// The plain append, as one statement of its own for each text: what a client without a batch would send.
    ///
    /// The search terms are in it as literals. It does not look for ids that came before, and keeps no fingerprint for them.
    func appendScripts(_ texts: [(content: String, terms: String)]) -> [String] {
        texts.map { text in
            """
            \\set c :client_id
            \\set r random(1, 1000000000000)
            WITH u AS (
                UPDATE conversation c SET message_count = message_count + 1, revision = revision + 1, tag = :r,
                    updated_at = \(SystemClock().now().microseconds), last_message_at = \(SystemClock().now().microseconds)
                FROM bench_log b WHERE b.n = :c AND c.id = b.id AND EXISTS (
                    SELECT FROM project_member m WHERE m.project_id = c.project_id AND m.email = b.email
                )
                RETURNING c.id, c.message_count, c.revision, c.project_id, c.updated_at, b.email
            )
            INSERT INTO message (conversation_id, id, seq, revision, created_at, updated_at, content_at, fence, is_edited,
                role, status, author, content_author, content, terms, lexemes)
            SELECT id, gen_random_uuid(), message_count, revision, updated_at, updated_at, updated_at, 0, false, 'user',
                'delivered', email, email, '\(text.content)', '\(text.terms)',
                array_to_tsvector(string_to_array(btrim('\(text.terms)', ' '), ' ') || ('p:' || project_id))
            FROM u RETURNING seq, revision;
            """
        }
    }

    /// Texts with the terms that Parley has found in them.
    func texts(_ count: Int) async throws -> [(content: String, terms: String)] {
        try await withConnection { connection in
            let rows = try await connection.query(
                """
                SELECT content, terms FROM message WHERE terms IS NOT NULL AND content NOT LIKE '%''%'
                ORDER BY conversation_id, seq LIMIT $1
                """,
                [count]
            )
            return try rows.map { (try $0.decode(0), try $0.decode(1)) }
        }
    }

    /// Gives a person conversations up to `count`, an hour's worth in each hour, and one with as many messages.
    func fill(_ person: Person, with count: Int) async throws {
        try await withConnection { connection in
            let (log, email) = (person.log.description, person.identity.email.value)
            let now = SystemClock().now().microseconds
            _ = try await connection.query(
                """
                INSERT INTO conversation (id, project_id, message_count, revision, tag, created_at, updated_at, is_pinned,
                    title_is_given, status, owner, title, terms, lexemes)
                SELECT gen_random_uuid(), c.project_id, 0, 1, n, $3 - n * 60000000, $3 - n * 60000000, false, true, 'active',
                    $2, 'Conversation ' || n, ' conversation ', array_to_tsvector(ARRAY['conversation', 'p:' || c.project_id])
                FROM conversation c, generate_series(1, $4::int8) n WHERE c.id = $1::text::uuid
                """,
                [log, email, now, count]
            )
            _ = try await connection.query(
                """
                INSERT INTO message (conversation_id, id, seq, revision, created_at, updated_at, content_at, fence,
                    is_edited, role, status, author, content_author, content)
                SELECT $1::text::uuid, gen_random_uuid(), n, n + 1, $3, $3, $3, 0, false, 'user', 'delivered', $2, $2, $5
                FROM generate_series(1, $4::int8) n
                """,
                [log, email, now, count, SampleText.message(1)]
            )
            _ = try await connection.query(
                "UPDATE conversation SET message_count = $2, revision = $2 + 1, tag = 1 WHERE id = $1::text::uuid",
                [log, count]
            )
            _ = try await connection.query("VACUUM ANALYZE")
        }
    }
}
