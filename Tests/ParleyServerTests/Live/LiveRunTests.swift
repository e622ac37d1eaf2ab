import Testing

extension LoadTests {
    /// `PARLEY_RUN_SECONDS`, `PARLEY_RUN_CLIENTS` and `PARLEY_RUN_SEED` run it longer, with more or fewer, or again.
    @Suite("A randomised run over three instances", .serialized, .timeLimit(.minutes(30)))
    struct LiveRunTests {
        @Test("Without faults, tabs that come and go show what the store has")
        func calm() async throws {
            var plan = LiveRun.Plan()
            plan.faults = []
            plan.seconds = min(plan.seconds, 5)
            plan.clients = min(plan.clients, 20)
            try await run(plan)
        }

        @Test("With kill -9, flushed caches, and links that are silent or cut, tabs show what the store has in the end")
        func faults() async throws {
            try await run(LiveRun.Plan())
        }

        private func run(_ plan: LiveRun.Plan) async throws {
            var cluster = Cluster.Plan()
            cluster.instances = 3
            try await Cluster.with(cluster) { cluster in
                print(try await LiveRun(plan, in: cluster).run())
            }
        }
    }
}
