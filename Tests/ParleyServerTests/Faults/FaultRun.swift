import Testing

/// One fault, from before it until all is as it was, and the check of what it has left.
enum FaultRun {
    /// For how long requests may fail behind a fault: what an instance takes to find its way back, on a busy machine.
    private static let recovery = 30_000_000_000

    /// Whether requests fail.
    enum Failing {
        case never, perhaps, surely
    }

    /// Runs the load of both instances around a fault.
    ///
    /// - Parameters:
    ///   - cluster: Where.
    ///   - failing: Whether requests fail meanwhile.
    ///   - losing: The instances whose answers may be lost.
    ///   - statuses: Which statuses are allowed.
    ///   - database: What the truth is read from in the end, when it is another one than before.
    ///   - fault: Breaks something, waits for what it does, and mends it.
    /// - Returns: What was checked.
    /// - Throws: What `fault` throws, and where the state afterwards can't be read.
    @discardableResult
    static func run(
        in cluster: Cluster,
        failing: Failing,
        losing: Set<Int> = [],
        statuses: Set<Int> = [503],
        database: FaultPostgres? = nil,
        _ fault: (FaultLoad) async throws -> Void
    ) async throws -> JournalCheck {
        let load = try await FaultLoad(cluster)
        let time = try await load.run { _ in try await fault(load) }
        await load.sendAgain()
        let operations = load.journal.operations
        let state = try await RestState.read(
            Set(operations.map(\.conversation)),
            in: cluster,
            database ?? cluster.postgres
        )
        var check = JournalCheck(operations: operations, truth: state.truth, replies: state.replies, views: state.views)
        check.conditions.statuses = statuses
        check.conditions.losing = losing
        if failing != .never {
            check.conditions.failing = time.lowerBound...(time.upperBound + recovery)
            let hasFailed = operations.contains { $0.isInDoubt }
            #expect(hasFailed || failing == .perhaps, "Nobody has noticed the fault.")
        }
        let violations = check.violations()
        for violation in violations.prefix(20) { Issue.record("\(violation)") }
        if !violations.isEmpty { tellErrors(in: cluster) }
        #expect(violations.isEmpty, "\(violations.count) promises are broken, of \(operations.count) operations.")
        return check
    }

    /// What the instances logged as errors besides that something was away, each once, without its time: their logs go with
    /// the test.
    private static func tellErrors(in cluster: Cluster) {
        for (number, instance) in cluster.instances.enumerated() {
            // An instance that was never started has none.
            let lines = (try? instance.log())?.split(separator: "\n") ?? []
            let errors = Set(lines.compactMap { line in line.firstRange(of: " error ").map { line[$0.upperBound...] } })
            for line in errors.filter({ !$0.contains("code=unavailable") }).prefix(20) {
                Issue.record("instance \(number) said: \(line)")
            }
        }
    }
}
