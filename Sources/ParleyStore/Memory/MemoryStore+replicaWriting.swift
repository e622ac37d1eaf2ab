public import ParleyCore

// Becomes what another store has.
extension MemoryStore {
    /// Makes a project what the record says.
    public func putReplica(_ record: ProjectRecord) throws {
        try write { state, _ in
            let project = record.project
            if project.isPersonal, let person = project.members.first?.email {
                guard state.personalProjects[person, default: project.id] == project.id else {
                    throw ParleyError.anotherPersonalProject
                }
                state.personalProjects[person] = project.id
            }
            state.projects[project.id] = StoredProject(
                project: project,
                fingerprint: record.fingerprint.map(Fingerprint.init(value:))
            )
        }
    }

    /// Removes a project and all that is in it.
    public func removeReplica(_ project: ProjectID) throws {
        write { state, now in
            for stored in state.conversations.values where stored.fields.projectID == project {
                _ = state.delete(stored, at: now)
            }
            state.projects[project] = nil
            state.personalProjects = state.personalProjects.filter { $0.value != project }
        }
    }

    /// Makes a conversation what the record says, and its messages what their records say.
    public func putReplica(
        _ record: ConversationRecord,
        messages: [MessageRecord],
        isWhole: Bool
    ) throws {
        try write { state, _ in
            let id = record.fields.id
            guard state.projects[record.fields.projectID] != nil else { throw ParleyError.notFound }
            let present = state.conversations[id]
            if let present, present.fields.revision > record.fields.revision { throw ParleyError.laterReplica }
            var log = present?.log ?? []
            for message in messages { try log.put(message) }
            var fields = record.fields
            fields.preview = nil
            var stored = StoredConversation(fields, fingerprint: record.fingerprint.map(Fingerprint.init(value:)))
            stored.imports = Dictionary(record.imports.map { ($0.batch, $0) }) { first, _ in first }
            stored.become(fields, titledRevision: record.titledRevision, log: log)
            let revision = present.map { state.partialCopies[id] ?? $0.fields.revision } ?? 0
            state.conversations[id] = stored
            state.partialCopies[id] = isWhole ? nil : revision
            state.drafts = state.drafts.filter { $0.key.conversation != id }
            for (email, draft) in record.drafts {
                state.drafts[MemoryState.DraftKey(email: email, conversation: id)] = draft
            }
            state.readMarks[id] = record.readMarks.isEmpty ? nil : record.readMarks
        }
    }

    /// Removes a conversation and all that is in it.
    public func removeReplica(_ conversation: ConversationID) throws {
        write { state, now in
            if let stored = state.conversations[conversation] { _ = state.delete(stored, at: now) }
        }
    }

    /// Makes what is kept of a person what the record says.
    public func putReplica(_ person: PersonRecord) throws {
        write { state, _ in
            state.remove(person.email)
            state.accounts[person.email] = person.account
            for session in person.loginSessions { state.loginSessions[session.tokenHash] = session }
            state.drafts[MemoryState.DraftKey(email: person.email, conversation: nil)] = person.draft
        }
    }

    /// Removes what is kept of a person beside projects.
    public func removeReplica(_ person: EmailAddress) throws {
        write { state, _ in state.remove(person) }
    }

    /// Adds lines to the query log that are not there yet.
    public func putReplica(_ lines: [QueryLogEntry]) throws {
        write { state, _ in
            for line in lines
            where !state.queryLog.contains(where: { $0.time == line.time && $0.messageID == line.messageID }) {
                state.queryLog.append(line)
            }
        }
    }

    /// Removes lines of the query log.
    public func removeReplica(_ lines: [QueryLogEntry]) throws {
        write { state, _ in
            state.queryLog.removeAll { old in
                lines.contains { $0.time == old.time && $0.messageID == old.messageID }
            }
        }
    }
}

extension MemoryState {
    fileprivate mutating func remove(_ person: EmailAddress) {
        accounts[person] = nil
        loginSessions = loginSessions.filter { $0.value.email != person }
        drafts[DraftKey(email: person, conversation: nil)] = nil
    }
}

extension [StoredMessage] {
    /// Puts a message at its place, or behind all others.
    fileprivate mutating func put(_ record: MessageRecord) throws {
        let message = record.message
        let question = record.replyTo.flatMap { indices.contains($0 - 1) ? self[$0 - 1].message.id : nil }
        var stored = StoredMessage(
            message: message,
            fingerprint: record.fingerprint.map(Fingerprint.init(value:)),
            versions: record.versions,
            textAuthor: record.contentAuthor,
            textTime: record.contentAt,
            answers: question,
            fence: record.fence
        )
        stored.running = record.running.map { running in
            RunningReply(
                pieces: running.pieces,
                leaseEnd: running.leaseEnd,
                isStopRequested: running.isStopRequested
            )
        }
        let place = firstIndex { $0.message.id == message.id }
        guard message.seq <= count + 1, place == nil || place == message.seq - 1 else {
            throw ParleyError.divergedReplica
        }
        if message.seq == count + 1 {
            append(stored)
        } else if place == message.seq - 1 {
            self[message.seq - 1] = stored
        } else {
            throw ParleyError.divergedReplica
        }
    }
}
