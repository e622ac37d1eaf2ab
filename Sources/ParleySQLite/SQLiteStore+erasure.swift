internal import GRDB
public import ParleyCore

/// How many conversations one write deletes at most, so that nobody waits long behind it.
private let batchSize = 20

extension SQLiteStore: ErasureStore {
    /// Erases a person and all that only they could reach.
    ///
    /// The conversations go first, a few in each write; what is left, and what has come meanwhile, goes with the account in
    /// the last one. So whoever asks again after a fault can still sign in to do so.
    public func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport> {
        var commit = Commit(ErasureReport(), changes: [])
        while true {
            let step = try await write { try $0.eraseSomeConversations(of: person, limit: batchSize) }
            if step.changes.isEmpty { break }
            commit.add(step)
        }
        commit.add(try await write { try $0.eraseRest(of: person) })
        return commit
    }

    /// What would be removed at present.
    public func erasable(_ person: EmailAddress) async throws -> ErasureReport {
        try await read { db in
            try db.first(
                """
                WITH own AS (
                    SELECT p.project_id FROM project_member p WHERE p.email = ?1 AND NOT EXISTS (
                        SELECT 1 FROM project_member q WHERE q.project_id = p.project_id AND q.email <> ?1
                    )
                ), inside AS (
                    SELECT c.id, c.message_count FROM own CROSS JOIN conversation c WHERE c.project_id = own.project_id
                )
                SELECT
                    (SELECT count(*) FROM account WHERE email = ?1),
                    (SELECT count(*) FROM login_session WHERE email = ?1),
                    (SELECT count(*) FROM own),
                    (SELECT count(*) FROM inside),
                    (SELECT coalesce(sum(message_count), 0) FROM inside),
                    (SELECT count(*) FROM project_member WHERE email = ?1) - (SELECT count(*) FROM own),
                    (SELECT count(*) FROM draft WHERE email = ?1 OR conversation_id IN (SELECT id FROM inside)),
                    (SELECT count(*) FROM query_log WHERE email = ?1)
                """,
                [person]
            ) { columns in
                var report = ErasureReport()
                report.hadAccount = try columns.next(Int.self) > 0
                report.loginSessions = try columns.next()
                report.projects = try columns.next()
                report.conversations = try columns.next()
                report.messages = try columns.next()
                report.memberships = try columns.next()
                report.drafts = try columns.next()
                report.queryLogLines = try columns.next()
                return report
            }
        } ?? ErasureReport()
    }

    /// Conversations that are hidden since their project keeps none so long, the longest so first.
    public func expiredConversations(limit: Int) async throws -> [ExpiredConversation] {
        try await read { try $0.expiredConversations(limit: limit) }
    }

    /// Deletes expired conversations, a few in each write.
    public func purgeExpired(limit: Int) async throws -> Commit<Int> {
        var commit = Commit(0, changes: [])
        while commit.value < limit {
            let count = min(batchSize, limit - commit.value)
            do {
                let changes = try await write { transaction in
                    try transaction.db.expiredConversations(limit: count).map {
                        try transaction.deleteConversation($0.id)
                    }
                }
                commit.value += changes.count
                commit.changes += changes
                if changes.count < count { break }
            } catch  where !commit.changes.isEmpty {
                // Those who watch must hear of these; the rest comes next time, and with it the error if it lasts.
                break
            }
        }
        return commit
    }

    /// Writes the file anew, and cuts the log: neither holds what was deleted any more.
    ///
    /// The search index is made anew, since its segments keep the terms of what was deleted until they are merged by chance.
    /// Others write when it is over. It needs as much free disk as the file is large, twice.
    public func rewrite() async throws {
        do {
            try await pool.barrierWriteWithoutTransaction { db in
                for table in ["message_terms", "conversation_terms"] {
                    try db.execute(sql: "INSERT INTO \(table) (\(table)) VALUES ('rebuild')")
                    try db.execute(sql: "INSERT INTO \(table) (\(table)) VALUES ('optimize')")
                }
                // A copy of everything doesn't belong into memory. It is deleted when it was copied back, and never held
                // what was deleted before.
                try db.execute(sql: "PRAGMA temp_store = FILE")
                defer {
                    // Back to what the file is opened with; where it failed, sorting would only be slower.
                    try? db.execute(sql: "PRAGMA temp_store = MEMORY")
                }
                try db.execute(sql: "VACUUM")
                let isBusy = try Bool.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") ?? true
                guard !isBusy else {
                    throw ParleyError.unavailable(
                        "Another program reads the database, and keeps its log from being cut; try again."
                    )
                }
            }
        } catch {
            throw StoreFault.translate(error, logger: logger)
        }
    }
}

