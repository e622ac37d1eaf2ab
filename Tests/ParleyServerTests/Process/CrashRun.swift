import HTTPTypes
import ParleyCore
import Testing

/// Servers that are killed one after the other, and what their callers were promised.
struct CrashRun: Sendable {
    let home: ParleyHome
    let ledger = Ledger()
    /// What the servers are started with besides.
    var options: [String] = []

    func server<Result: Sendable>(
        _ test: (RunningServer, LiveCaller) async throws -> Result
    ) async throws -> Result {
        try await RunningServer.with(in: home, options: ["--log-level", "warning"] + options) { server in
            try await LiveCaller.with(server) { caller in try await test(server, caller) }
        }
    }

    func makeConversation(_ caller: LiveCaller) async throws -> String {
        try #require(try await caller.post("/api/conversations", ["title": "Kept"])["id"]?.stringValue)
    }

    /// Sends again all that was never acknowledged, and some of what was.
    func sendAgain(_ caller: LiveCaller) async throws {
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

    /// Makes the conversations that the load appends to.
    func makeConversations() async throws -> [String] {
        try await server { _, caller in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<9 { group.addTask { try await makeConversation(caller) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
    }

    /// Checks every promise, sends again, and checks that everything is there once; says how many replies were interrupted.
    func check(by caller: LiveCaller) async throws -> Int {
        let check = CrashCheck(promised: ledger.entries, stored: try await atRest(caller))
        try await check.run()
        try await sendAgain(caller)
        let after = CrashCheck(promised: ledger.entries, stored: try await .read(by: caller))
        try await after.run()
        after.everythingIsThereOnce()
        return check.interruptedReplies
    }

    /// What is there when no reply is being written any more: where instances share a store, a dead one's replies end when
    /// their leases do.
    private func atRest(_ caller: LiveCaller) async throws -> StoredLogs {
        while true {
            let logs = try await StoredLogs.read(by: caller)
            if !logs.messages.values.joined().contains(where: { $0["status"] == "streaming" }) { return logs }
        }
    }
}
