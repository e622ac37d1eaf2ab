public import ParleyCore
import RedisWire

/// Forgets people, project by project: each step leaves what the next call finds.
///
/// That it has begun is noted first, and the account goes next, after which nobody signs in with it; what leads to the rest
/// goes last. One that was cut off is finished by ``purgeExpired(limit:)``, or by whoever wants the address for an account.
extension RedisStore: ErasureStore {
    /// Erases a person and all that only they could reach.
    public func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport> {
        var commit = Commit(ErasureReport(), changes: [])
        _ = try await send([
            "ZADD", .string(SideKeys.erasing), .integer(clock.now().microseconds), .string(person.value),
        ])
        commit.value.hadAccount = try await storedAccount(person) != nil
        commit.value.loginSessions = try await removeAccount(of: person)
        // Whoever comes with a token meanwhile may make another personal project: that goes, too, but not for ever.
        for _ in 0..<Self.rounds {
            let projects = try await projectIDs(of: person)
            if projects.isEmpty { break }
            for project in projects {
                try await leave(project, person, &commit)
                _ = try await send(["SREM", .string(TruthKeys.projects(of: person)), "\(project)"])
            }
        }
        try await eraseImports(of: person)
        if try await storedDraft(of: person) != nil { commit.value.drafts += 1 }
        commit.value.queryLogLines = try await removeQueryLog(of: person)
        _ = try await send(["DEL", .string(TruthKeys.person(person))])
        _ = try await send(["ZREM", .string(SideKeys.people), .string(person.value)])
        _ = try await send(["ZREM", .string(SideKeys.erasing), .string(person.value)])
        commit.notices.append(.signedOut(person, nil))
        return commit
    }

    /// Goes on with erasures that were cut off, and of which nothing has been heard for a while.
    private func finishErasures() async throws -> Commit<Void> {
        var all = Commit((), changes: [])
        let last = clock.now() + (.zero - Self.erasingTime)
        let reply = try await send(["ZRANGEBYSCORE", .string(SideKeys.erasing), "-inf", .integer(last.microseconds)])
        for person in reply.elements.compactMap({ $0.string.flatMap { EmailAddress($0) } }) {
            let commit = try await erase(person)
            all.changes += commit.changes
            all.notices += commit.notices
        }
        return all
    }

    /// Lets an address be used again: what was left of an erasure goes first.
    ///
    /// - Throws: `unavailable` where somebody is at it.
    func finishErasure(of person: EmailAddress) async throws {
        let reply = try await send(["ZSCORE", .string(SideKeys.erasing), .string(person.value)])
        guard let since = reply.double.map({ Timestamp(microseconds: Int64($0)) }) else { return }
        guard since + Self.erasingTime <= clock.now() else {
            throw ParleyError.unavailable("What was kept of this address is being erased.")
        }
        _ = try await erase(person)
    }

    /// What would be removed at present.
    public func erasable(_ person: EmailAddress) async throws -> ErasureReport {
        var report = ErasureReport()
        report.hadAccount = try await storedAccount(person) != nil
        report.loginSessions = Int(try await send(["ZCARD", .string(SideKeys.signIns(of: person))]).integer ?? 0)
        for id in try await projectIDs(of: person) {
            guard let project = try await storedProject(id)?.project, project.role(of: person) != nil else { continue }
            let sessions = try await allConversations(in: id)
            report.drafts += try await count(of: sessions, in: id, of: person).drafts
            guard project.members.count == 1 else {
                report.memberships += 1
                continue
            }
            report.projects += 1
            report.conversations += sessions.count
            report.messages += try await count(of: sessions, in: id, of: person).messages
        }
        if try await storedDraft(of: person) != nil { report.drafts += 1 }
        try await forEachQueryLogPage(from: Timestamp(microseconds: 0)) { page in
            report.queryLogLines += page.count { $0.email == person }
            return true
        }
        return report
    }

