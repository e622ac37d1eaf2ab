import ParleyCore
import ParleyTesting
import Testing

/// Clients of all kinds at both instances of a cluster, for as long as a fault takes.
struct FaultLoad: Sendable {
    let cluster: Cluster
    let journal = Journal()
    /// The first is the one that many append to at once.
    private let logs: [String]
    /// Where replies are written, one at a time in each.
    private let chats: [String]

    private static let hot = 5
    private static let cold = 5
    private static let readers = 4

    /// Makes the conversations.
    init(_ cluster: Cluster) async throws {
        self.cluster = cluster
        (logs, chats) = ((0..<6).map { _ in FaultClient.newID() }, (0..<4).map { _ in FaultClient.newID() })
        let client = FaultClient(number: 0, cluster: cluster, journal: journal)
        for (index, id) in (logs + chats).enumerated() {
            let created = await client.create(id, at: index % 2)
            try #require(created.isDone)
        }
    }

    /// Where many append.
    var hotLog: String { logs[0] }

    /// Works from before the fault until both instances do all their work again, and returns when the fault began.
    ///
    /// - Parameter fault: Breaks something, waits for what that does, and mends it.
    /// - Returns: When it began, and when it was mended.
    /// - Throws: What `fault` throws.
    func run(_ fault: (Journal) async throws -> Void) async throws -> ClosedRange<Int> {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...(Self.hot + Self.cold) {
                let log = number <= Self.hot ? logs[0] : logs[1 + number % (logs.count - 2)]
                group.addTask { await append(client(number), to: log) }
            }
            group.addTask { await edit(client(20), in: logs[logs.count - 1]) }
            for number in 30..<30 + Self.readers { group.addTask { await read(client(number)) } }
            for (index, chat) in chats.enumerated() { group.addTask { await talk(client(40 + index), in: chat) } }
            for number in 50..<52 { group.addTask { await follow(client(number)) } }
            group.addTask { await makeAndDelete(client(60)) }
            defer { journal.end() }
            await working()
            let start = journal.now
            try await fault(journal)
            let mended = journal.now
            await working()
            journal.end()
            try await group.waitForAll()
            return start...mended
        }
    }

    /// Waits until both instances have done some of everything.
    func working() async {
        await journal.until { progress in
            (0..<2).allSatisfy { instance in
                progress.count(.append, at: instance) >= 20 && progress.count(.read(15), at: instance) >= 10
                    && progress.count(.read(50), at: instance) >= 5 && progress.count(.turn, at: instance) >= 1
            }
        }
    }

    private func client(_ number: Int) -> FaultClient {
        FaultClient(number: number, cluster: cluster, journal: journal)
    }

    private static func text(_ id: String) -> String {
        "\(id) e\u{301}é 東京 \"\\\u{7F}\r\n\t" + String(repeating: "word ", count: Int(id.utf8.last ?? 0) % 8)
    }

    private func append(_ client: FaultClient, to log: String) async {
        var instance = client.number % 2
        while !journal.isOver {
            let id = FaultClient.newID()
            // Again at the other one, until somebody says that it is there.
            while !journal.isOver, await !client.append(id, Self.text(id), to: log, at: instance).isDone {
                instance ^= 1
            }
        }
    }

    private func edit(_ client: FaultClient, in log: String) async {
        var turn = 0
        while !journal.isOver {
            turn += 1
            let (id, instance) = (FaultClient.newID(), turn % 2)
            let path = "/api/conversations/\(log)/messages/\(id)"
            guard await client.append(id, Self.text(id), to: log, at: instance).isDone else { continue }
            let text = "edited \(id)"
            await client.ask(.edit, in: log, message: id, text: text, at: instance ^ 1) { caller in
                try await caller.patch(path, ["content": .string(text)])
            }
            guard turn % 3 == 0 else { continue }
            await client.ask(.delete, in: log, message: id, at: instance) { try await $0.delete(path) }
        }
    }

    private func read(_ client: FaultClient) async {
        var random = SplitMix64(seed: UInt64(client.number))
        while !journal.isOver {
            let log = random.oneIn(2) ? logs[0] : (logs + chats)[random.place(in: logs.count + chats.count)]
            await client.read(random.oneIn(3) ? 50 : 15, of: log, at: random.place(in: 2))
        }
    }

    private func talk(_ client: FaultClient, in chat: String) async {
        var instance = client.number % 2
        while !journal.isOver {
            let id = FaultClient.newID()
            while !journal.isOver, await !client.turn(id, Self.text(id), in: chat, at: instance).isDone {
                instance ^= 1
            }
            instance ^= 1
        }
    }

    /// Follows what others are being shown, from the other instance as often as from theirs.
    private func follow(_ client: FaultClient) async {
        while !journal.isOver {
            if let reply = journal.takeReply() {
                _ = await client.follow(reply.id, in: reply.conversation, at: client.number % 2)
            } else {
                await client.read(15, of: chats[0], at: client.number % 2)
            }
        }
    }

    private func makeAndDelete(_ client: FaultClient) async {
        while !journal.isOver {
            let (log, id) = (FaultClient.newID(), FaultClient.newID())
            guard await client.create(log, at: 0).isDone else { continue }
            _ = await client.append(id, Self.text(id), to: log, at: 1)
            await client.read(15, of: log, at: 0)
            await client.ask(.deleteConversation, in: log, at: 1) { try await $0.delete("/api/conversations/\(log)") }
            await client.read(15, of: log, at: 0)
        }
    }
}

extension FaultLoad {
    /// Sends again, at rest, what nobody has acknowledged, and some of what somebody has.
    func sendAgain() async {
        let client = client(70)
        let operations = journal.operations
        var known: Set<String> = []
        var appends = 0
        for operation in operations where operation.isDone { known.insert(operation.message) }
        for operation in operations where operation.kind == .append || operation.kind == .turn {
            let wasKnown = known.contains(operation.message)
            if wasKnown { appends += 1 }
            guard !wasKnown || appends % 50 == 0 else { continue }
            known.insert(operation.message)
            let (id, place) = (operation.message, operation.conversation)
            if operation.kind == .turn {
                _ = await client.turn(id, Self.text(id), in: place, at: appends % 2)
            } else {
                _ = await client.append(id, Self.text(id), to: place, at: appends % 2)
            }
        }
        for id in logs + chats + (operations.last { $0.kind == .deleteConversation }.map { [$0.conversation] } ?? []) {
            for instance in 0..<2 { for limit in [15, 50] { await client.read(limit, of: id, at: instance) } }
        }
    }
}

extension FaultLoad {
    /// Waits until both instances have refused something.
    func bothFail() async {
        await journal.until { progress in (0..<2).allSatisfy { progress.failures(at: $0) >= 3 } }
    }

    /// Waits until both have appended so many.
    func appending(_ count: Int) async {
        await journal.until { progress in (0..<2).allSatisfy { progress.count(.append, at: $0) >= count } }
    }

    /// Waits until both have answered so many reads.
    func reading(_ count: Int) async {
        await journal.until { progress in (0..<2).allSatisfy { progress.count(.read(15), at: $0) >= count } }
    }
}
