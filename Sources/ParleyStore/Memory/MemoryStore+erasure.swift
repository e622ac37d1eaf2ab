public import ParleyCore

extension MemoryStore: ErasureStore {
    /// Erases a person and all that only they could reach.
    public func erase(_ person: EmailAddress) -> Commit<ErasureReport> {
        write { state, now in state.erase(person, at: now) }
    }

    /// What would be removed at present.
    public func erasable(_ person: EmailAddress) -> ErasureReport {
        read { state, now in
            var copy = state
            return copy.erase(person, at: now).value
        }
    }

    /// Conversations that are hidden since their project keeps none so long, the longest so first.
    public func expiredConversations(limit: Int) -> [ExpiredConversation] {
        read { state, _ in state.expired(limit: limit) }
    }

    /// Deletes expired conversations.
    public func purgeExpired(limit: Int) -> Commit<Int> {
        write { state, now in
            let changes = state.expired(limit: limit).compactMap { expired in
                state.conversations[expired.id].map { state.delete($0, at: now) }
            }
            return Commit(changes.count, changes: changes)
        }
    }

    /// Nothing: there are no files.
    public func rewrite() {}
}

extension MemoryState {
    fileprivate mutating func erase(_ person: EmailAddress, at now: Timestamp) -> Commit<ErasureReport> {
        var commit = Commit(ErasureReport(), changes: [])
        for stored in projects.values.sorted(by: { $0.project.id < $1.project.id }) {
            guard stored.project.role(of: person) != nil else { continue }
            if stored.project.members.count == 1 {
                eraseProject(stored.project.id, at: now, in: &commit)
            } else {
                remove(person, from: stored, at: now, in: &commit)
            }
        }
        personalProjects[person] = nil
        let others = drafts.filter { $0.key.email != person }
        commit.value.drafts += drafts.count - others.count
        drafts = others
        for conversation in readMarks.keys { readMarks[conversation]?[person] = nil }
        for conversation in conversations.keys {
            guard let imports = conversations[conversation]?.imports, !imports.isEmpty else { continue }
            conversations[conversation]?.imports = imports.filter { $0.value.importer != person }
        }
        let lines = queryLog.filter { $0.email != person }
        commit.value.queryLogLines = queryLog.count - lines.count
        queryLog = lines
        let sessions = loginSessions.filter { $0.value.email != person }
        commit.value.loginSessions = loginSessions.count - sessions.count
        loginSessions = sessions
        commit.value.hadAccount = accounts.removeValue(forKey: person) != nil
        commit.notices.append(.signedOut(person, nil))
        return commit
    }

    fileprivate func expired(limit: Int) -> [ExpiredConversation] {
        let expired = conversations.values.filter { hasExpired($0) }.map { stored in
            let limit = projects[stored.fields.projectID]?.project.expiryLimit(at: now) ?? now
            return (since: limit - stored.fields.updatedAt, fields: stored.fields)
        }
        .sorted { ($0.since, $1.fields.id) > ($1.since, $0.fields.id) }
        return expired.prefix(limit).map { expired in
            ExpiredConversation(
                id: expired.fields.id,
                projectID: expired.fields.projectID,
                messageCount: expired.fields.messageCount,
                updatedAt: expired.fields.updatedAt
            )
        }
    }

    fileprivate mutating func eraseProject(
        _ id: ProjectID,
        at now: Timestamp,
        in commit: inout Commit<ErasureReport>
    ) {
        let inside = conversations.values.filter { $0.fields.projectID == id }.sorted { $0.fields.id < $1.fields.id }
        let places = Set(inside.map(\.fields.id))
        commit.value.drafts += drafts.keys.filter { $0.conversation.map(places.contains) ?? false }.count
        for stored in inside {
            commit.value.conversations += 1
            commit.value.messages += stored.fields.messageCount
            commit.changes.append(delete(stored, at: now))
        }
        projects[id] = nil
        commit.value.projects += 1
        commit.notices.append(.projectDeleted(id))
    }

    fileprivate mutating func remove(
        _ person: EmailAddress,
        from stored: StoredProject,
        at now: Timestamp,
        in commit: inout Commit<ErasureReport>
    ) {
        var stored = stored
        stored.project.members.removeAll { $0.email == person }
        if let heir = stored.project.members.heir { stored.project.members[heir].role = .owner }
        stored.project.updatedAt = now
        projects[stored.project.id] = stored
        commit.value.memberships += 1
        commit.notices.append(.memberLeft(person, stored.project.id))
    }
}

extension [Member] {
    /// Who becomes owner where there is none: the first editor by address, else the first viewer.
    fileprivate var heir: Int? {
        if contains(where: { $0.role == .owner }) { return nil }
        return firstIndex { $0.role == .editor } ?? indices.first
    }
}
