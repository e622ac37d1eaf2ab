internal import LibPQ
internal import ParleyCore

extension PostgresStore {
    /// Looks for what the database's own constraints can't know, and changes nothing.
    ///
    /// It reads every message's row, on a connection for what takes long; pages and indices are `pg_amcheck`'s business.
    ///
    /// - Returns: What was looked for, and how often it was found.
    /// - Throws: ``ParleyCore/ParleyError``, where the database can't be read.
    public func examine() async throws -> [(check: String, found: Int)] {
        try await write(isLong: true) { transaction in
            var findings: [(check: String, found: Int)] = []
            for check in Self.checks {
                let counts = try await transaction.db.allLong(check.sql, []) { try $0.next(Int.self) }
                findings.append((check.name, counts.first ?? 0))
            }
            return findings
        }
    }

    private static let checks: [(name: String, sql: String)] = [
        (
            name: "conversations whose log has gaps, or other counts than they say",
            sql: """
            SELECT count(*) FROM conversation c LEFT JOIN (
                SELECT conversation_id, count(*) AS n, min(seq) AS first, max(seq) AS last, max(revision) AS revision
                FROM message GROUP BY conversation_id
            ) m ON m.conversation_id = c.id
            WHERE coalesce(m.n, 0) <> c.message_count OR coalesce(m.last, 0) <> c.message_count
                OR coalesce(m.first, 1) <> 1 OR coalesce(m.revision, 0) > c.revision
            """
        ),
        (
            name: "running replies without a lease, or leases of ended ones",
            sql: """
            SELECT count(*)
            FROM (SELECT conversation_id, seq, true AS running FROM message WHERE status = 'streaming') m
            FULL JOIN live_reply l USING (conversation_id, seq)
            WHERE m.running IS NULL OR l.fence IS NULL
            """
        ),
        (
            name: "projects without an owner",
            sql: """
            SELECT count(*) FROM project p WHERE NOT EXISTS (
                SELECT FROM project_member m WHERE m.project_id = p.id AND m.role = 'owner'
            )
            """
        ),
        (
            name: "search entries that are missing, or of texts that are gone",
            sql: """
            SELECT count(*) FROM message
            WHERE (status IN ('streaming', 'deleted') AND terms IS NOT NULL) OR (terms IS NULL) <> (lexemes IS NULL)
            """
        ),
    ]
}
