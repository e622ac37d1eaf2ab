import Foundation
import Testing

extension LoadTests {
    @Suite("A killed process", .timeLimit(.minutes(15)))
    struct CrashTests {
        /// After how many acknowledgements and shown pieces the process is killed: in the first rush, under way, and when
        /// replies have ended and turns follow one another.
        private static let killPoints = [300, 700, 1500, 3000]
        /// With Redis each kill takes as long again: an early and a late one.
        private static let redisKillPoints = [700, 3000]

        @Test(
            """
            Invariant 2, a 2xx to a write means committed, and invariant 3, shown means stored: kill -9 among 200 callers \
            loses nothing, and sending again doubles nothing
            """
        )
        func kill() async throws {
            try await ParleyHome.with { home in
                let run = CrashRun(home: home)
                try await kill(in: run)
            }
        }

        @Test("The same with Redis as the store")
        func killWithRedis() async throws {
            try await ParleyHome.with { home in
                let redis = try await FaultRedis.start(keepingIn: home.path("redis"))
                do {
                    try await kill(
                        in: CrashRun(home: home, options: ["--store", redis.url]),
                        at: Self.redisKillPoints
                    )
                } catch {
                    await redis.end()
                    throw error
                }
                await redis.end()
            }
        }

        private func kill(in run: CrashRun, at killPoints: [Int] = killPoints) async throws {
            let conversations = try await run.makeConversations()
            var interrupted = 0
            for promises in killPoints {
                try await run.server { server, caller in
                    run.ledger.after(promises) { server.process.send(SIGKILL) }
                    await CrashLoad(caller: caller, ledger: run.ledger, conversations: conversations).run()
                    server.process.send(SIGTERM)
                    #expect(await server.process.ending() == .signal(SIGKILL))
                }
                // What one kill hits is chance, on a busy machine; what all of them hit together is not.
                try await run.server { _, caller in interrupted = try await run.check(by: caller) }
            }
            #expect(interrupted > 0)
        }

        @Test(
            """
            Redis as the store, killed with -9 among 200 callers: nothing acknowledged or shown is lost, and the server goes \
            on when it is back
            """
        )
        func killedRedis() async throws {
            try await ParleyHome.with { home in
                let redis = try await FaultRedis.start(keepingIn: home.path("redis"))
                do {
                    let run = CrashRun(home: home, options: ["--store", redis.url])
                    let conversations = try await run.makeConversations()
                    for promises in Self.redisKillPoints {
                        try await run.server { _, caller in
                            run.ledger.after(promises) { redis.signal(SIGKILL) }
                            var load = CrashLoad(caller: caller, ledger: run.ledger, conversations: conversations)
                            // That the store is away.
                            load.mayBeRefused = true
                            await load.run()
                            await redis.end()
                            try await redis.startAgain()
                            _ = try await run.check(by: caller)
                        }
                    }
                } catch {
                    await redis.end()
                    throw error
                }
                await redis.end()
            }
        }
    }
}
