import Foundation
import ParleyCore
import Testing

extension LoadTests {
    @Suite("Instances that die, under load from two", .cluster, .serialized, .timeLimit(.minutes(15)))
    struct InstanceFaultTests {
        private let cluster: Cluster

        init() throws {
            cluster = try #require(Cluster.shared)
        }

        /// Waits until an instance answers, whatever the other does.
        private func working(_ load: FaultLoad, at instance: Int) async {
            await load.journal.until { progress in
                progress.count(.append, at: instance) >= 20 && progress.count(.read(15), at: instance) >= 10
                    && progress.count(.turn, at: instance) >= 2
            }
        }

        @Test(
            "kill -9 of one: clients go on at the other, where its replies end as interrupted, with all that was shown"
        )
        func oneKilled() async throws {
            let check = try await FaultRun.run(in: cluster, failing: .surely, losing: [0]) { load in
                await load.journal.until { $0.replies(at: 0) >= 2 }
                cluster.instances[0].send(SIGKILL)
                #expect(try await cluster.instances[0].ending() == .signal(SIGKILL))
                await working(load, at: 1)
                try await cluster.instances[0].start()
            }
            let interrupted = check.truth.values.flatMap(\.messages).filter { $0.status == "interrupted" }
            #expect(!interrupted.isEmpty)
        }

        @Test("kill -9 of both")
        func bothKilled() async throws {
            try await FaultRun.run(in: cluster, failing: .surely, losing: [0, 1]) { _ in
                for instance in cluster.instances { instance.send(SIGKILL) }
                for instance in cluster.instances {
                    #expect(try await instance.ending() == .signal(SIGKILL))
                    try await instance.start()
                }
            }
        }

        @Test("SIGTERM of one: status 0, and what it has taken it finishes")
        func oneEnded() async throws {
            let check = try await FaultRun.run(in: cluster, failing: .surely, losing: [0]) { load in
                cluster.instances[0].send(SIGTERM)
                #expect(try await cluster.instances[0].ending() == .exit(0))
                await working(load, at: 1)
                try await cluster.instances[0].start()
            }
            // New turns are refused, and who follows a reply of the other instance is sent there; nothing else is.
            let refused = check.operations.filter {
                $0.outcome == .answered(503) && $0.kind != .turn && $0.kind != .follow
            }
            #expect(refused.isEmpty)
        }
    }
}
