internal import ParleyCore
internal import RedisWire

/// A conversation that keys belong to.
struct KeyOwner: Hashable {
    let project: ProjectID
    let conversation: ConversationID
}

extension RedisDoctor {
    /// How many conversations of which something is lost are gathered before they are put together.
    private static let portion = 1000

    /// Looks at every key of every master: what nothing leads to is found only so.
    ///
    /// What belongs to a conversation is not mended one key at a time, since they come in any order: a conversation is put
    /// together of all that there is.
    func examineKeys(_ report: inout DoctorReport) async throws {
        var damaged: Set<KeyOwner> = []
        // The masters one after the other, and their keys later: nothing else is asked while a master is.
        try await forEachKeys { keys in
            try await examine(keys, &damaged, &report)
            guard damaged.count >= Self.portion else { return }
            try await recover(damaged, &report)
            damaged = []
        }
        if !damaged.isEmpty { try await recover(damaged, &report) }
    }

    /// Gives all keys of all masters to `body`, some at a time.
    func forEachKeys(_ body: ([String]) async throws -> Void) async throws {
        _ = try await store.redis.forEachMaster { master in
            var cursor = "0"
            repeat {
                let reply = try await master.send(["SCAN", .string(cursor), "COUNT", 500])
                let parts = Array(reply.elements)
                guard parts.count == 2, let next = parts[0].string else { throw UnreadableRecord(what: "scan") }
                cursor = next
                try await body(parts[1].elements.compactMap(\.string))
            } while cursor != "0"
        }
    }

    private func examine(
        _ keys: [String],
        _ damaged: inout Set<KeyOwner>,
        _ report: inout DoctorReport
    ) async throws {
        var parts: [ProjectID: [KeyName.Part]] = [:]
        for key in keys {
            switch KeyName(key) {
            case .other: continue
            case .way(let id): try await examineWay(key, id, &report)
            case .project(let id): try await examineListing(key, of: id, &report)
            case .session(let project, let id): try await examineListing(key, of: id, in: project, &report)
            case .part(let project, let part): parts[project, default: []].append(part)
            case .places(let project): try await examinePlaces(key, project, &report)
            case .documents(let project, let number):
                try await examineIndexKey(key, DoctorScripts.documents, .integer(number), in: project, &report)
            case .shelf(let project, let beginning):
                try await examineIndexKey(key, DoctorScripts.shelf, .string(beginning), in: project, &report)
            case .list(let project, let term):
                try await examineIndexKey(key, DoctorScripts.termList, .string(term), in: project, &report)
            }
        }
        for (project, parts) in parts {
            let arguments = parts.flatMap { part -> [RedisArgument] in
                [.string(part.key), "\(part.conversation)", .string(part.message.map { "\($0)" } ?? "")]
            }
            let wrong = try await store.run(DoctorScripts.owners, in: project, arguments)
            for index in wrong.first?.elements.compactMap(\.integer) ?? [] where parts.indices.contains(Int(index)) {
                let part = parts[Int(index)]
                report.note(part.isMessage ? .messageUnlisted : .keyUnknown, at: part.key)
                if repairs { damaged.insert(KeyOwner(project: project, conversation: part.conversation)) }
            }
        }
    }

    private func examineListing(_ key: String, of id: ProjectID, _ report: inout DoctorReport) async throws {
        guard try await store.send(["SISMEMBER", .string(TruthKeys.projects), "\(id)"]).integer == 0,
            try await store.send(["EXISTS", .string(key)]).integer == 1
        else { return }
        report.note(.recordUnlisted, at: key)
        guard repairs else { return }
        // The set is of another slot: where the project was deleted meanwhile, it goes from there again.
        _ = try await store.send(["SADD", .string(TruthKeys.projects), "\(id)"])
        guard try await store.send(["EXISTS", .string(key)]).integer == 0 else { return }
        _ = try await store.send(["SREM", .string(TruthKeys.projects), "\(id)"])
    }

    private func examineListing(
        _ key: String,
        of id: ConversationID,
        in project: ProjectID,
        _ report: inout DoctorReport
    ) async throws {
        let answer = try await store.run(DoctorScripts.list, in: project, ["\(id)", repairs ? "1" : "0"])
        report.note(.recordUnlisted, at: key, count: Int(answer.first?.integer ?? 0))
    }

    /// A key that leads from an id to a conversation that isn't there.
    private func examineWay(_ key: String, _ id: ConversationID, _ report: inout DoctorReport) async throws {
        let place = try await store.place(of: id)
        if let place {
            let limit = Timestamp(microseconds: store.clock.now().microseconds - Self.patience.microseconds)
            // Of one that is on its way, the key comes before all else.
            if place.target != nil, let since = place.since, since > limit { return }
            for project in [place.project, place.target].compactMap({ $0 }) {
                // A new conversation's key comes before it, in another step; so does that of one on its way.
                guard try await isThere(id, in: project) else { continue }
                guard place.target != nil else { return }
                report.note(.unfinished, at: key)
                if repairs { try await mending(&report) { try await store.settleMove(of: id, in: project) } }
                return
            }
        } else if try await store.send(["EXISTS", .string(key)]).integer == 0 {
            // It went meanwhile.
            return
        }
        report.note(.wayWrong, at: key)
        guard repairs else { return }
        // Nothing is lost: the conversation's own project makes the key again when it is looked at.
        _ = try await store.run(
            Self.forget,
            keys: [.string(key)],
            arguments: [.string(place?.text ?? "")]
        )
    }

    /// Whether a conversation is in a project, comes to it, or is listed there.
    private func isThere(_ id: ConversationID, in project: ProjectID) async throws -> Bool {
        let base = TruthKeys.project(project)
        let session = RedisArgument.string(base + TruthKeys.session(in: id))
        if try await store.send(["EXISTS", session]).integer == 1 { return true }
        if try await store.send(["HEXISTS", .string(base + ":moving"), "\(id)"]).integer == 1 { return true }
        if try await !store.send(["ZSCORE", .string(base + ":building"), "\(id)"]).isNull { return true }
        return try await store.send(["SISMEMBER", .string(base + ":sessions"), "\(id)"]).integer == 1
    }

    private static let forget = RedisScript(
        """
        local present = redis.call('GET', KEYS[1])
        if present == ARGV[1] or ARGV[1] == '' then return redis.call('DEL', KEYS[1]) end
        return 0
        """
    )

    /// Entries that lead from a message's id to a conversation that doesn't hold it.
    private func examinePlaces(_ key: String, _ project: ProjectID, _ report: inout DoctorReport) async throws {
        let parts = try await store.send(["HGETALL", .string(key)]).elements.map { $0.withText { Array($0) } }
        for at in stride(from: 0, to: parts.count - 1, by: 2) {
            guard let message = MessageID(bytes: parts[at]) else { continue }
            for start in stride(from: 0, to: parts[at + 1].count, by: 16) {
                guard let id = ConversationID(bytes: Array(parts[at + 1][start..<min(start + 16, parts[at + 1].count)]))
                else { continue }
                let value = TruthKeys.project(project) + TruthKeys.message(message, of: id)
                if try await store.send(["EXISTS", .string(value)]).integer == 1 { continue }
                report.note(.placeStale, at: key)
                guard repairs else { continue }
                _ = try await store.run(DoctorScripts.unplace, in: project, ["\(id)", "\(message)"])
            }
        }
    }
}

extension ID {
    fileprivate init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        func half(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: half(bytes[..<8]), low: half(bytes[8...]))
    }
}
