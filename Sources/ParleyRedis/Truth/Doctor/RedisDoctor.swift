public import ParleyCore
internal import RedisWire

/// Looks for what can't come from Parley's own scripts in a Redis that is the truth, and mends it.
///
/// Damage comes from elsewhere: another program's writes, a restored piece of a backup, a failover that lost some keys. It works
/// while servers run, conversation by conversation. Nothing that can be read is thrown away: a message that stands in no log
/// comes to where it says that it belongs, and where a message is lost, a deleted one stands in its place.
public struct RedisDoctor: Sendable {
    let store: RedisStore
    let repairs: Bool

    /// How long an import or a move may take before nobody will finish it.
    static let patience = Duration.seconds(3600)

    /// Makes a doctor; with `repairs` what is found is mended.
    public init(_ store: RedisStore, repairs: Bool) {
        self.store = store
        self.repairs = repairs
    }

    /// Looks at everything; what was mended is looked at once more.
    public func examine() async throws -> DoctorReport {
        do {
            // A master is not waited for until there is a connection; a command is.
            _ = try await store.send(["EXISTS", .string(TruthKeys.projects)])
            var report = try await pass()
            if repairs, report.left > 0 {
                report.settle(try await RedisDoctor(store, repairs: false).pass())
            }
            return report
        } catch {
            throw RedisFault.translate(error, logger: store.logger)
        }
    }

    private func pass() async throws -> DoctorReport {
        var report = DoctorReport()
        // First what no set leads to: then it is found below.
        try await examineKeys(&report)
        let projects = try await store.send(["SMEMBERS", .string(TruthKeys.projects)]).elements
            .compactMap { $0.string.flatMap { ProjectID($0) } }
        for project in projects.sorted() { try await examine(project, &report) }
        return report
    }

    private func examine(_ project: ProjectID, _ report: inout DoctorReport) async throws {
        let base = TruthKeys.project(project)
        report.projects += 1
        let trash = try await store.send(["SCARD", .string(base + ":trash")]).integer ?? 0
        report.note(.trash, at: base + ":trash", count: Int(trash))
        if repairs, trash > 0 { try await store.sweepTrash(project) }
        guard try await store.send(["EXISTS", .string(base)]).integer == 1 else {
            report.note(.recordMissing, at: base)
            let sessions = try await store.send(["SCARD", .string(base + ":sessions")]).integer ?? 0
            if repairs, sessions == 0 { _ = try await store.send(["SREM", .string(TruthKeys.projects), "\(project)"]) }
            return
        }
        try await examineUnfinished(project, base, &report)
        try await examineMembers(project, base, &report)
        var texts = IndexedTexts()
        var cursor = "0"
        repeat {
            let reply = try await store.send(["SSCAN", .string(base + ":sessions"), .string(cursor), "COUNT", 200])
            let parts = Array(reply.elements)
            cursor = parts.first?.string ?? "0"
            for id in parts.last?.elements.compactMap({ $0.string.flatMap { ConversationID($0) } }) ?? [] {
                try await examine(id, in: project, &texts, &report)
            }
        } while cursor != "0"
        try await examineLists(base, &report)
        try await examineIndex(project, texts, &report)
    }

    private func examineUnfinished(
        _ project: ProjectID,
        _ base: String,
        _ report: inout DoctorReport
    ) async throws {
        let moving = try await store.send(["HKEYS", .string(base + ":moving")]).elements
            .compactMap { $0.string.flatMap { ConversationID($0) } }
        for id in moving {
            report.note(.unfinished, at: base + TruthKeys.session(in: id))
            if repairs { try await mending(&report) { try await store.settleMove(of: id, in: project) } }
        }
        let now = store.clock.now()
        let limit = Timestamp(microseconds: now.microseconds - Self.patience.microseconds).microseconds
        let built = try await store.send(["ZRANGEBYSCORE", .string(base + ":building"), "-inf", .integer(limit)])
            .elements
            .compactMap { $0.string.flatMap { ConversationID($0) } }
        for id in built {
            report.note(.unfinished, at: base + TruthKeys.session(in: id))
            guard repairs else { continue }
            var batch = WriteBatch()
            batch.add(["?absent", .string(TruthKeys.session(in: id))])
            batch.add(["trash", "\(id)"])
            try await mending(&report) { try await store.commit(batch, in: project, RedisStore.CommitTerms(now: now)) }
        }
        if repairs, !built.isEmpty { try await store.sweepTrash(project) }
    }

    private func examineMembers(_ project: ProjectID, _ base: String, _ report: inout DoctorReport) async throws {
        for member in try await store.send(["HKEYS", .string(base + ":members")]).elements.compactMap(\.string) {
            let key = RedisArgument.string(TruthKeys.projects(of: EmailAddress(normalized: member)))
            guard try await store.send(["SISMEMBER", key, "\(project)"]).integer == 0 else { continue }
            report.note(.memberUnlisted, at: base)
            if repairs { _ = try await store.send(["SADD", key, "\(project)"]) }
        }
    }

    /// Entries of lists that no conversation belongs to.
    private func examineLists(_ base: String, _ report: inout DoctorReport) async throws {
        for list in [":recent", ":leases"] {
            var cursor = "0"
            repeat {
                let reply = try await store.send(["ZSCAN", .string(base + list), .string(cursor), "COUNT", 200])
                let parts = Array(reply.elements)
                cursor = parts.first?.string ?? "0"
                let names = parts.last?.elements.enumerated().filter { $0.offset % 2 == 0 }.compactMap(\.element.string)
                for name in names ?? [] {
                    guard try await store.send(["EXISTS", .string("\(base):sessions:\(name)")]).integer == 0 else {
                        continue
                    }
                    report.note(.orderWrong, at: "\(base)\(list)")
                    if repairs { _ = try await store.send(["ZREM", .string(base + list), .string(name)]) }
                }
            } while cursor != "0"
        }
    }

    /// Mends one thing; where others were faster or it can't be done, the second look says that it is still there.
    func mending(_ report: inout DoctorReport, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch is Refusal {
            return
        } catch let error as ParleyError where error.code != .internalError {
            report.notes.append(error.message)
        }
    }
}
