import Foundation
import Logging
import ParleyCore
import ParleyRedis
import RedisWire
import Synchronization

/// Measures Redis as the truth: its memory beside that of the old layouts, and its rates beside `redis-benchmark` running the
/// same scripts with the same arguments.
struct RedisTruthBenchmark: Sendable {
    let comparison: Comparison
    let callers: [Int]
    let logger: Logger

    /// Measures what is asked for.
    func run(_ subjects: [Subject], _ report: (Figure) -> Void) async throws {
        if subjects.contains(.redisMemory) { for figure in try await memory() { report(figure) } }
        guard subjects.contains(.redisTruth) else { return }
        for sync in ["always", "everysec"] {
            for figure in try await rates(sync) { report(figure) }
        }
    }

    // MARK: Memory

    private func memory() async throws -> [Figure] {
        let figures = Collected()
        try await ThrowAwayRedis.run([], logger) { server in
            let layouts = LayoutMemory(redis: server.client)
            let store = RedisStore(server.client, clock: SystemClock(), ids: UUIDv7Maker(), logger: logger)
            let count = Double(layouts.corpus.count)
            let keys = try await layouts.old(memoryKeys: true, sessions: false)
            let sessions = try await layouts.old(memoryKeys: false, sessions: true)
            let both = try await layouts.old(memoryKeys: true, sessions: true)
            let new = try await layouts.new(store)
            for (name, old) in [("keys", keys), ("sessions", sessions), ("both", both)] {
                figures.add(Self.figure("memory.\(name)", Double(new.all) / count, Double(old.all) / count))
                let bare = new.all - new.index
                figures.add(Self.figure("memory.\(name).bare", Double(bare) / count, Double(old.all) / count))
                figures.add(Self.figure("used.\(name)", Double(new.server) / count, Double(old.server) / count))
            }
            for (kind, bytes) in zip(LayoutMemory.kinds, new.kinds) {
                figures.add(Self.figure("memory.of.\(kind)", Double(bytes) / count, .nan))
            }
        }
        return figures.all
    }

    private static func figure(_ name: String, _ value: Double, _ ceiling: Double) -> Figure {
        Figure(
            name: name,
            value: value,
            unit: "B/message",
            p50: .nan,
            p99: .nan,
            ceiling: ceiling,
            ratio: value / ceiling,
            serverMicroseconds: .nan,
            ceilingMicroseconds: .nan,
            generatorMicroseconds: .nan
        )
    }

    // MARK: Rates

    private static let identity = Identity(email: EmailAddress(normalized: "alice@example.com"))

    private func rates(_ sync: String) async throws -> [Figure] {
        let figures = Collected()
        let options = ["--set", "appendonly", "yes", "--set", "appendfsync", sync]
        try await ThrowAwayRedis.run(options, logger) { server in
            let recorder = CallRecorder(server.client)
            let recorded = RedisStore(recorder, clock: SystemClock(), ids: UUIDv7Maker(), logger: logger)
            let store = RedisStore(server.client, clock: SystemClock(), ids: UUIDv7Maker(), logger: logger)
            for callers in callers {
                var homes: [ConversationID] = []
                for _ in 0..<callers { homes.append(try await Self.conversation(in: store)) }
                let home = try await Self.conversation(in: store)
                let id: MessageID = UUIDv7Maker().make()
                _ = try await recorded.appendMessages(
                    [NewMessage(id: id, role: .user, content: SampleText.message(0))],
                    to: home,
                    expectedRevision: nil,
                    as: Self.identity
                )
                let append = try await recorder.lastCall(randomising: id)
                let own = homes
                figures.add(
                    try await measure("append.\(sync).\(callers)", server, callers, append) { caller, number in
                        _ = try await store.appendMessages(
                            [NewMessage(role: .user, content: SampleText.message(number))],
                            to: own[caller],
                            expectedRevision: nil,
                            as: Self.identity
                        )
                    }
                )
                let log = try await Self.conversation(in: store, messages: 100)
                _ = try await recorded.messages(in: log, .newest, limit: 50, as: Self.identity)
                let history = try await recorder.lastCall()
                figures.add(
                    try await measure("history.\(sync).\(callers)", server, callers, history) { _, _ in
                        _ = try await store.messages(in: log, .newest, limit: 50, as: Self.identity)
                    }
                )
            }
        }
        return figures.all
    }

    private static func conversation(in store: RedisStore, messages: Int = 0) async throws -> ConversationID {
        let id = try await store.createConversation(NewConversation(), as: identity).value.id
        if messages > 0 {
            let texts = (0..<messages).map { NewMessage(role: .user, content: SampleText.message($0)) }
            _ = try await store.appendMessages(texts, to: id, expectedRevision: nil, as: identity)
        }
        return id
    }

    private func measure(
        _ name: String,
        _ server: ThrowAwayRedis,
        _ callers: Int,
        _ command: [String],
        _ body: @escaping @Sendable (Int, Int) async throws -> Void
    ) async throws -> Figure {
        let benchmark = RedisBenchmark(port: server.port)
        var rate = 500.0
        return try await comparison.measure(
            name: name,
            unit: "calls/s",
            parley: { try await DirectLoad.run(callers: callers, for: $0, body) },
            bare: { duration in
                let count = max(1, Int(rate * (duration / .seconds(1))))
                let result = try await benchmark.run(command, callers: callers, count: count, random: Int(Int32.max))
                rate = result.perSecond
                return result
            }
        )
    }
}

/// Figures as they come.
private final class Collected: Sendable {
    private let figures = Mutex<[Figure]>([])

    var all: [Figure] { figures.withLock { $0 } }

    func add(_ figure: Figure) { figures.withLock { $0.append(figure) } }
}