extension WriteTransaction {
    /// Deletes some conversations of projects whose only member a person is.
    fileprivate func eraseSomeConversations(
        of person: EmailAddress,
        limit: Int
    ) throws -> Commit<ErasureReport> {
        let conversations = try db.all(
            """
            SELECT c.id FROM project_member p CROSS JOIN conversation c ON c.project_id = p.project_id
            WHERE p.email = ?1 AND NOT EXISTS (
                SELECT 1 FROM project_member q WHERE q.project_id = p.project_id AND q.email <> ?1
            )
            LIMIT ?2
            """,
            [person, limit]
        ) { try $0.next(ConversationID.self) }
        var commit = Commit(ErasureReport(), changes: [])
        for conversation in conversations { try erase(conversation, in: &commit) }
        return commit
    }

    private func erase(_ conversation: ConversationID, in commit: inout Commit<ErasureReport>) throws {
        commit.value.drafts +=
            try db.first("SELECT count(*) FROM draft WHERE conversation_id = ?", [conversation]) { try $0.next() } ?? 0
        let change = try deleteConversation(conversation)
        if case .conversationDeleted(let last) = change { commit.value.messages += last.messageCount }
        commit.value.conversations += 1
        commit.changes.append(change)
    }

    /// Erases everything of a person.
    fileprivate func eraseRest(of person: EmailAddress) throws -> Commit<ErasureReport> {
        var commit = Commit(ErasureReport(), changes: [])
        let projects = try db.all(
            "SELECT project_id FROM project_member WHERE email = ? ORDER BY project_id",
            [person]
        ) { try $0.next(ProjectID.self) }
        for id in projects {
            let project = try db.project(id)
            if project.members.count == 1 {
                try eraseProject(id, in: &commit)
            } else {
                try remove(person, from: project, in: &commit)
            }
        }
        commit.value.drafts += try delete("draft", of: person)
        _ = try delete("read_mark", of: person)
        try db.run("DELETE FROM import_item WHERE importer = ?", [person])
        commit.value.queryLogLines = try delete("query_log", of: person)
        commit.value.loginSessions = try delete("login_session", of: person)
        commit.value.hadAccount = try delete("account", of: person) > 0
        commit.notices.append(.signedOut(person, nil))
        return commit
    }

    private func delete(_ table: String, of person: EmailAddress) throws -> Int {
        try db.run("DELETE FROM \(table) WHERE email = ?", [person])
        return db.changesCount
    }

    private func eraseProject(_ id: ProjectID, in commit: inout Commit<ErasureReport>) throws {
        let conversations = try db.all(
            "SELECT id FROM conversation WHERE project_id = ? ORDER BY id",
            [id]
        ) { try $0.next(ConversationID.self) }
        for conversation in conversations { try erase(conversation, in: &commit) }
        try db.run("DELETE FROM project WHERE id = ?", [id])
        commit.value.projects += 1
        commit.notices.append(.projectDeleted(id))
    }

    private func remove(
        _ person: EmailAddress,
        from project: Project,
        in commit: inout Commit<ErasureReport>
    ) throws {
        try db.run("DELETE FROM project_member WHERE project_id = ? AND email = ?", [project.id, person])
        // The first editor by address, else the first viewer.
        try db.run(
            """
            UPDATE project_member SET role = 'owner' WHERE project_id = ?1
                AND NOT EXISTS (SELECT 1 FROM project_member WHERE project_id = ?1 AND role = 'owner')
                AND email = (SELECT email FROM project_member WHERE project_id = ?1 ORDER BY role, email LIMIT 1)
            """,
            [project.id]
        )
        try db.run("UPDATE project SET updated_at = ? WHERE id = ?", [now, project.id])
        commit.value.memberships += 1
        commit.notices.append(.memberLeft(person, project.id))
    }
}

extension Database {
    fileprivate func expiredConversations(limit: Int) throws -> [ExpiredConversation] {
        try all(
            """
            SELECT c.id, c.project_id, c.message_count, c.updated_at FROM \(Retention.expired)
            ORDER BY c.updated_at + o.retention_days * 86400000000, c.id LIMIT ?
            """,
            [limit]
        ) { columns in
            ExpiredConversation(
                id: try columns.next(),
                projectID: try columns.next(),
                messageCount: try columns.next(),
                updatedAt: try columns.next()
            )
        }
    }
}
