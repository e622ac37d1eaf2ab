public import ParleyCore
import RedisWire

/// Becomes what another store has.
extension RedisStore: ReplicaStore {
    /// Makes a project what the record says, its members included.
    public func putReplica(_ record: ProjectRecord) async throws {
        let project = record.project
        if project.isPersonal, let person = project.members.first?.email {
            let key = RedisArgument.string(TruthKeys.person(person))
            _ = try await send(["HSETNX", key, "personal", "\(project.id)"])
            guard try await send(["HGET", key, "personal"]).string == "\(project.id)" else {
                throw ParleyError.anotherPersonalProject
            }
        }
        // What leads to it comes first, and is harmless where it leads nowhere.
        for member in project.members { try await lead(member.email, to: project.id) }
        _ = try await send(["SADD", .string(TruthKeys.projects), "\(project.id)"])
        let before = try await settingStill { try await self.put(record) }
        for member in before?.members ?? [] where project.role(of: member.email) == nil {
            try await unlead(member.email, from: project.id)
        }
    }

    /// Removes a project and all that is in it.
    public func removeReplica(_ project: ProjectID) async throws {
        let personal = try await storedProject(project)?.project
        let person = personal?.isPersonal == true ? personal?.members.first?.email : nil
        _ = try await eraseProject(project, countingDraftsOf: person)
    }

    /// Removes a conversation and all that is in it.
    public func removeReplica(_ conversation: ConversationID) async throws {
        guard let place = try await place(of: conversation) else { return }
        _ = try await remove(conversation, from: place.project)
    }

    /// Makes a conversation what the record says, and its messages what their records say.
    public func putReplica(
        _ conversation: ConversationRecord,
        messages: [MessageRecord],
        isWhole: Bool
    ) async throws {
        let (id, project) = (conversation.fields.id, conversation.fields.projectID)
        guard try await storedProject(project) != nil else { throw ParleyError.notFound }
        if let place = try await place(of: id), place.project != project {
            try await carry(id, from: place.project, to: conversation)
        }
        for item in conversation.imports { try await noteImport(item) }
        if messages.contains(where: { $0.running != nil }) { try await noteRunning(in: project, at: clock.now()) }
        // What leads to it comes first, and is harmless where it leads nowhere.
        _ = try await send(["SET", .string(TruthKeys.session(id)), "\(project)"])
        known[id] = project
        try await settingStill {
            let present = try await self.present(id, messages.map(\.message.id), in: project)
            let writing = try ReplicaWriting(conversation, messages, isWhole: isWhole, over: present)
            try await self.commit(writing, in: project)
        }
    }

    /// Adds lines to the query log that are not there yet.
    public func putReplica(_ lines: [QueryLogEntry]) async throws {
        for start in stride(from: 0, to: lines.count, by: Self.queryLogPage) {
            try await addToQueryLog(Array(lines[start...].prefix(Self.queryLogPage)))
        }
    }

    /// Removes lines of the query log.
    public func removeReplica(_ lines: [QueryLogEntry]) async throws {
        for start in stride(from: 0, to: lines.count, by: Self.queryLogPage) {
            try await removeFromQueryLog(Array(lines[start...].prefix(Self.queryLogPage)))
        }
    }
}

extension RedisStore {
    /// How a conversation's records are looked at: as if no project kept anything for some days only.
    static let always = Timestamp(microseconds: 0)

    /// A project as it is.
    func storedProject(_ id: ProjectID) async throws -> ProjectRecord? {
        do {
            let stored = try await stored(id, for: .read, as: nil)
            return ProjectRecord(project: stored.project, fingerprint: stored.fingerprint?.value)
        } catch Refusal.missing {
            return nil
        }
    }

    /// Removes a conversation from a project, whoever may see it, unless `condition` wants it to stay; what it was.
    func remove(
        _ id: ConversationID,
        from project: ProjectID,
        if condition: @Sendable (Conversation) async throws -> Removal = { _ in .always }
    ) async throws -> Conversation? {
        let removed: Conversation? = try await settingStill {
            guard let view = try await self.present(id, [], in: project) else { return nil }
            var batch = WriteBatch()
            batch.trash(view.session.fields)
            var terms = CommitTerms(now: Self.always, session: id, tag: view.session.tag)
            terms.flags = "m"
            switch try await condition(view.session.fields) {
            case .never: return nil
            case .always: break
            case .under(let tag): terms.projectTag = tag
            }
            try await self.commit(batch, in: project, terms)
            return view.session.fields
        }
        // Also where there was none: what somebody who was interrupted has left goes.
        let isLeft = removed == nil ? try await isThere(id, in: project) : false
        if !isLeft { try await forget(id, in: project) }
        return removed
    }

