internal import ParleyCore

/// Goes through two stores side by side and brings what differs.
struct Comparison: Sendable {
    /// What came of each thing that differed.
    typealias Report = @Sendable (Replicator.Outcome, MirrorName) -> Void

    let replicator: Replicator
    /// Whether conversations of the same revision are compared, too: drafts, read marks and a reply's pieces take none.
    let isDeep: Bool
    /// How many conversations are brought at once.
    let width: Int
    /// Is told of each conversation that was looked at.
    var looked: @Sendable () -> Void = {}
    /// How often a conversation is tried again where a store says that it is busy.
    var retries = 0

    private static let page = 1000

    /// Everything: projects, their conversations, people, the query log.
    func run(_ report: @escaping Report) async throws {
        // First: a person's own project in the copy keeps the right one from coming.
        if replicator.overwrites {
            var projects = self.projects
            while let (id, copy) = try await projects.next() {
                try Task.checkCancellation()
                if id == nil, let copy { try await removeIfGone(copy, report) }
            }
        }
        var projects = self.projects
        while let (id, copy) = try await projects.next() {
            try Task.checkCancellation()
            if let id {
                report(try await replicator.bring(id), .project(id))
                try await run(on: id, report)
            } else if let copy {
                try await removeIfGone(copy, report)
            }
        }
        try await people(report)
        try await queryLog(report)
    }

    /// All projects of both.
    private var projects: MergedWalk<ProjectID, ProjectID> {
        let (source, target) = (replicator.source, replicator.target)
        return MergedWalk(
            PagedList { try await source.replicaProjects(after: $0, limit: Self.page) },
            PagedList { try await target.replicaProjects(after: $0, limit: Self.page) }
        ) { $0 }
    }

    /// The conversations of one project.
    func run(on project: ProjectID, _ report: @escaping Report) async throws {
        let (source, target) = (replicator.source, replicator.target)
        var heads = MergedWalk(
            PagedList { try await source.replicaConversations(in: project, after: $0?.id, limit: Self.page) },
            PagedList { try await target.replicaConversations(in: project, after: $0?.id, limit: Self.page) }
        ) { $0.id }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            while let (head, copy) = try await heads.next() {
                guard let id = head?.id ?? copy?.id else { continue }
                if head != nil, head == copy, !isDeep {
                    looked()
                    continue
                }
                if running == width {
                    try await group.next()
                    running -= 1
                }
                running += 1
                let isExtra = head == nil
                group.addTask {
                    let outcome = try await self.patiently {
                        isExtra ? try await self.extra(id) : try await replicator.bring(id)
                    }
                    report(outcome, .conversation(id))
                    if !isExtra { looked() }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Does something again that failed since a store was busy: another process may hold a file for a while.
    private func patiently<Value>(_ work: () async throws -> Value) async throws -> Value {
        for attempt in 0..<retries {
            do {
                return try await work()
            } catch let error as ParleyError where error.code == .unavailable {
                // A store that is too busy, or away for a moment, gets time, and more each time.
                try await Task.sleep(for: .milliseconds(100 << attempt))
            }
        }
        return try await work()
    }

    /// A conversation that the source doesn't have in this project: it may have moved.
    private func extra(_ id: ConversationID) async throws -> Replicator.Outcome {
        if try await replicator.source.replicaConversation(id) != nil || replicator.overwrites {
            return try await replicator.bring(id)
        }
        // It may just have been deleted, and that is noted; else it was never here.
        return try await replicator.target.replicaConversation(id) == nil ? .same : .refused
    }

    private func removeIfGone(_ project: ProjectID, _ report: Report) async throws {
        guard try await replicator.source.replicaProject(project) == nil else { return }
        report(replicator.overwrites ? try await replicator.bring(project) : .refused, .project(project))
    }

    private func people(_ report: Report) async throws {
        let replicator = replicator
        var people = MergedWalk(
            PagedList { try await replicator.source.replicaPeople(after: $0?.email, limit: Self.page) },
            PagedList { try await replicator.target.replicaPeople(after: $0?.email, limit: Self.page) }
        ) { $0.email }
        while let (person, copy) = try await people.next() {
            guard let email = person?.email ?? copy?.email else { continue }
            if person == nil, !replicator.overwrites {
                let isGone = try await replicator.source.replicaPerson(email) == nil
                let isExtra = isGone ? try await replicator.target.replicaPerson(email) != nil : false
                if isExtra { report(.refused, .person(email)) }
                continue
            }
            report(try await replicator.bring(email), .person(email))
        }
    }

    private func queryLog(_ report: Report) async throws {
        let (source, target) = (replicator.source, replicator.target)
        var lines = MergedWalk(
            PagedList { try await source.replicaQueryLog(after: $0, limit: Self.page) },
            PagedList { try await target.replicaQueryLog(after: $0, limit: Self.page) }
        ) { LinePlace(of: $0) }
        var missing: [QueryLogEntry] = []
        var extra: [QueryLogEntry] = []
        while let (line, copy) = try await lines.next() {
            if let line, copy == nil { missing.append(line) }
            if let copy, line == nil { extra.append(copy) }
            if missing.count + extra.count == Self.page { try await settle(&missing, &extra, report) }
        }
        try await settle(&missing, &extra, report)
    }

    private func settle(
        _ missing: inout [QueryLogEntry],
        _ extra: inout [QueryLogEntry],
        _ report: Report
    ) async throws {
        try Task.checkCancellation()
        if !missing.isEmpty { try await replicator.target.putReplica(missing) }
        if replicator.overwrites, !extra.isEmpty { try await replicator.target.removeReplica(extra) }
        for line in extra { report(replicator.overwrites ? .removed : .refused, .line(line)) }
        (missing, extra) = ([], [])
    }
}
