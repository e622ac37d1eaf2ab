import Foundation
import HTTPTypes
import ParleyCore
import Testing

extension LoadTests {
    @Suite("A server that is told to end", .timeLimit(.minutes(15)))
    struct ShutdownTests {
        @Test("SIGTERM among 200 callers: status 0, every stream is shown its end, nothing acknowledged is lost")
        func underLoad() async throws {
            try await ParleyHome.with { home in
                let ledger = Ledger()
                try await server(in: home) { server, caller in
                    var conversations: [String] = []
                    for _ in 0..<9 {
                        let answer = try await caller.post("/api/conversations", [:])
                        conversations.append(try #require(answer["id"]?.stringValue))
                    }
                    ledger.after(600) { server.process.send(SIGTERM) }
                    await CrashLoad(caller: caller, ledger: ledger, conversations: conversations, mayBeRefused: true)
                        .run()
                    #expect(await server.process.ending() == .exit(0))
                }
                let turns = ledger.entries.turns.values.filter { $0.reply != nil }
                #expect(!turns.isEmpty)
                #expect(turns.allSatisfy { $0.end != nil })
                try await server(in: home) { _, caller in
                    try await CrashCheck(promised: ledger.entries, stored: try await .read(by: caller)).run()
                }
            }
        }

        @Test(
            "A reply that does not end within the grace is parked as interrupted with what it had, and the status is 0"
        )
        func parked() async throws {
            try await ParleyHome.with { home in
                let ledger = Ledger()
                let turn = ledger.newTurn(in: nil)
                try await SilentModel.with { model in
                    try await server(in: home, options: ["--model-url", model.url]) { server, caller in
                        let status = try await caller.stream("/api/chat", turn.body(streamed: true)) { event in
                            ledger.show(event, of: turn)
                            if event.type == "message_delta" { server.process.send(SIGTERM) }
                        }
                        #expect(status == 200)
                        #expect(await server.process.ending() == .exit(0))
                    }
                }
                let shown = try #require(ledger.entries.turns[turn.id])
                #expect(shown.shown == Array(SilentModel.words.utf8))
                #expect(shown.end?["status"] == "interrupted")
                try await server(in: home) { _, caller in
                    let stored = try await StoredLogs.read(by: caller)
                    #expect(stored.byID[try #require(shown.reply)] == [try #require(shown.end)])
                }
            }
        }

        @Test("SIGINT, which Control-C sends, ends an idle server with status 0 and leaves no log behind")
        func interrupt() async throws {
            try await ParleyHome.with { home in
                try await server(in: home) { server, caller in
                    let ready = try await caller.get("/health/ready")
                    #expect(ready.status == .ok)
                    server.process.send(SIGINT)
                    #expect(await server.process.ending() == .exit(0))
                }
                // Closed in order, the database is one file again.
                #expect(!FileManager.default.fileExists(atPath: home.path("parley.db-wal")))
            }
        }

        private func server<Result: Sendable>(
            in home: ParleyHome,
            options: [String] = [],
            _ test: (RunningServer, LiveCaller) async throws -> Result
        ) async throws -> Result {
            try await RunningServer.with(in: home, options: ["--log-level", "warning"] + options) { server in
                try await LiveCaller.with(server) { caller in try await test(server, caller) }
            }
        }
    }
}
