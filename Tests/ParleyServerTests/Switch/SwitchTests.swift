import Foundation
import HTTPTypes
import ParleyCore
import Testing

extension LoadTests {
    /// The switch from one store to another and back, as docs/migration.md tells of it, with real processes under load.
    @Suite("A switch of stores", .timeLimit(.minutes(15)), .serialized)
    struct SwitchTests {
        @Test(
            """
            Copy, verify, switch and switch back under load: nothing acknowledged is lost, what was refused succeeds when it \
            is sent again, and both stores hold the same
            """,
            arguments: SwitchPair.all
        )
        func switchAndBack(_ pair: SwitchPair) async throws {
            try await ParleyHome.with { home in
                try await pair.from.with(in: home, called: "first") { first in
                    try await pair.to.with(in: home, called: "second") { second in
                        try await Switch(home: home, first: first, second: second).run()
                    }
                }
            }
        }
    }
}

/// One switch from a store to another, and back.
private struct Switch {
    let home: ParleyHome
    let first: String
    let second: String
    private let ledger = Ledger()

    init(home: ParleyHome, first: String, second: String) {
        self.home = home
        self.first = first
        self.second = second
    }

    func run() async throws {
        // A past that the mirror has never seen.
        let conversations = try await server(on: first, mirror: nil) { server, caller in
            let conversations = try await makeConversations(caller)
            try await load(server, caller, conversations, promises: 300)
            return conversations
        }
        // The mirror takes the present, a copy brings the past, while the callers go on.
        try await server(on: first, mirror: second) { server, caller in
            ledger.after(900, showing: 1) { server.process.send(SIGTERM) }
            async let loaded: Void = callers(caller, conversations).run()
            let copied = try await copyInTwoParts()
            #expect(copied.ending == .exit(0), "\(copied.errors)")
            await loaded
            #expect(await server.process.ending() == .exit(0))
        }
        try await bringTheRest(from: first, to: second)
        // The switch.
        try await server(on: second, mirror: first) { server, caller in
            try await check(caller)
            try await load(server, caller, conversations, promises: 600)
        }
        try await bringTheRest(from: second, to: first)
        // And back: what was written since is there.
        try await server(on: first, mirror: second) { _, caller in try await check(caller) }
        try await bringTheRest(from: first, to: second)
    }

    private func makeConversations(_ caller: LiveCaller) async throws -> [String] {
        var conversations: [String] = []
        for number in 0..<9 {
            let answer = try await caller.post("/api/conversations", ["title": .string("Number \(number)")])
            conversations.append(try #require(answer["id"]?.stringValue))
        }
        return conversations
    }

    /// Loads a server until so many promises were made, and then ends it.
    private func load(
        _ server: RunningServer,
        _ caller: LiveCaller,
        _ conversations: [String],
        promises: Int
    ) async throws {
        ledger.after(promises, showing: 1) { server.process.send(SIGTERM) }
        await callers(caller, conversations).run()
        #expect(await server.process.ending() == .exit(0))
    }

    /// Fewer than crash a server: what they write must be copied and compared before the switch.
    private func callers(_ caller: LiveCaller, _ conversations: [String]) -> CrashLoad {
        CrashLoad(
            caller: caller,
            ledger: ledger,
            conversations: conversations,
            mayBeRefused: true,
            inHotConversation: 20,
            elsewhere: 40
        )
    }

    /// Copies, and is killed on the way; then copies the rest.
    private func copyInTwoParts() async throws -> CommandResult {
        let errors = Pipe()
        let killed = try home.start(
            ["copy"] + stores,
            environment: environment,
            output: try home.newFile("killed.out"),
            errors: errors.fileHandleForWriting
        )
        try errors.fileHandleForWriting.close()
        // It says that it begins. How far it gets then is chance, and must not matter.
        _ = await errors.fileHandleForReading.firstBytes()
        killed.send(SIGKILL)
        _ = await killed.ending()
        return try await home.run(["copy"] + stores, environment: environment)
    }

    /// Copies what a server that has ended had no time left to mirror; then both stores hold the same.
    private func bringTheRest(from: String, to: String) async throws {
        let rest = try await home.run(["copy", "--from", from, "--to", to], environment: environment)
        #expect(rest.ending == .exit(0), "\(rest.errors)")
        let result = try await home.run(["verify", "--json"] + stores, environment: environment)
        #expect(result.ending == .exit(0), "\(result.output) \(result.errors)")
        let report = try JSON(parsing: result.output.trimmingCharacters(in: .whitespacesAndNewlines))
        #expect(report["holds"] == true)
        let digests = report["sha256"]?.arrayValue ?? []
        #expect(digests.count == 2 && digests.first == digests.last)
        #expect(report["messages"]?.intValue ?? 0 > 300)
    }

    /// Nothing acknowledged or shown is lost; what was not acknowledged is there once after it was sent again.
    private func check(_ caller: LiveCaller) async throws {
        try await CrashCheck(promised: ledger.entries, stored: try await .read(by: caller)).run()
        let entries = ledger.entries
        try await withThrowingDiscardingTaskGroup { group in
            for append in entries.appends.values where append.seq == nil {
                group.addTask {
                    let answer = try await caller.append(append)
                    #expect(answer.status == .created || answer.status == .ok, "\(answer.text)")
                    ledger.acknowledge(append, seq: try #require(answer["messages"]?[0]?["seq"]?.intValue))
                }
            }
            for turn in entries.turns.values where turn.end == nil {
                group.addTask {
                    let answer = try await caller.post("/api/chat", turn.body(streamed: false))
                    #expect(answer.status == .ok, "\(answer.text)")
                    ledger.answer(
                        turn,
                        reply: try #require(answer["message"]),
                        conversation: answer["conversation_id"]?.stringValue
                    )
                }
            }
        }
        let after = CrashCheck(promised: ledger.entries, stored: try await .read(by: caller))
        try await after.run()
        after.everythingIsThereOnce()
    }

    private var stores: [String] { ["--from", first, "--to", second] }
    private var environment: [String: String] { ["PARLEY_JWT_SECRET": RunningServer.secret] }

    private func server<Result: Sendable>(
        on store: String,
        mirror: String?,
        _ test: (RunningServer, LiveCaller) async throws -> Result
    ) async throws -> Result {
        let mirrored = mirror.map { ["--mirror", $0] } ?? []
        return try await RunningServer.with(in: home, options: ["--log-level", "warning", "--store", store] + mirrored)
        {
            server in
            try await LiveCaller.with(server) { caller in try await test(server, caller) }
        }
    }
}

extension FileHandle {
    /// Waits until there is something to read, or the end.
    fileprivate func firstBytes() async -> Data {
        await withCheckedContinuation { continuation in
            // Reading blocks its thread, so it must not be one of the cooperative pool.
            DispatchQueue.global().async { continuation.resume(returning: self.availableData) }
        }
    }
}
