import Logging
import ParleyChat
import ParleyCore
import ParleyMetrics
import ParleyStore
import ParleyTesting
import Testing

/// A house with one room: chat over the reference store, in this process.
struct House: Sendable {
    let memory: MemoryStore
    let probe: StoreProbe
    let store: PublishingStore
    let bus: any EventBus
    let registry: ReplyRegistry
    let chat: ChatService
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    // By default the time of day stands still: a busy machine must not make a lease run out in the middle of a test.
    init(
        provider: any ReplyProvider,
        titles: (any ReplyProvider)? = nil,
        personas: Personas = Personas(),
        bus: any EventBus = InProcessEventBus(),
        capacity: Int = Limits.runningReplies,
        capacityPerPerson: Int = Limits.runningRepliesPerPerson,
        stopwatch: any Clock<Duration> = ContinuousClock(),
        registryStopwatch: any Clock<Duration> = ContinuousClock(),
        clock: any WallClock = ManualClock(),
        metrics: ReplyMetrics = ReplyMetrics(),
        sharing memory: MemoryStore? = nil
    ) {
        let memory = memory ?? MemoryStore(clock: clock)
        self.memory = memory
        self.bus = bus
        probe = StoreProbe(memory)
        store = PublishingStore(probe, bus: bus)
        registry = ReplyRegistry(
            store: store,
            capacity: capacity,
            capacityPerPerson: capacityPerPerson,
            stopwatch: registryStopwatch,
            logger: logger
        )
        chat = ChatService(
            store: store,
            bus: bus,
            provider: provider,
            titles: titles,
            personas: personas,
            queryLog: memory,
            registry: registry,
            clock: clock,
            logger: logger,
            stopwatch: stopwatch,
            metrics: metrics
        )
    }

    /// Runs the registry as long as `body` runs.
    func run<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await registry.run() }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// Alice says something in a new conversation, or in the one given.
    func ask(
        _ text: String = "Hello?",
        id: MessageID? = nil,
        in conversation: ConversationID? = nil,
        options: TurnOptions = TurnOptions(),
        as identity: Identity = .alice
    ) async throws -> Turn {
        let request = TurnRequest(conversationID: conversation, message: .user(text, id: id))
        return try await chat.begin(request, options: options, expectedRevision: nil, as: identity).value
    }

    /// A reply as it stands in the store.
    func stored(_ id: MessageID, as identity: Identity = .alice) throws -> Message {
        try memory.replyProgress(of: id, after: -1, as: identity).message
    }

    /// Follows a reply in a task of the given group; its events come out of the stream, which ends with the following.
    func follow(
        _ id: MessageID,
        after index: Int = -1,
        as identity: Identity = .alice,
        in group: inout ThrowingTaskGroup<Void, any Error>
    ) -> Followed {
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        group.addTask {
            defer { sink.finish() }
            _ = try await chat.follow(id, after: index, as: identity) { sink.yield($0) }
        }
        return Followed(events.makeAsyncIterator())
    }
}

/// What a follower was shown.
struct Followed {
    private var iterator: AsyncStream<Event>.Iterator

    init(_ iterator: AsyncStream<Event>.Iterator) {
        self.iterator = iterator
    }

    /// The next piece; `nil` where something else came.
    mutating func delta() async -> ReplyDelta? {
        guard case .delta(let delta)? = await iterator.next(isolation: #isolation)?.kind else { return nil }
        return delta
    }

    /// All pieces until the end, and the message the following ended with.
    mutating func rest() async -> (deltas: [ReplyDelta], message: Message?) {
        var deltas: [ReplyDelta] = []
        while let event = await iterator.next(isolation: #isolation) {
            switch event.kind {
            case .delta(let delta): deltas.append(delta)
            case .change(.messageUpdated(let message)): return (deltas, message)
            case .change, .typing, .movedAway: return (deltas, nil)
            }
        }
        return (deltas, nil)
    }
}

/// The code of the ``ParleyError`` that `body` throws; `nil` where it throws none.
func code<Result>(of body: () async throws -> Result) async -> ParleyError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? ParleyError)?.code
    }
}

/// Texts compare here by their bytes: Swift's own equality takes canonically equivalent ones for the same.
func bytes(_ text: String) -> [UInt8] {
    Array(text.utf8)
}
