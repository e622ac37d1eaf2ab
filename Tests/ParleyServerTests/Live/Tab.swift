import HTTPTypes
import NIOCore
import NIOPosix
import ParleyCore
import ParleyTesting
import Synchronization
import WebSocketWire

/// A person's tab: stays connected to one instance or another, by a socket or by a stream.
///
/// It folds what it is told into what it shows, asks for what it was told to ask for, and relies on nothing but what is
/// promised to clients.
final class Tab: Sendable {
    /// How it is connected.
    enum Way: Hashable, Sendable {
        case socket
        /// Server-sent events of one conversation.
        case stream
    }

    /// What connections have come to, all together.
    struct Totals: Sendable {
        var connections = 0
        var events = 0
        var closings: [Int: Int] = [:]
        var resyncs: [String: Int] = [:]
        var gaps: [HubRecord.Gap] = []
        var violations: [String] = []

        mutating func add(_ record: HubRecord) {
            connections += 1
            events += record.events
            resyncs.merge(record.resyncs, uniquingKeysWith: +)
            gaps += record.gaps
            violations += record.violations
        }

        mutating func add(_ other: Totals) {
            connections += other.connections
            events += other.events
            closings.merge(other.closings, uniquingKeysWith: +)
            resyncs.merge(other.resyncs, uniquingKeysWith: +)
            gaps += other.gaps
            violations += other.violations
        }
    }

    private struct Waiting {
        let isMet: @Sendable (TabState) -> Bool
        let met: Eventual<Bool>
    }

    private struct Inner {
        var state = TabState()
        var record: HubRecord
        var totals = Totals()
        var needs: [TabState.Need] = []
        var wake: AsyncStream<Void>.Continuation?
        var connection: WebSocketClient?
        var random: SplitMix64
        var instance: Int
        var isOver = false
        var waiting: [Waiting] = []

        mutating func need(_ more: [TabState.Need]) {
            for need in more where !needs.contains(need) { needs.append(need) }
            if !needs.isEmpty { wake?.yield() }
        }

        /// Those who wait for what is so now.
        mutating func met() -> [Eventual<Bool>] {
            guard !waiting.isEmpty else { return [] }
            let met = waiting.filter { $0.isMet(state) }.map(\.met)
            if !met.isEmpty { waiting.removeAll { $0.isMet(state) } }
            return met
        }
    }

    private static let connector: WebSocketConnector = {
        var configuration = WebSocketConfiguration()
        (configuration.maxFrameBytes, configuration.maxMessageBytes) = (8 << 20, 8 << 20)
        configuration.closeTimeout = .seconds(1)
        var connector = WebSocketConnector(
            group: MultiThreadedEventLoopGroup.singleton,
            loops: WebSocketLoops(configuration: configuration)
        )
        // A link that was silent passes everything on later: only a busy machine is slow.
        connector.timeout = .seconds(30)
        return connector
    }()

    let number: Int
    let person: EmailAddress
    let way: Way
    private let cluster: Cluster
    private let token: String
    /// How many conversations it has open.
    private let opens: Int
    private let mayKnow: @Sendable (String) -> Bool
    private let inner: Mutex<Inner>

    init(
        number: Int,
        of person: EmailAddress,
        token: String,
        way: Way = .socket,
        opens: Int = 2,
        at instance: Int,
        in cluster: Cluster,
        mayKnow: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        (self.number, self.person, self.token, self.way) = (number, person, token, way)
        (self.cluster, self.mayKnow, self.opens) = (cluster, mayKnow, way == .stream ? 1 : opens)
        inner = Mutex(
            Inner(
                record: HubRecord(mayKnow: mayKnow),
                random: SplitMix64(seed: UInt64(number)),
                instance: instance
            )
        )
        inner.withLock { $0.state.asksAboutGaps = number % 2 == 0 }
    }

    // MARK: For the test

    var state: TabState { inner.withLock(\.state) }
    var totals: Totals { inner.withLock(\.totals) }

    /// Opens a conversation, now or as soon as it is connected.
    func open(_ conversation: String) {
        inner.withLock { inner in
            inner.state.open(conversation)
            inner.need([.subscription(conversation)])
        }
    }

    /// Waits until the state is as it should be; returns whether it came to be before the tab has ended.
    func until(_ isMet: @escaping @Sendable (TabState) -> Bool) async -> Bool {
        let met = Eventual<Bool>()
        let isNow = inner.withLock { inner in
            if isMet(inner.state) { return true }
            inner.waiting.append(Waiting(isMet: isMet, met: met))
            return false
        }
        if isNow { return true }
        return await withTaskCancellationHandler {
            await met.value()
        } onCancel: {
            met.give(false)
        }
    }

    /// Connects anew: where it is or elsewhere, with what it has or as a page that is loaded anew.
    func reconnect(at instance: Int? = nil, anew: Bool = false) {
        let connection = inner.withLock { inner in
            inner.instance = instance ?? inner.instance
            if anew { inner.state.reload() }
            return inner.connection
        }
        connection?.socket.close(.goingAway)
    }