    /// Whether a conversation is to be removed.
    enum Removal {
        case never, always
        /// If the project is at this version.
        case under(LogTag)
    }

    private func isThere(_ id: ConversationID, in project: ProjectID) async throws -> Bool {
        let key = TruthKeys.project(project) + TruthKeys.session(in: id)
        return try await send(["EXISTS", .string(key)]).integer == 1
    }

    /// A conversation with some of its messages, and all pieces; `nil` where it is not in the project.
    private func present(
        _ id: ConversationID,
        _ messages: [MessageID],
        in project: ProjectID
    ) async throws -> SessionView? {
        do {
            return try await view(id, in: project, .ids(messages), as: nil, at: Self.always)
        } catch Refusal.missing {
            return nil
        } catch Refusal.moving {
            throw ParleyError.unavailable("The conversation is being moved.")
        }
    }

    /// Does something again until nobody else was faster.
    func settingStill<Value>(_ body: () async throws -> Value) async throws -> Value {
        for _ in 0..<Self.attempts {
            do {
                return try await body()
            } catch Refusal.lost {
                continue
            } catch let refusal as Refusal where refusal != .trash {
                throw refusal.error(for: .write)
            }
        }
        throw ParleyError.unavailable("Too many change the same thing.")
    }

    private func put(_ record: ProjectRecord) async throws -> Project? {
        let id = record.project.id
        var terms = CommitTerms(now: Self.always, nextProjectTag: .random())
        var present: StoredProject?
        do {
            present = try await stored(id, for: .read, as: nil)
        } catch Refusal.missing {
            terms.isNewProject = true
        }
        terms.projectTag = present?.tag
        var batch = WriteBatch()
        StoredProject(record.project, fingerprint: record.fingerprint.map(Fingerprint.init(value:)))
            .write(to: &batch, isNew: false)
        batch.command("DEL", ":members")
        let members: [RedisArgument] = record.project.members.flatMap { member -> [RedisArgument] in
            [.string(member.email.value), .string(member.role.rawValue)]
        }
        batch.command("HSET", ":members", each: members, size: 2)
        do {
            try await commit(batch, in: id, terms)
        } catch Refusal.exists {
            throw Refusal.lost
        }
        return present?.project
    }

    private func commit(_ writing: ReplicaWriting, in project: ProjectID) async throws {
        var terms = CommitTerms(now: Self.always, session: writing.id, tag: writing.tag, nextTag: .random())
        terms.isNewSession = writing.tag == nil
        terms.flags = "m"
        do {
            try await commit(writing.batch, in: project, terms)
        } catch Refusal.exists {
            throw Refusal.lost
        } catch Refusal.trash {
            try await sweepTrash(project)
            throw Refusal.lost
        }
    }

    /// Brings a conversation to the project that its record names.
    ///
    /// Its messages are copied there, then its key leads there, then it goes from where it was. Whoever is interrupted begins again and finds what is done.
    private func carry(_ id: ConversationID, from source: ProjectID, to record: ConversationRecord) async throws {
        let target = record.fields.projectID
        guard let before = try await conversation(id, in: source) else { return }
        var partial = record
        partial.fields.revision = before.fields.revision
        var seq = 0
        while true {
            let page = try await messages(of: id, in: source, changedSince: 0, afterSeq: seq, limit: 200)
            guard let last = page?.last else { break }
            let messages = page ?? []
            try await settingStill {
                let present = try await self.present(id, messages.map(\.message.id), in: target)
                try await self.commit(
                    try ReplicaWriting(partial, messages, isWhole: false, over: present),
                    in: target
                )
            }
            seq = last.message.seq
        }
        if seq == 0 {
            try await settingStill {
                let present = try await self.present(id, [], in: target)
                try await self.commit(try ReplicaWriting(partial, [], isWhole: false, over: present), in: target)
            }
        }
        _ = try await send(["SET", .string(TruthKeys.session(id)), "\(target)"])
        known[id] = target
        _ = try await remove(id, from: source)
    }
}