    /// Conversations that are hidden since their project keeps none so long, the longest so first.
    public func expiredConversations(limit: Int) async throws -> [ExpiredConversation] {
        guard limit > 0 else { return [] }
        let now = clock.now()
        var found: [Expired] = []
        for projects in try await allProjects().chunks(of: 256) {
            let some = try await forEach(projects) { try await self.expired(in: $0, limit: limit, at: now) }
            found = Array((found + some.flatMap(\.self)).sorted(by: Expired.isLonger).prefix(limit))
        }
        let counted = try await forEach(found) { expired -> ExpiredConversation? in
            let key = TruthKeys.project(expired.project) + TruthKeys.session(in: expired.id)
            let fields = Array(try await self.send(["HMGET", .string(key), "message_count", "running"]).elements)
            // A reply that is being written keeps its conversation.
            guard fields.count == 2, let count = fields[0].integer, fields[1].isNull else { return nil }
            return ExpiredConversation(
                id: expired.id,
                projectID: expired.project,
                messageCount: Int(count),
                updatedAt: expired.updatedAt
            )
        }
        return counted.compactMap(\.self)
    }

    /// Deletes expired conversations; and goes on with erasures, deletions and moves that somebody did not come to the end
    /// of.
    public func purgeExpired(limit: Int) async throws -> Commit<Int> {
        let erased = try await finishErasures()
        try await tidy()
        var changes: [Change] = []
        for expired in try await expiredConversations(limit: limit) {
            let now = clock.now()
            let removed = try await remove(expired.id, from: expired.projectID) { fields in
                // As the project is when it goes: somebody may want to keep it longer by now.
                guard let stored = try await self.projectToLeave(expired.projectID),
                    let limit = stored.project.expiryLimit(at: now), fields.updatedAt <= limit
                else { return .never }
                return .under(stored.tag)
            }
            if let removed { changes.append(.conversationDeleted(removed.deleted(at: now))) }
        }
        return Commit(changes.count, changes: erased.changes + changes, notices: erased.notices)
    }
}

extension RedisStore {
    private static let rounds = 8
    /// How long an erasure is left to whoever began it.
    private static let erasingTime = Duration.seconds(60)

    /// A conversation that has expired.
    private struct Expired {
        let id: ConversationID
        let project: ProjectID
        let updatedAt: Timestamp
        let since: Duration

        static func isLonger(_ one: Self, _ other: Self) -> Bool {
            (one.since, other.id) > (other.since, one.id)
        }
    }

    private func expired(in project: ProjectID, limit: Int, at now: Timestamp) async throws -> [Expired] {
        let base = TruthKeys.project(project)
        guard let days = try await send(["HGET", .string(base), "retention_days"]).integer else { return [] }
        let last = now + .seconds(-days * 86_400)
        return try await send([
            "ZRANGEBYSCORE", .string(base + ":recent"), "-inf", .integer(last.microseconds), "WITHSCORES", "LIMIT", 0,
            .integer(limit),
        ])
        .membersWithScores.compactMap { member, score in
            let updatedAt = Timestamp(microseconds: score)
            return ConversationID(member).map {
                Expired(id: $0, project: project, updatedAt: updatedAt, since: last - updatedAt)
            }
        }
    }

    private func projectToLeave(_ id: ProjectID) async throws -> StoredProject? {
        do {
            return try await stored(id, for: .read, as: nil)
        } catch Refusal.missing {
            return nil
        }
    }

    /// Takes a person out of a project, or removes it where they are its only member.
    private func leave(
        _ id: ProjectID,
        _ person: EmailAddress,
        _ commit: inout Commit<ErasureReport>
    ) async throws {
        guard let project = try await storedProject(id)?.project else {
            _ = try await eraseProject(id, countingDraftsOf: person)
            return
        }
        guard project.role(of: person) != nil else { return }
        if project.members.count == 1 {
            guard let (drafts, removed) = try await eraseProject(id, countingDraftsOf: person) else { return }
            commit.value.drafts += drafts
            commit.value.projects += 1
            commit.value.conversations += removed.count
            commit.value.messages += removed.reduce(0) { $0 + $1.messageCount }
            commit.changes += removed.map(Change.conversationDeleted)
            commit.notices.append(.projectDeleted(id))
            return
        }
        let drafts = try await count(of: try await allConversations(in: id), in: id, of: person).drafts
        let hasLeft = try await settingStill {
            guard var stored = try await self.projectToLeave(id), stored.project.role(of: person) != nil else {
                return false
            }
            var batch = WriteBatch()
            stored.project.members.removeAll { $0.email == person }
            if let heir = stored.project.members.heir {
                batch.command("HSET", ":members", [.string(heir.value), .string(Role.owner.rawValue)])
            }
            let now = self.clock.now()
            stored.project.updatedAt = now
            stored.write(to: &batch, isNew: false)
            batch.command("HDEL", ":members", [.string(person.value)])
            batch.add(["forget", .string(person.value)])
            try await self.commit(
                batch,
                in: id,
                CommitTerms(now: now, projectTag: stored.tag, nextProjectTag: .random())
            )
            return true
        }
        guard hasLeft else { return }
        commit.value.drafts += drafts
        commit.value.memberships += 1
        commit.notices.append(.memberLeft(person, id))
    }

