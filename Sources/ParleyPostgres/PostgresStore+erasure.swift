internal import LibPQ
internal import Logging
public import ParleyCore

/// How many conversations one transaction deletes at most, so that nobody waits long behind it.
private let batchSize = 20

extension PostgresStore: ErasureStore {
    /// Erases a person and all that only they could reach.
    ///
    /// The conversations go first, a few in each transaction, then project by project what is left of them and what has come
    /// meanwhile, and the account with all that is of the person alone in the last one. So whoever asks again after a fault
    /// can still sign in to do so. No transaction locks more than one project.
    public func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport> {
        var commit = Commit(ErasureReport(), changes: [])
        while true {
            let step = try await write(isLong: true) { transaction in
                try await transaction.eraseSomeConversations(of: person, limit: batchSize)
            }
            if step.changes.isEmpty { break }
            commit.add(step)
        }
        while let project = try await projectID(of: person) {
            commit.add(try await write(isLong: true) { try await $0.erase(person, from: project) })
        }
        commit.add(try await write(isLong: true) { try await $0.eraseAccount(of: person) })
        return commit
    }

    /// What would be removed at present.
    public func erasable(_ person: EmailAddress) async throws -> ErasureReport {
        try await read { db in
            try await db.first(
                """
                WITH own AS MATERIALIZED (
                    SELECT p.project_id FROM project_member p WHERE p.email = $1 AND NOT EXISTS (
                        SELECT 1 FROM project_member q WHERE q.project_id = p.project_id AND q.email <> $1
                    )
                ), inside AS (
                    SELECT c.id, c.message_count FROM own CROSS JOIN conversation c WHERE c.project_id = own.project_id
                )
                SELECT
                    (SELECT count(*) FROM account WHERE email = $1),
                    (SELECT count(*) FROM login_session WHERE email = $1),
                    (SELECT count(*) FROM own),
                    (SELECT count(*) FROM inside),
                    (SELECT coalesce(sum(message_count), 0)::int8 FROM inside),
                    (SELECT count(*) FROM project_member WHERE email = $1) - (SELECT count(*) FROM own),
                    (SELECT count(*) FROM draft WHERE email = $1 OR conversation_id IN (SELECT id FROM inside)),
                    (SELECT count(*) FROM query_log WHERE email = $1)
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
        try await read { db in
            try await db.all(
                """
                SELECT c.id, c.project_id, c.message_count, c.updated_at FROM \(Retention.expired)
                ORDER BY c.updated_at + o.retention_days * 86400000000, c.id LIMIT $1
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

    /// Deletes expired conversations, a few in each transaction.
    ///
    /// Several instances do so at the same time: what another one is just deleting is left to it.
    public func purgeExpired(limit: Int) async throws -> Commit<Int> {
        var commit = Commit(0, changes: [])
        while commit.value < limit {
            let count = min(batchSize, limit - commit.value)
            do {
                let changes = try await write(isLong: true) { try await $0.purgeExpired(limit: count) }
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

    private func projectID(of person: EmailAddress) async throws -> ProjectID? {
        try await read { db in
            try await db.first(
                "SELECT project_id FROM project_member WHERE email = $1 ORDER BY project_id LIMIT 1",
                [person]
            ) { try $0.next(ProjectID.self) }
        }
    }
}

extension WriteTransaction {
    /// Deletes some conversations of projects whose only member a person is.
    fileprivate func eraseSomeConversations(
        of person: EmailAddress,
        limit: Int
    ) async throws -> Commit<ErasureReport> {
        try await eraseConversations(
            """
            SELECT c.id FROM project_member p JOIN conversation c ON c.project_id = p.project_id
            WHERE p.email = $1 AND NOT EXISTS (
                SELECT FROM project_member q WHERE q.project_id = p.project_id AND q.email <> $1
            )
            ORDER BY c.id LIMIT $2 FOR UPDATE OF c
            """,
            [person, limit]
        )
    }

    /// Deletes conversations that a statement locks; all that belongs to them goes along by the schema's cascades.
    private func eraseConversations(
        _ statement: String,
        _ arguments: Arguments
    ) async throws -> Commit<ErasureReport> {
        let ids = try await db.allLong(statement, arguments) { try $0.next(ConversationID.self) }
        var commit = Commit(ErasureReport(), changes: [])
        guard !ids.isEmpty else { return commit }
        commit.value.drafts =
            try await db.first(
                "SELECT count(*) FROM draft WHERE conversation_id = ANY ($1)",
                Arguments([.column(ids)])
            ) { try $0.next(Int.self) } ?? 0
        commit.changes = try await deleteConversations(ids)
        commit.value.conversations = commit.changes.count
        for case .conversationDeleted(let last) in commit.changes { commit.value.messages += last.messageCount }
        return commit
    }

    /// Deletes conversations that this transaction has locked.
    private func deleteConversations(_ ids: [ConversationID]) async throws -> [Change] {
        let conversations = try await db.allLong(
            "SELECT \(Conversation.columns) FROM conversation c WHERE c.id = ANY ($1) ORDER BY c.id",
            Arguments([.column(ids)])
        ) { try Conversation(&$0) }
        try await db.runLong("DELETE FROM conversation WHERE id = ANY ($1)", Arguments([.column(ids)]))
        return conversations.map { conversation in
            var last = conversation
            last.revision += 1
            last.updatedAt = max(now, last.updatedAt)
            return .conversationDeleted(last)
        }
    }

    fileprivate func purgeExpired(limit: Int) async throws -> [Change] {
        let ids = try await db.allLong(
            """
            SELECT c.id FROM \(Retention.expired)
            ORDER BY c.updated_at + o.retention_days * 86400000000, c.id LIMIT $1 FOR UPDATE OF c SKIP LOCKED
            """,
            [limit]
        ) { try $0.next(ConversationID.self) }
        return ids.isEmpty ? [] : try await deleteConversations(ids)
    }

    /// Deletes a project whose only member a person is, or takes them out of it.
    fileprivate func erase(
        _ person: EmailAddress,
        from id: ProjectID
    ) async throws -> Commit<ErasureReport> {
        let isThere = try await db.exists("SELECT FROM project WHERE id = $1 FOR UPDATE", [id])
        var commit = Commit(ErasureReport(), changes: [])
        guard isThere else { return commit }
        let project = try await db.project(id)
        guard project.role(of: person) != nil else { return commit }
        guard project.members.count > 1 else {
            commit = try await eraseConversations(
                "SELECT id FROM conversation WHERE project_id = $1 ORDER BY id FOR UPDATE",
                [id]
            )
            try await db.runLong("DELETE FROM project WHERE id = $1", [id])
            commit.value.projects = 1
            commit.notices = [.projectDeleted(id)]
            return commit
        }
        try await db.run("DELETE FROM project_member WHERE project_id = $1 AND email = $2", [id, person])
        // The first editor by address, else the first viewer.
        try await db.run(
            """
            UPDATE project_member SET role = 'owner' WHERE project_id = $1
                AND NOT EXISTS (SELECT FROM project_member q WHERE q.project_id = $1 AND q.role = 'owner')
                AND email = (
                    SELECT q.email FROM project_member q WHERE q.project_id = $1
                    ORDER BY q.role COLLATE "C", q.email COLLATE "C" LIMIT 1
                )
            """,
            [id]
        )
        try await db.run("UPDATE project SET updated_at = $2 WHERE id = $1", [id, now])
        commit.value.memberships = 1
        commit.notices = [.memberLeft(person, id)]
        return commit
    }

    /// Deletes what is of a person alone, wherever it stands.
    fileprivate func eraseAccount(of person: EmailAddress) async throws -> Commit<ErasureReport> {
        var commit = Commit(ErasureReport(), changes: [], notices: [.signedOut(person, nil)])
        commit.value.drafts = try await delete("draft", of: person)
        _ = try await delete("read_mark", of: person)
        try await db.runLong("DELETE FROM import_item WHERE importer = $1", [person])
        commit.value.queryLogLines = try await delete("query_log", of: person)
        commit.value.loginSessions = try await delete("login_session", of: person)
        commit.value.hadAccount = try await delete("account", of: person) > 0
        return commit
    }

    private func delete(_ table: String, of person: EmailAddress) async throws -> Int {
        try await db.runLong("DELETE FROM \(table) WHERE email = $1", [person])
    }
}