    /// Tells the others that the person is writing in one of the open conversations.
    func type() {
        let (connection, conversation) = inner.withLock { inner in
            (inner.connection, inner.state.logs.keys.min())
        }
        guard let connection, let conversation else { return }
        connection.socket.send(PreparedMessage(text: Self.command("typing", conversation)))
    }

    /// Disconnects for good.
    func stop() {
        let (connection, waiting) = inner.withLock { inner in
            inner.isOver = true
            inner.wake?.finish()
            return (inner.connection, inner.waiting)
        }
        connection?.socket.close(.goingAway)
        for waiting in waiting { waiting.met.give(false) }
    }

    /// Stays connected until it is stopped, or told not to come again.
    func run() async {
        while !inner.withLock(\.isOver), !Task.isCancelled {
            let code = await connect()
            inner.withLock { inner in
                inner.totals.add(inner.record)
                if let code { inner.totals.closings[code, default: 0] += 1 }
                inner.state.disconnected()
                inner.connection = nil
                if code ?? 0 >= 4500 { inner.isOver = true }
                // What stands before several instances would lead to another one.
                if code == nil { inner.instance = (inner.instance + 1) % cluster.instances.count }
            }
            // As browsers do: not all at once, and not at once.
            let pause = inner.withLock { Int.random(in: 50...400, using: &$0.random) }
            try? await Task.sleep(for: .milliseconds(pause))
        }
    }

    // MARK: Connections