    /// How many drafts a person has in conversations, and how many messages these hold.
    private func count(
        of sessions: [ConversationID],
        in project: ProjectID,
        of person: EmailAddress
    ) async throws -> (drafts: Int, messages: Int) {
        var total = (drafts: 0, messages: 0)
        for some in sessions.chunks(of: 500) {
            let reply = try await run(
                ErasureScripts.count,
                keys: [.string(TruthKeys.project(project))],
                arguments: [.string(person.value)] + some.map { "\($0)" }
            )
            let counts = reply.elements.compactMap(\.integer)
            guard counts.count == 2 else { throw UnreadableRecord(what: "count") }
            total.drafts += Int(counts[0])
            total.messages += Int(counts[1])
        }
        return total
    }

    /// Removes a project with all that is in it, whoever may see it, and says what it held.
    ///
    /// What is left of one that is gone already goes.
    func eraseProject(
        _ id: ProjectID,
        countingDraftsOf person: EmailAddress? = nil
    ) async throws -> (drafts: Int, conversations: [Conversation])? {
        let now = clock.now()
        var drafts = 0
        if let person {
            drafts = try await count(of: try await allConversations(in: id), in: id, of: person).drafts
            let key = RedisArgument.string(TruthKeys.person(person))
            if try await send(["HGET", key, "personal"]).string == "\(id)" {
                _ = try await send(["HDEL", key, "personal"])
            }
        }
        guard try await storedProject(id) != nil else {
            let left = try await members(of: TruthKeys.project(id) + ":trash").compactMap { ConversationID($0) }
            try await sweepProject(id, person.map { [$0] } ?? [], left)
            return nil
        }
        // As if it kept everything: of what it hides as expired nothing may be left either.
        let gone = try await removeProject(id, as: nil, at: Self.always)
        try await sweepProject(id, gone.members, gone.conversations.map(\.id))
        let conversations = gone.conversations.map { conversation in
            var conversation = conversation
            conversation.updatedAt = now
            return conversation
        }
        return (drafts, conversations.sorted { $0.id < $1.id })
    }

    /// Forgets what imports of a person did: with what they touched, then the lists that lead there.
    private func eraseImports(of person: EmailAddress) async throws {
        let list = TruthKeys.imports(of: person)
        for batch in try await members(of: list).compactMap({ ImportBatchID($0) }) {
            let touched = TruthKeys.imports(of: person, batch)
            for session in try await members(of: touched).compactMap({ ConversationID($0) }) {
                guard let place = try await place(of: session) else { continue }
                let key = TruthKeys.project(place.project) + TruthKeys.imports(of: session)
                _ = try await send(["HDEL", .string(key), "\(batch)"])
            }
            _ = try await send(["DEL", .string(touched)])
            _ = try await send(["SREM", .string(list), "\(batch)"])
        }
    }
}

/// What erasing needs beside the scripts that write.
enum ErasureScripts {
    /// A person's drafts in conversations, and the messages in these.
    static let count = TruthScripts.script(
        """
        local drafts, messages = 0, 0
        for at = 2, #ARGV do
            drafts = drafts + redis.call('HEXISTS', session(ARGV[at]) .. ':drafts', ARGV[1])
            messages = messages + tonumber(redis.call('HGET', session(ARGV[at]), 'message_count') or '0')
        end
        return { drafts, messages }
        """
    )
}

extension Conversation {
    /// The conversation as the change that deletes it tells of it.
    fileprivate func deleted(at now: Timestamp) -> Conversation {
        var last = self
        last.revision += 1
        last.updatedAt = now
        return last
    }
}

extension [Member] {
    /// Who becomes owner where there is none: the first editor by address, else the first viewer.
    fileprivate var heir: EmailAddress? {
        if contains(where: { $0.role == .owner }) { return nil }
        return (first { $0.role == .editor } ?? first)?.email
    }
}

extension Array {
    /// Parts of at most so many elements, in order.
    func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0...].prefix(size)) }
    }
}
