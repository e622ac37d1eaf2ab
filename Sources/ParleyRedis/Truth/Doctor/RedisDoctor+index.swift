internal import ParleyCore
internal import RedisWire

extension RedisDoctor {
    /// Looks for what the index holds beyond the texts.
    ///
    /// Lists whose numbers lead nowhere are pruned. Where they lead to texts, but there are more of them than terms in the
    /// texts, some text doesn't hold what the index says; which one, nobody can tell but by looking at each: so all get new
    /// numbers, and the old ones lead nowhere. Where a text can't be read, nobody can tell.
    func examineIndex(_ project: ProjectID, _ texts: IndexedTexts, _ report: inout DoctorReport) async throws {
        let place = TruthKeys.project(project) + ":terms"
        let (count, stale) = try await prune(project, repairs: repairs)
        report.note(.indexStale, at: place, count: stale)
        guard texts.isComplete, count > texts.terms else { return }
        report.note(.indexStale, at: place, count: count - texts.terms)
        guard repairs else { return }
        for id in try await store.allConversations(in: project) {
            try await mending(&report) { try await reindex(id, in: project) }
        }
        _ = try await prune(project, repairs: true)
    }

    /// Looks at a key of the index by itself: what of it nothing leads to, or leads elsewhere.
    func examineIndexKey(
        _ key: String,
        _ script: RedisScript,
        _ name: RedisArgument,
        in project: ProjectID,
        _ report: inout DoctorReport
    ) async throws {
        let answer = try await store.run(script, in: project, [name, repairs ? "1" : "0"])
        report.note(.indexStale, at: key, count: answer.reduce(0) { $0 + Int($1.integer ?? 0) })
    }

    /// Goes through all lists: how many documents they name, and how often they lead nowhere.
    private func prune(_ project: ProjectID, repairs: Bool) async throws -> (count: Int, stale: Int) {
        var (count, stale) = (0, 0)
        var beginning: RedisArgument = ""
        while true {
            let answer = try await store.run(DoctorScripts.terms, in: project, [beginning])
            guard answer.count == 2 else { return (count, stale) }
            beginning = .bytes(answer[0].withText { Array($0) })
            for term in answer[1].elements {
                let arguments: [RedisArgument] = [.bytes(term.withText { Array($0) }), repairs ? "1" : "0"]
                let found = try await store.run(DoctorScripts.prune, in: project, arguments)
                count += Int(found.first?.integer ?? 0)
                stale += Int(found.last?.integer ?? 0)
            }
        }
    }
}
