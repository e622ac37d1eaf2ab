import Logging
import ParleyCore
import ParleyRedis
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@testable import RedisWire

/// What only a cluster can do to the store: a project's slot moves, and a step that crosses nodes is the last for a while.
@Suite(.timeLimit(.minutes(15)))
struct RedisClusterTests {
    @Test("While a project moves to another node, nothing that is written to it is lost, doubled or left halfway")
    func slotMoves() async throws {
        try await TestRedisCluster.with { cluster async throws in
            let client = try RedisClusterClient(cluster.patience, logger: .quiet)
            try await withRunning(client, client.run) {
                let clock = ManualClock(tick: .milliseconds(1))
                let store = RedisStore(client, clock: clock, ids: SequentialIDs(series: 1), logger: .quiet)
                let conversation = try await store.createConversation(NewConversation(), as: .alice).value
                let (source, target) = try await places(of: conversation.projectID, in: cluster)
                try await withRunning(source, source.run) {
                    try await withRunning(target, target.run) {
                        try await appendWhileMoving(conversation, store, source, target)
                    }
                }
            }
        }
    }

    private func appendWhileMoving(
        _ conversation: Conversation,
        _ store: RedisStore,
        _ source: RedisClient,
        _ target: RedisClient
    ) async throws {
        let slot = RedisArgument.integer(RedisSlot(ofKey: "project:{\(conversation.projectID)}").number)
        let (from, to) = (try await source.identity(), try await target.identity())
        let clientIDs = SequentialIDs(series: 9)
        let written = Written()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    while !written.isOver {
                        let id: MessageID = clientIDs.make()
                        let message = NewMessage.user("by \(writer)", id: id)
                        _ = try await store.appendMessages(
                            [message],
                            to: conversation.id,
                            expectedRevision: nil,
                            as: .alice
                        )
                        written.note(id)
                    }
                }
            }
            try await waitUntil { written.ids.count > 20 }
            _ = try await target.send(["CLUSTER", "SETSLOT", slot, "IMPORTING", .string(from)])
            _ = try await source.send(["CLUSTER", "SETSLOT", slot, "MIGRATING", .string(to)])
            let port = try await target.send(["CONFIG", "GET", "port"]).elements[1]?.integer ?? 0
            while true {
                let keys = try await source.send(["CLUSTER", "GETKEYSINSLOT", slot, 7]).elements.compactMap(\.string)
                guard !keys.isEmpty else { break }
                for key in keys {
                    _ = try await source.send(["MIGRATE", "127.0.0.1", .integer(port), .string(key), 0, 20_000])
                }
            }
            for node in [target, source] {
                _ = try await node.send(["CLUSTER", "SETSLOT", slot, "NODE", .string(to)])
            }
            let count = written.ids.count
            try await waitUntil { written.ids.count > count + 20 }
            written.end()
            try await group.waitForAll()
        }
        var log: [Message] = []
        while true {
            let range = MessageRange.after(log.last?.seq ?? 0)
            let page = try await store.messages(in: conversation.id, range, limit: 100, as: .alice)
            log += page.messages
            guard page.hasMore else { break }
        }
        #expect(log.map(\.seq) == Array(1...log.count))
        #expect(Set(log.map(\.id)) == Set(written.ids))
        #expect(log.count == written.ids.count)
        #expect(try await source.send(["CLUSTER", "COUNTKEYSINSLOT", slot]).integer == 0)
    }

    /// A client of the node that has a project, and one of a node that hasn't.
    private func places(
        of project: ProjectID,
        in cluster: TestRedisCluster
    ) async throws -> (source: RedisClient, target: RedisClient) {
        let slot = RedisSlot(ofKey: "project:{\(project)}").number
        let owner = (0..<3).last { RedisSlot.count * $0 / 3 <= slot } ?? 0
        func client(_ index: Int) throws -> RedisClient {
            var configuration = cluster.patience
            configuration.url.target = .server(RedisEndpoint(host: "127.0.0.1", port: cluster.ports[index]))
            return try RedisClient(configuration, logger: .quiet)
        }
        return (try client(owner), try client((owner + 1) % 3))
    }

    @Test(
        "A conversation's move to a project on another node, broken off at any step, is there once and whole, and can be done",
        arguments: [false, true]
    )
    func brokenMoves(answerIsLost: Bool) async throws {
        let (cluster, client) = try await LentRedisCluster.shared().take()
        do {
            try await breakMoves(client, answerIsLost)
        } catch {
            try await cluster.giveBack()
            throw error
        }
        try await cluster.giveBack()
    }

    @Test("The doctor looks through all nodes, and mends what nothing leads to on any of them")
    func doctor() async throws {
        let (cluster, client) = try await LentRedisCluster.shared().take()
        do {
            try await examine(client)
        } catch {
            try await cluster.giveBack()
            throw error
        }
        try await cluster.giveBack()
    }

    private func examine(_ client: RedisClusterClient) async throws {
        let clock = ManualClock(tick: .milliseconds(1))
        let ids = SequentialIDs(series: 1)
        let store = RedisStore(client, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
        let (one, other) = try await projectsApart(store)
        var conversations: [ConversationID] = []
        for project in [one, other] {
            let input = NewConversation(title: "waders", projectID: project)
            let id = try await store.createConversation(input, as: .alice).value.id
            let messages: [NewMessage] = [.user("a heron"), .user("a stork"), .user("an ibis")]
            _ = try await store.appendMessages(messages, to: id, expectedRevision: nil, as: .alice)
            conversations.append(id)
        }
        let healthy = try await RedisDoctor(store, repairs: false).examine()
        #expect(healthy.lines.isEmpty, "\(healthy.lines)")
        #expect(healthy.messages == 6)
        for (project, id) in zip([one, other], conversations) {
            _ = try await client.send(["DEL", .string("project:{\(project)}:sessions:\(id)")])
            _ = try await client.send(["DEL", .string("project:{\(project)}:sessions:\(id):messages")])
            _ = try await client.send(["SREM", .string("project:{\(project)}:sessions"), "\(id)"])
        }
        #expect(try await RedisDoctor(store, repairs: false).examine().left > 0)
        let mended = try await RedisDoctor(store, repairs: true).examine()
        #expect(mended.left == 0, "\(mended.lines)")
        for id in conversations {
            let snapshot = try await store.conversation(id, newestMessages: 10, as: .alice)
            #expect(snapshot.page.messages.map(\.content) == ["a heron", "a stork", "an ibis"])
        }
    }

    private func breakMoves(_ client: RedisClusterClient, _ answerIsLost: Bool) async throws {
        let clock = ManualClock(tick: .milliseconds(1))
        let ids = SequentialIDs(series: 1)
        let whole = RedisStore(client, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
        let (from, to) = try await projectsApart(whole)
        var step = 0
        while true {
            let created = try await whole.createConversation(
                NewConversation(title: "moves", projectID: from),
                as: .alice
            )
            let id = created.value.id
            _ = try await whole.appendMessages(
                [.user("first pelican"), .user("second pelican")],
                to: id,
                expectedRevision: nil,
                as: .alice
            )
            let broken = BreakingRedis(client, after: step, answerIsLost: answerIsLost)
            let other = RedisStore(broken, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
            let changes = ConversationChanges(projectID: to)
            var isMoved = true
            do {
                _ = try await other.updateConversation(id, changes, expectedRevision: nil, as: .alice)
            } catch {
                isMoved = false
                #expect((error as? ParleyError)?.code == .unavailable)
            }
            // Whoever comes now, with a store that knows nothing of it, sees it once, in one place or the other.
            try await expectOnce(id, RedisStore(client, clock: clock, ids: ids, logger: .quiet), from, to)
            // Later than a move may take, it can be done, whatever was left.
            clock.advance(by: .seconds(60))
            let later = RedisStore(client, clock: clock, ids: ids, logger: .quiet, leasesGoByStoreClock: true)
            let moved = try await later.updateConversation(id, changes, expectedRevision: nil, as: .alice).value
            #expect(moved.projectID == to)
            #expect(moved.messageCount == 2)
            try await expectOnce(id, later, from, to)
            _ = try await later.appendMessages([.user("third")], to: id, expectedRevision: nil, as: .alice)
            for project in [from, to] {
                let key = RedisArgument.string("project:{\(project)}:moving")
                #expect(try await client.send(["EXISTS", key]).integer == 0, "step \(step)")
            }
            _ = try await later.deleteConversation(id, expectedRevision: nil, as: .alice)
            if isMoved, !broken.hasBroken { break }
            step += 1
        }
        // Reading, locking, two notes, the copy, the switch, and what is done after it.
        #expect(step > 8)
    }

    /// Two projects of Alice's on different nodes.
    private func projectsApart(_ store: RedisStore) async throws -> (ProjectID, ProjectID) {
        let from = try await store.createProject(NewProject(name: "From"), as: .alice).value.id
        while true {
            let to = try await store.createProject(NewProject(name: "To"), as: .alice).value.id
            let slots = [from, to].map { RedisSlot(ofKey: "project:{\($0)}").number * 3 / RedisSlot.count }
            if slots[0] != slots[1] { return (from, to) }
        }
    }

    /// A conversation of two messages is readable, whole, and in one of two lists.
    private func expectOnce(_ id: ConversationID, _ store: RedisStore, _ from: ProjectID, _ to: ProjectID) async throws
    {
        let snapshot = try await store.conversation(id, newestMessages: 10, as: .alice)
        #expect(snapshot.page.messages.map(\.content) == ["first pelican", "second pelican"])
        var lists: [ProjectID] = []
        for project in [from, to] {
            let filter = ConversationFilter(projectID: project)
            let page = try await store.conversations(filter, page: PageRequest(limit: 100), as: .alice)
            lists += page.elements.filter { $0.id == id }.map { _ in project }
        }
        #expect(lists == [snapshot.conversation.projectID])
    }
}

/// Passes on what is sent, so many times; then its connection is gone for good.
private final class BreakingRedis: RedisCommanding {
    private let redis: any RedisCommanding
    private let answerIsLost: Bool
    private let left: Mutex<Int>

    /// - Parameters:
    ///   - redis: Does what is sent.
    ///   - count: How many commands pass.
    ///   - answerIsLost: Whether the first command that fails is run, and only its answer is lost.
    init(_ redis: any RedisCommanding, after count: Int, answerIsLost: Bool) {
        self.redis = redis
        self.answerIsLost = answerIsLost
        left = Mutex(count)
    }

    /// Whether a command has failed.
    var hasBroken: Bool { left.withLock { $0 < 0 } }

    func send(_ command: RedisCommand, within timeout: Duration?) async throws(RedisError) -> RedisReply {
        try await pass { () async throws(RedisError) in try await redis.send(command, within: timeout) }
    }

    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument],
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        try await pass { () async throws(RedisError) in
            try await redis.run(script, keys: keys, arguments: arguments, within: timeout)
        }
    }

    private func pass(_ work: () async throws(RedisError) -> RedisReply) async throws(RedisError) -> RedisReply {
        let number = left.withLock { left in
            left -= 1
            return left
        }
        if number >= 0 { return try await work() }
        if number == -1, answerIsLost { _ = try await work() }
        throw RedisError(.connectionLost, "The connection ended.")
    }
}

extension RedisClient {
    /// The node's id in its cluster.
    fileprivate func identity() async throws -> String {
        try await send(["CLUSTER", "MYID"]).string ?? ""
    }
}

/// Runs a client, and waits until it is connected, while `body` goes on.
private func withRunning(
    _ client: any RedisService,
    _ run: @escaping @Sendable () async -> Void,
    _ body: () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await run() }
        defer { group.cancelAll() }
        try await client.waitUntilConnected()
        try await body()
    }
}

/// Asks again and again until something holds: what writers have written is counted, and nobody is told of it.
private func waitUntil(_ holds: () -> Bool) async throws {
    while !holds() { try await Task.sleep(for: .milliseconds(10)) }
}

/// What writers have written so far, and whether they are to go on.
private final class Written: Sendable {
    private let state = Mutex((ids: [MessageID](), isOver: false))

    var ids: [MessageID] { state.withLock(\.ids) }
    var isOver: Bool { state.withLock(\.isOver) }

    func note(_ id: MessageID) { state.withLock { $0.ids.append(id) } }
    func end() { state.withLock { $0.isOver = true } }
}
