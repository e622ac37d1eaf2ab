import Foundation
import HTTPTypes
import ParleyCore
import Testing

extension LoadTests {
    @Suite("A killed process", .timeLimit(.minutes(5)))
    struct CrashTests {
        /// After how many acknowledgements and shown pieces the process is killed: in the first rush, under way, and when
        /// replies have ended and turns follow one another.
        private static let killPoints = [300, 700, 1500, 3000]

        @Test(
            """
            Invariant 2, a 2xx to a write means committed, and invariant 3, shown means stored: kill -9 among 200 callers \
            loses nothing, and sending again doubles nothing
            """
        )
        func kill() async throws {
            try await ParleyHome.with { home in
                let ledger = Ledger()
                let conversations = try await server(in: home) { _, caller in
                    try await withThrowingTaskGroup(of: String.self) { group in
                        for _ in 0..<9 { group.addTask { try await makeConversation(caller) } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                }
                var interrupted = 0
                for promises in Self.killPoints {
                    try await server(in: home) { server, caller in
                        ledger.after(promises) { server.process.send(SIGKILL) }
                        await CrashLoad(caller: caller, ledger: ledger, conversations: conversations).run()
                        server.process.send(SIGTERM)
                        #expect(await server.process.ending() == .signal(SIGKILL))
                    }
                    try await server(in: home) { _, caller in
                        let check = CrashCheck(promised: ledger.entries, stored: try await .read(by: caller))
                        try await check.run()
                        // What one kill hits is chance, on a busy machine; what all of them hit together is not.
                        interrupted = check.interruptedReplies
                        try await sendAgain(ledger, caller)
                        let after = CrashCheck(promised: ledger.entries, stored: try await .read(by: caller))
                        try await after.run()
                        after.everythingIsThereOnce()
                    }
                }
                #expect(interrupted > 0)
            }
        }

        private func server<Result: Sendable>(
            in home: ParleyHome,
            _ test: (RunningServer, LiveCaller) async throws -> Result
        ) async throws -> Result {
            try await RunningServer.with(in: home, options: ["--log-level", "warning"]) { server in
                try await LiveCaller.with(server) { caller in try await test(server, caller) }
            }
        }

        private func makeConversation(_ caller: LiveCaller) async throws -> String {
            try #require(try await caller.post("/api/conversations", ["title": "Kept"])["id"]?.stringValue)
        }

        /// Sends again all that was never acknowledged, and some of what was.
        private func sendAgain(_ ledger: Ledger, _ caller: LiveCaller) async throws {
            let entries = ledger.entries
            let unacknowledged = entries.appends.values.filter { $0.seq == nil }
            let acknowledged = entries.appends.values.filter { $0.seq != nil }.prefix(50)
            let turns = entries.turns.values.filter { $0.end == nil }
            #expect(!unacknowledged.isEmpty)
            #expect(!turns.isEmpty)
            try await withThrowingDiscardingTaskGroup { group in
                for append in unacknowledged {
                    group.addTask {
                        let answer = try await caller.append(append)
                        #expect(answer.status == .created || answer.status == .ok, "\(answer.text)")
                        ledger.acknowledge(append, seq: try #require(answer["messages"]?[0]?["seq"]?.intValue))
                    }
                }
                for append in acknowledged {
                    group.addTask {
                        let answer = try await caller.append(append)
                        #expect(answer.status == .ok)
                        #expect(answer["messages"]?[0]?["seq"]?.intValue == append.seq)
                    }
                }
                for turn in turns {
                    group.addTask {
                        let answer = try await caller.post("/api/chat", turn.body(streamed: false))
                        #expect(answer.status == .ok, "\(answer.text)")
                        #expect(answer["user_message"]?["id"]?.stringValue == turn.id)
                        ledger.answer(
                            turn,
                            reply: try #require(answer["message"]),
                            conversation: answer["conversation_id"]?.stringValue
                        )
                    }
                }
            }
        }
    }
}
