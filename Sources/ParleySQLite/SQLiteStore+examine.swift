internal import GRDB
internal import ParleyCore

extension SQLiteStore {
    /// Looks for damage, with what SQLite has itself and for what it can't know, and changes nothing.
    ///
    /// It reads the whole file, which takes as long as the file is large; writes go on meanwhile.
    ///
    /// - Returns: What was looked for, and how often it was found.
    /// - Throws: ``ParleyCore/ParleyError``, where the file can't be read at all.
    public func examine() async throws -> [(check: String, found: Int)] {
        var findings = try await read { db in
            let damaged = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }.count
            let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count
            var findings = [
                (check: "pages, indices and constraints (integrity_check)", found: damaged),
                (check: "rows whose parent is missing (foreign_key_check)", found: orphans),
            ]
            for check in Self.checks {
                findings.append((check.name, try Int.fetchOne(db, sql: check.sql) ?? 0))
            }
            return findings
        }
        for index in [SearchIndex.messages, .titles] {
            findings.append(
                (check: "search index \(index.rawValue) (integrity-check)", found: try await flaws(of: index))
            )
        }
        return findings
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
            SELECT (SELECT count(*) FROM message WHERE status = 'streaming'
                    AND key NOT IN (SELECT message_key FROM live_reply))
                + (SELECT count(*) FROM live_reply l JOIN message m ON m.key = l.message_key
                    WHERE m.status <> 'streaming')
            """
        ),
        (
            name: "projects without an owner",
            sql: """
            SELECT count(*) FROM project p WHERE NOT EXISTS (
                SELECT 1 FROM project_member m WHERE m.project_id = p.id AND m.role = 'owner'
            )
            """
        ),
        (
            name: "search entries of messages or titles that are not there",
            sql: """
            SELECT (SELECT count(*) FROM message_terms_content
                    WHERE id NOT IN (SELECT key FROM message WHERE status NOT IN ('streaming', 'deleted')))
                + (SELECT count(*) FROM conversation_terms_content WHERE id NOT IN (SELECT key FROM conversation))
            """
        ),
    ]

    /// 1 where the index is not what its texts say.
    private func flaws(of index: SearchIndex) async throws -> Int {
        do {
            // FTS5 takes its commands as writes.
            try await pool.writeWithoutTransaction { db in
                try db.execute(sql: "INSERT INTO \(index.rawValue) (\(index.rawValue)) VALUES ('integrity-check')")
            }
            return 0
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return 1
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }
}
