public import ParleyCore

// What it holds, as it is: for copies, and to compare with them.
extension MemoryStore: ReplicaStore {
    /// Projects' ids behind one, ascending.
    public func replicaProjects(after id: ProjectID?, limit: Int) throws -> [ProjectID] {
        read { state, _ in state.projects.keys.part(after: id, limit) }
    }

    /// A project with its members.
    public func replicaProject(_ id: ProjectID) throws -> ProjectRecord? {
        read { state, _ in
            state.projects[id].map { ProjectRecord(project: $0.project, fingerprint: $0.fingerprint?.value) }
        }
    }

    /// How far a project's conversations are, by id, behind one.
    public func replicaConversations(
        in project: ProjectID,
        after id: ConversationID?,
        limit: Int
    ) throws -> [ConversationHead] {
        read { state, _ in
            state.conversations.values.filter { $0.fields.projectID == project }.map(\.fields.id).part(after: id, limit)
                .compactMap { id in
                    state.conversations[id].map { stored in
                        ConversationHead(id: id, revision: state.partialCopies[id] ?? stored.fields.revision)
                    }
                }
        }
    }

    /// A conversation without its messages.
    public func replicaConversation(_ id: ConversationID) throws -> ConversationRecord? {
        read { state, _ in
            guard let stored = state.conversations[id] else { return nil }
            var fields = stored.fields
            fields.preview = nil
            fields.revision = state.partialCopies[id] ?? fields.revision
            let drafts = state.drafts.filter { $0.key.conversation == id }.map { ($0.key.email, $0.value) }
            return ConversationRecord(
                fields: fields,
                fingerprint: stored.fingerprint?.value,
                titledRevision: stored.titledRevision,
                drafts: Dictionary(drafts) { first, _ in first },
                readMarks: state.readMarks[id] ?? [:],
                imports: stored.imports.values.sorted { $0.batch < $1.batch }
            )
        }
    }

    /// Messages of a conversation that have changed since a revision, behind a `seq`.
    public func replicaMessages(
        of conversation: ConversationID,
        changedSince revision: Int,
        afterSeq seq: Int,
        limit: Int
    ) throws -> [MessageRecord] {
        read { state, _ in
            guard let stored = state.conversations[conversation] else { return [] }
            var room = Limits.bytesPerReplicaPage
            var page: [MessageRecord] = []
            for entry in stored.log.dropFirst(seq) where entry.message.revision > revision || entry.running != nil {
                let record = stored.record(of: entry)
                room -= record.bytes
                guard page.count < limit, page.isEmpty || room >= 0 else { break }
                page.append(record)
            }
            return page
        }
    }

    /// People that something is kept of beside projects, by address, behind one.
    public func replicaPeople(after email: EmailAddress?, limit: Int) throws -> [PersonRecord] {
        read { state, _ in
            let drafts = state.drafts.keys.filter { $0.conversation == nil }.map(\.email)
            return Set(state.accounts.keys).union(drafts).part(after: email, limit).compactMap(state.person)
        }
    }

    /// One person.
    public func replicaPerson(_ email: EmailAddress) throws -> PersonRecord? {
        read { state, _ in state.person(email) }
    }

    /// Lines of the query log by time and message, behind one.
    public func replicaQueryLog(after line: QueryLogEntry?, limit: Int) throws -> [QueryLogEntry] {
        read { state, _ in
            let lines = state.queryLog.sorted { $0.place < $1.place }
            let rest = lines.drop { entry in line.map { entry.place <= $0.place } ?? false }
            return Array(rest.prefix(limit))
        }
    }
}

extension QueryLogEntry {
    /// Where a line stands, and what makes it the same line.
    fileprivate var place: (Timestamp, MessageID) { (time, messageID) }
}

extension Collection where Element: Comparable {
    /// The least elements behind one, ascending.
    fileprivate func part(after element: Element?, _ limit: Int) -> [Element] {
        let rest = sorted().drop { other in element.map { other <= $0 } ?? false }
        return Array(rest.prefix(limit))
    }
}

extension MemoryState {
    /// What is kept of a person beside projects.
    fileprivate func person(_ email: EmailAddress) -> PersonRecord? {
        let draft = drafts[DraftKey(email: email, conversation: nil)]
        guard accounts[email] != nil || draft != nil else { return nil }
        let sessions = loginSessions.values.filter { $0.email == email }
            .sorted { $0.tokenHash.lexicographicallyPrecedes($1.tokenHash) }
        return PersonRecord(email: email, account: accounts[email], loginSessions: sessions, draft: draft)
    }
}

extension StoredConversation {
    fileprivate func record(of entry: StoredMessage) -> MessageRecord {
        var message = entry.message
        message.projectID = fields.projectID
        message.nextIndex = nil
        if entry.running != nil { message.content = "" }
        return MessageRecord(
            message: message,
            fingerprint: entry.fingerprint?.value,
            contentAuthor: entry.textAuthor,
            contentAt: entry.textTime,
            replyTo: entry.answers.flatMap(index(of:)).map { $0 + 1 },
            fence: entry.fence,
            versions: entry.versions,
            running: entry.running.map { running in
                MessageRecord.Running(
                    pieces: running.pieces,
                    leaseEnd: running.leaseEnd,
                    isStopRequested: running.isStopRequested
                )
            }
        )
    }
}

extension MessageRecord {
    /// What its texts take.
    fileprivate var bytes: Int {
        versions.reduce(message.content.utf8.count) { $0 + $1.content.utf8.count }
            + (running?.pieces.reduce(0) { $0 + $1.utf8.count } ?? 0)
    }
}