    /// One connection, to its end; returns the code that it was closed with.
    private func connect() async -> Int? {
        let (wakeUps, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        inner.withLock { inner in
            inner.record = HubRecord(mayKnow: mayKnow)
            inner.needs = []
            inner.wake = wake
            if inner.isOver { wake.finish() }
        }
        return way == .socket ? await connectSocket(wakeUps) : await connectStream(wakeUps)
    }

    private func connectSocket(_ wakeUps: AsyncStream<Void>) async -> Int? {
        do {
            let client = try await WebSocketClient.connect(
                with: Self.connector,
                host: "127.0.0.1",
                port: cluster.clientLinks[inner.withLock(\.instance)].port,
                path: "/api/ws",
                headers: [("Authorization", "Bearer \(token)")]
            )
            let isOver = inner.withLock { inner in
                inner.connection = client
                return inner.isOver
            }
            if isOver { client.socket.close(.goingAway) }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [self] in await work(wakeUps, client) }
                for await message in client.messages {
                    guard case .text(let text) = message else { continue }
                    take(text)
                }
                group.cancelAll()
            }
            client.socket.close(.goingAway)
            return try await client.end().code.map { Int($0.rawValue) }
        } catch {
            return nil
        }
    }

    private func connectStream(_ wakeUps: AsyncStream<Void>) async -> Int? {
        if inner.withLock({ $0.state.logs.isEmpty }) { await load() }
        guard
            let (id, revision) = inner.withLock({ inner in
                inner.state.logs.first.map { ($0.key, $0.value.revision ?? 0) }
            })
        else { return nil }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                var caller = caller
                // One whose link was lost without a word is opened anew, as one that misses the comments would be.
                caller.timeout = .seconds(20)
                let path = "/api/events?conversation_id=\(id)&since_revision=\(revision)"
                // An end is an end, however it came.
                let status = try? await caller.stream(path) { take($0.data) }
                if status == 404 { change { $0.state.lose(id) } }
            }
            group.addTask { [self] in await work(wakeUps, nil) }
            await group.next()
            group.cancelAll()
        }
        return nil
    }

    private var caller: LiveCaller {
        var caller = cluster.guest(inner.withLock(\.instance), token: token)
        caller.timeout = .seconds(30)
        return caller
    }

    // MARK: Events

    private func change(_ body: (inout Inner) -> Void) {
        let met = inner.withLock { inner in
            body(&inner)
            return inner.met()
        }
        for met in met { met.give(true) }
    }

    private func take(_ text: String) {
        guard let event = try? JSON(parsing: text) else {
            inner.withLock { $0.totals.violations.append("no JSON: \(text.prefix(300))") }
            return
        }
        take(event)
    }

    private func take(_ event: JSON) {
        change { inner in
            inner.record.take(event)
            let needs = inner.state.take(event)
            switch event["type"]?.stringValue {
            case "ready":
                inner.need([.lists] + inner.state.logs.keys.sorted().map { .subscription($0) })
            case "error":
                guard let id = event["conversation_id"]?.stringValue else { return }
                if event["error"]?["code"] == "not_found" {
                    inner.state.lose(id)
                } else {
                    inner.need([.subscription(id)])
                }
            case "conversation_deleted" where way == .stream:
                inner.need([.subscription("")])
            case "resync" where event["conversation_id"] == nil && way == .socket && number % 3 == 0:
                // The other way to learn of changes.
                inner.need(needs.map { if case .changes(let id) = $0 { .subscription(id) } else { $0 } })
            default: inner.need(needs)
            }
        }
    }

    private static func command(_ type: String, _ conversation: String, since revision: Int? = nil) -> String {
        var command = JSONObject()
        command["type"] = .string(type)
        command["conversation_id"] = .string(conversation)
        command["since_revision"] = revision.map { .number(JSONNumber($0)) }
        return String(decoding: JSON.object(command).serialized, as: UTF8.self)
    }

    // MARK: Questions

    /// Asks for what is needed, one thing after another, as long as the connection lasts.
    private func work(_ wakeUps: AsyncStream<Void>, _ client: WebSocketClient?) async {
        for await _ in wakeUps {
            while !Task.isCancelled, let need = inner.withLock({ $0.needs.isEmpty ? nil : $0.needs.removeFirst() }) {
                // A stream is begun anew to be kept in step from elsewhere.
                if client == nil, case .subscription = need { return }
                if await satisfy(need, client) { continue }
                inner.withLock { $0.need([need]) }
                // As a page does that was refused: it asks again, but not at once.
                try? await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    private func satisfy(_ need: TabState.Need, _ client: WebSocketClient?) async -> Bool {
        switch need {
        case .lists: return await load()
        case .changes(let id):
            guard await loadChanges(of: id) else { return false }
            let isBehind = inner.withLock { $0.state.logs[id]?.isInStep == false }
            if isBehind { inner.withLock { $0.need([.subscription(id)]) } }
            return true
        case .message(let message, let id):
            let path = "/api/conversations/\(id)/messages?limit=100"
            guard let answer = try? await caller.get(path) else { return false }
            let messages = answer["messages"]?.arrayValue ?? []
            change { $0.state.take(messages: messages.filter { $0["id"]?.stringValue == message }, of: id) }
            return answer.status == .ok || answer.status == .notFound
        case .subscription(let id):
            guard let client, let log = inner.withLock({ $0.state.logs[id] }) else { return true }
            if log.revision == nil, number % 2 == 0, await !loadAll(of: id) { return false }
            let text = inner.withLock { inner -> String? in
                guard let log = inner.state.logs[id] else { return nil }
                inner.record.hasAsked(for: id)
                return Self.command("subscribe", id, since: log.revision ?? 0)
            }
            // What could not be sent is sent over the next connection.
            if let text { try? await client.send(text) }
            return true
        }
    }

    /// Loads the list, and opens conversations.
    @discardableResult
    private func load() async -> Bool {
        let known = inner.withLock { $0.state.entries }
        var listed: Set<String> = []
        var cursor: String?
        repeat {
            let path = "/api/conversations?limit=100" + (cursor.map { "&cursor=\($0)" } ?? "")
            guard let answer = try? await caller.get(path), answer.status == .ok else { return false }
            let conversations = answer["conversations"]?.arrayValue ?? []
            listed.formUnion(conversations.compactMap { $0["id"]?.stringValue })
            change { $0.state.take(listed: conversations) }
            cursor = answer["next_cursor"]?.stringValue
        } while cursor != nil
        for (id, entry) in known where !listed.contains(id) {
            // Gone, or moved to another page meanwhile.
            guard let now = inner.withLock({ $0.state.entries[id] }), now.revision == entry.revision else { continue }
            guard let answer = try? await caller.get("/api/conversations/\(id)?limit=1") else { return false }
            switch answer.status {
            case .ok: change { $0.state.take(listed: [answer.json]) }
            case .notFound: change { $0.state.lose(id) }
            default: return false
            }
        }
        change { inner in
            var closed = inner.state.entries.keys.filter { inner.state.logs[$0] == nil }.sorted()
            while inner.state.logs.count < opens, !closed.isEmpty {
                let id = closed.remove(at: inner.random.place(in: closed.count))
                inner.state.open(id)
                if way == .socket { inner.need([.subscription(id)]) }
            }
        }
        return true
    }

    private func loadAll(of id: String) async -> Bool {
        guard let answer = try? await caller.get("/api/conversations/\(id)?limit=50") else { return false }
        if answer.status == .notFound {
            change { $0.state.lose(id) }
            return true
        }
        guard answer.status == .ok, let revision = answer["revision"]?.intValue else { return false }
        var messages = answer["messages"]?.arrayValue ?? []
        var hasMore = answer["has_more"] == true
        while hasMore, let first = messages.first?["seq"]?.intValue {
            let path = "/api/conversations/\(id)/messages?limit=100&before_seq=\(first)"
            guard let page = try? await caller.get(path), page.status == .ok else { return false }
            messages = (page["messages"]?.arrayValue ?? []) + messages
            hasMore = page["has_more"] == true
        }
        change { inner in
            inner.state.take(listed: [answer.json])
            inner.state.take(messages: messages, of: id)
            inner.state.reach(revision, in: id)
        }
        return true
    }

    private func loadChanges(of id: String) async -> Bool {
        while let log = inner.withLock({ $0.state.logs[id] }) {
            let path = "/api/conversations/\(id)/changes?limit=100&since_revision=\(log.revision ?? 0)"
            guard let answer = try? await caller.get(path) else { return false }
            switch answer.status {
            case .ok: break
            case .notFound: change { $0.state.lose(id) }
            case .gone: change { $0.state.forget(id) }
            default: return false
            }
            guard answer.status == .ok else { continue }
            change { $0.state.take(changes: answer.json, of: id) }
            if answer["has_more"] == false { return true }
        }
        return true
    }
}
