internal import ParleyCore
internal import RedisWire

extension RedisDoctor {
    /// How many messages are read at once.
    private static let messagesRead = 32

    /// What there is of a conversation, by the names of its keys.
    private struct Remains {
        var messages: Set<MessageID> = []
        /// Those of which there are other keys: versions, pieces.
        var beside: Set<MessageID> = []
    }

    /// Puts conversations together of what there is of them.
    ///
    /// All their keys are looked for first, by a walk of its own over all keys: what comes last may be the message that says
    /// that nothing of it is to go.
    func recover(_ damaged: Set<KeyOwner>, _ report: inout DoctorReport) async throws {
        var remains: [KeyOwner: Remains] = [:]
        try await forEachKeys { keys in
            for key in keys {
                guard case .part(let project, let part) = KeyName(key) else { continue }
                let owner = KeyOwner(project: project, conversation: part.conversation)
                guard damaged.contains(owner) else { continue }
                guard let message = part.message else { continue }
                if part.isMessage {
                    remains[owner, default: Remains()].messages.insert(message)
                } else {
                    remains[owner, default: Remains()].beside.insert(message)
                }
            }
        }
        for owner in damaged {
            let found = remains[owner] ?? Remains()
            let (id, project) = (owner.conversation, owner.project)
            try await mending(&report) {
                if found.messages.isEmpty {
                    try await discard(id, in: project)
                } else if try await !isElsewhere(id, than: project) {
                    try await relist(id, in: project, adding: found.messages)
                }
            }
            let strays = found.beside.subtracting(found.messages)
            guard !strays.isEmpty else { continue }
            _ = try await store.run(DoctorScripts.strays, in: project, ["\(id)"] + strays.map { "\($0)" })
        }
    }

    /// Whether a conversation without fields here has some where its key leads.
    func isElsewhere(_ id: ConversationID, than project: ProjectID) async throws -> Bool {
        guard let place = try await store.place(of: id), place.project != project else { return false }
        let session = TruthKeys.project(place.project) + TruthKeys.session(in: id)
        return try await store.send(["EXISTS", .string(session)]).integer == 1
    }

    /// Makes a conversation's log anew.
    ///
    /// Messages that were not in it come to their `seq`s; what is no message's id goes, and so do second occurrences. Numbers,
    /// counts and the index follow when the conversation is looked at.
    func relist(_ id: ConversationID, in project: ProjectID, adding found: Set<MessageID> = []) async throws {
        let base = TruthKeys.project(project)
        let answer = try await store.run(DoctorScripts.session, in: project, ["\(id)"])
        guard let hash = answer.first else { throw UnreadableRecord(what: "answer") }
        let record = hash.elements.count > 0 ? try SessionRecord(id, in: project, hash) : nil
        let log = try await store.send(["LRANGE", .string(base + TruthKeys.messages(of: id)), 0, -1]).elements
            .map { $0.string ?? "" }
        var order: [Rank] = []
        var seen: Set<MessageID> = []
        for (index, word) in log.enumerated() {
            guard let message = MessageID(word), seen.insert(message).inserted else { continue }
            order.append(Rank(seq: index + 1, message: message, isInLog: true))
        }
        let new = found.subtracting(seen)
        if !new.isEmpty {
            order += new.map { Rank(seq: 0, message: $0, isInLog: false) }
            order = try await ranked(order, of: id, in: project, record)
        }
        let words: [RedisArgument] = [
            "\(id)", .string(record?.tag.stored ?? ""), .string(LogTag.random().stored), .integer(log.count),
        ]
        _ = try await store.run(DoctorScripts.relist, in: project, words + order.map { "\($0.message)" })
    }

    /// Where a message belongs.
    private struct Rank: Comparable {
        var seq: Int
        var time = Timestamp(microseconds: 0)
        let message: MessageID
        let isInLog: Bool

        static func < (one: Self, other: Self) -> Bool {
            (one.seq, one.time, one.message) < (other.seq, other.time, other.message)
        }
    }

    /// The messages in the order of what they say of themselves.
    ///
    /// Of one in the log that can't be read, its place counts; one that isn't there and can't be read, or is a reply that nobody
    /// writes any more, stays where it is.
    private func ranked(
        _ ranks: [Rank],
        of id: ConversationID,
        in project: ProjectID,
        _ record: SessionRecord?
    ) async throws -> [Rank] {
        let base = TruthKeys.project(project)
        let fields = record?.fields ?? Self.unknown(id, in: project, at: store.clock.now())
        var all: [Rank] = []
        for start in stride(from: 0, to: ranks.count, by: Self.messagesRead) {
            let some = ranks[start..<min(start + Self.messagesRead, ranks.count)]
            let keys = some.map { RedisArgument.string(base + TruthKeys.message($0.message, of: id)) }
            let values = try await store.send(RedisCommand(["MGET"] + keys)).elements.map { $0.withText { Array($0) } }
            guard values.count == some.count else { throw UnreadableRecord(what: "answer") }
            for (rank, value) in zip(some, values) {
                guard let entry = try? LogEntry(value, rank.message, in: fields) else {
                    if rank.isInLog { all.append(rank) }
                    continue
                }
                let isAbandoned = entry.message.status == .streaming && record != nil
                if isAbandoned, !rank.isInLog, record?.running?.message != rank.message { continue }
                var rank = rank
                rank.seq = entry.message.seq
                rank.time = entry.message.createdAt
                all.append(rank)
            }
        }
        return all.sorted()
    }

    /// What stands for the fields of a conversation that has none, for reading its messages.
    private static func unknown(_ id: ConversationID, in project: ProjectID, at now: Timestamp) -> Conversation {
        Conversation(
            id: id,
            projectID: project,
            owner: EmailAddress(normalized: ""),
            title: Conversation.defaultTitle,
            messageCount: 0,
            revision: 1,
            createdAt: now,
            updatedAt: now
        )
    }

    /// What is left of a conversation without fields or messages goes.
    func discard(_ id: ConversationID, in project: ProjectID) async throws {
        _ = try await store.run(DoctorScripts.discard, in: project, ["\(id)"])
        try await store.sweepTrash(project)
    }
}
