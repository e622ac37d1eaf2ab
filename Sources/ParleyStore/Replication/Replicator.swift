public import ParleyCore

/// Brings what one store holds to the state that another one has, conversation by conversation.
///
/// It may be asked for anything at any time and by several at once, and again after it was cut off anywhere: it looks what is
/// there, sends what is missing in pages, looks whether the source has moved on meanwhile, and ends when it has not. Memory is
/// bounded by two pages.
///
/// What the target has and the source can't have sent is left alone, unless it is to overwrite: a copy that is at a later
/// revision, or has another history, is perhaps the one that matters. That is ``Outcome/refused``.
public struct Replicator: Sendable {
    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// The target had it already.
        case same
        /// The target has it now; so many messages were written.
        case written(messages: Int)
        /// It is gone from the source, and now from the target.
        case removed
        /// The target has something else, which was left alone.
        case refused
    }

    /// Where the present state is.
    public let source: any ReplicaStore
    /// What is to become like it.
    public let target: any ReplicaStore
    /// Whether copies that are later or have another history are written anew.
    public let overwrites: Bool
    private let isTruth: Bool
    private let isTrusting: Bool
    private let clock: any WallClock
    private let pageSize: Int

    /// How often something is looked at again that changes while it is brought.
    private static let rounds = 20

    /// Stands between two stores.
    ///
    /// - Parameters:
    ///   - source: Where the present state is.
    ///   - target: What is to become like it.
    ///   - overwrites: Whether copies that are later or have another history are written anew.
    ///   - isTruth: Whether the source is where people work, as a mirror's is: then its projects and accounts are the right
    ///     ones, also where the copy's are later.
    ///   - isTrusting: Whether what a copy has is known to come from the source: then its last change isn't compared.
    ///   - pageSize: How many messages are sent at once.
    ///   - clock: Says which sign-ins have ended.
    public init(
        from source: any ReplicaStore,
        to target: any ReplicaStore,
        overwrites: Bool = false,
        isTruth: Bool = false,
        isTrusting: Bool = false,
        pageSize: Int = 500,
        clock: any WallClock = SystemClock()
    ) {
        self.source = source
        self.target = target
        self.overwrites = overwrites
        self.isTruth = isTruth
        self.isTrusting = isTrusting
        self.pageSize = pageSize
        self.clock = clock
    }

    // MARK: Projects and people

    /// Brings a project with its members, not its conversations.
    ///
    /// One that changed later in the target is refused, unless the source is the truth.
    public func bring(_ project: ProjectID) async throws -> Outcome {
        try await bring(
            source: { try await source.replicaProject(project) },
            target: { try await target.replicaProject(project) },
            form: RecordForm.init,
            isOther: { $0.project.updatedAt > $1.project.updatedAt },
            put: { try await target.putReplica($0) },
            remove: { try await target.removeReplica(project) }
        )
    }

    /// Brings what is kept of a person beside projects.
    ///
    /// An account that has another name or password in the target is refused, unless the source is the truth: nothing says
    /// which of them is later.
    public func bring(_ person: EmailAddress) async throws -> Outcome {
        let now = clock.now()
        return try await bring(
            source: { try await source.replicaPerson(person) },
            target: { try await target.replicaPerson(person) },
            form: { RecordForm($0, at: now) },
            isOther: { copy, person in copy.account.map { $0 != person.account } ?? false },
            put: { try await target.putReplica($0) },
            remove: { try await target.removeReplica(person) }
        )
    }

    private func bring<Record>(
        source: () async throws -> Record?,
        target: () async throws -> Record?,
        form: (Record) -> RecordForm,
        isOther: (_ copy: Record, _ record: Record) -> Bool,
        put: (Record) async throws -> Void,
        remove: () async throws -> Void
    ) async throws -> Outcome {
        var outcome = Outcome.same
        for _ in 0..<Self.rounds {
            let present = try await target()
            guard let record = try await source() else {
                if present == nil { return outcome }
                try await remove()
                return .removed
            }
            if let present, form(present).bytes == form(record).bytes { return outcome }
            // What this call has written itself may have become older than the source meanwhile, but never other.
            if let present, outcome == .same, !overwrites, !isTruth, isOther(present, record) { return .refused }
            do {
                try await put(record)
            } catch let error as ParleyError where error.code == .conflict {
                return .refused
            }
            outcome = .written(messages: 0)
        }
        return outcome
    }

    // MARK: Conversations

    /// Brings a conversation with its messages, and its project where that is missing.
    public func bring(_ id: ConversationID) async throws -> Outcome {
        var written: Int?
        var refusals = 0
        for _ in 0..<Self.rounds {
            // The target first: what it has by then, the source has by now.
            let present = try await target.replicaConversation(id)
            guard let record = try await source.replicaConversation(id) else {
                guard present != nil else { return written.map(Outcome.written) ?? .same }
                try await target.removeReplica(id)
                return .removed
            }
            do {
                guard let count = try await send(record, to: present) else {
                    return written.map(Outcome.written) ?? .same
                }
                written = (written ?? 0) + count
                // Seldom has it changed meanwhile, and then the round begins anew.
                if try await isPresent(record) {
                    // What was the same by its revision may be other all the same.
                    if overwrites { try await requireSameMessages(of: id) }
                    return .written(messages: written ?? 0)
                }
            } catch let error as ParleyError where error.code == .notFound {
                // Its project, if that is not gone, too.
                if try await bring(record.fields.projectID) == .refused { return .refused }
            } catch let error as ParleyError where error.code == .conflict {
                // Where the copy has moved since it was looked at, another one brings the same, and was first: only a copy
                // that stays as it is has something else.
                if try await hasMoved(from: present, id) { continue }
                refusals += 1
                guard refusals > 2 else { continue }
                guard overwrites else { return .refused }
                try await target.removeReplica(id)
                refusals = 0
            }
        }
        return .written(messages: written ?? 0)
    }

    /// Sends what a copy has not; `nil` where it has all.
    private func send(_ record: ConversationRecord, to present: ConversationRecord?) async throws -> Int? {
        let since = present?.fields.revision ?? 0
        guard since <= record.fields.revision else { throw ParleyError.laterReplica }
        let isSame = present.map { RecordForm($0).bytes == RecordForm(record).bytes } ?? false
        var page = try await messages(of: record, since: since, after: 0)
        if isSame, try await hasAll(page, of: record.fields.id) {
            if overwrites { try await requireSameMessages(of: record.fields.id) }
            return nil
        }
        if !isTrusting, since > 0 { try await requireSameHistory(of: record.fields.id, until: since) }
        var count = 0
        while true {
            try Task.checkCancellation()
            // A page may be short because its messages are long: only the next one says that it was the last.
            let last = page.last?.message.seq ?? record.fields.messageCount
            let isEnd = last >= record.fields.messageCount
            let next = isEnd ? [] : try await messages(of: record, since: since, after: last)
            try await target.putReplica(record, messages: page, isWhole: next.isEmpty)
            count += page.count
            if next.isEmpty { return count }
            page = next
        }
    }

    /// A page of what has changed, without messages that have come since the record was read: they are the next round's.
    private func messages(of record: ConversationRecord, since: Int, after seq: Int) async throws -> [MessageRecord] {
        try await source
            .replicaMessages(of: record.fields.id, changedSince: since, afterSeq: seq, limit: pageSize)
            .filter { $0.message.seq <= record.fields.messageCount }
    }

    /// Refuses a copy that is of the same revision and holds something else all the same.
    private func requireSameMessages(of id: ConversationID) async throws {
        let digests = (
            try await RecordDigest(ofConversation: id, in: source),
            try await RecordDigest(ofConversation: id, in: target)
        )
        guard digests.0 == digests.1 else { throw ParleyError.divergedReplica }
    }

    /// Refuses a copy whose last change, where that was a message's, is not the source's.
    private func requireSameHistory(of id: ConversationID, until revision: Int) async throws {
        let changed = try await target.replicaMessages(of: id, changedSince: revision - 1, afterSeq: 0, limit: 1)
        guard let copy = changed.first, copy.message.revision == revision else { return }
        let originals = try await source.replicaMessages(
            of: id,
            changedSince: 0,
            afterSeq: copy.message.seq - 1,
            limit: 1
        )
        guard let original = originals.first, original.message.id == copy.message.id,
            original.message.revision >= revision,
            original.message.revision > revision || original.running != nil
                || RecordForm(original).bytes == RecordForm(copy).bytes
        else { throw ParleyError.divergedReplica }
    }

    /// Whether a copy of the same revision holds messages as they are: a running reply's pieces take no revision.
    private func hasAll(_ messages: [MessageRecord], of id: ConversationID) async throws -> Bool {
        for message in messages {
            let copies = try await target.replicaMessages(
                of: id,
                changedSince: message.message.revision - 1,
                afterSeq: message.message.seq - 1,
                limit: 1
            )
            guard let copy = copies.first, RecordForm(copy).bytes == RecordForm(message).bytes else { return false }
        }
        return true
    }

    private func isPresent(_ record: ConversationRecord) async throws -> Bool {
        guard let now = try await source.replicaConversation(record.fields.id) else { return false }
        return RecordForm(now).bytes == RecordForm(record).bytes
    }

    private func hasMoved(from present: ConversationRecord?, _ id: ConversationID) async throws -> Bool {
        let now = try await target.replicaConversation(id)
        return now.map { RecordForm($0).bytes } != present.map { RecordForm($0).bytes }
    }
}
