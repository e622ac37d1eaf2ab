public import Logging
public import NIOCore
public import NIOPosix
public import ServiceLifecycle
import Synchronization

/// Listens to channels on a connection of its own, kept up by ``run()``.
///
/// However many subscriptions there are, Redis sees each channel once. After a reconnect all channels are subscribed to
/// again, and every subscription is told that messages may be missing.
public final class RedisSubscriber: Service {
    private struct State {
        var connection: RedisConnection?
        var table = SubscriptionTable()
        var isOver = false
    }

    // Apart from the subscriber, since the connection's event loop needs it and the connector is part of the subscriber.
    private final class Board: Sendable {
        let state = Mutex(State())

        /// Gives a message to whoever listens; on the event loop.
        func take(_ push: RedisReply) {
            var elements = push.elements.makeIterator()
            guard elements.next()?.string == "message", let channel = elements.next()?.string,
                let payload = elements.next()
            else { return }
            let queues = state.withLock { $0.table.queues(of: channel) }
            guard !queues.isEmpty else { return }
            // Copied, since a message that waits would hold on to all that came with it.
            let message = RedisMessage(channel: channel, payload: payload.withText { ByteBuffer(bytes: $0) })
            for queue in queues { queue.put(.message(message)) }
        }
    }

    private let configuration: RedisConfiguration
    private let link: RedisLink
    private let time: RedisTime
    private let board = Board()

    /// Makes a subscriber; nothing is connected before ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: Where Redis is, and what it may cost.
    ///   - group: The event loops; by default those that all of the process shares.
    ///   - logger: Where the coming and going of connections is noted.
    ///   - time: The time that pauses go by.
    ///   - random: What makes pauses uneven.
    /// - Throws: ``RedisError/Code/invalidConfiguration`` when the files of TLS can't be read.
    public init(
        _ configuration: RedisConfiguration,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger,
        time: RedisTime = .continuous,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) throws(RedisError) {
        let connector = try RedisConnector(configuration, group: group, logger: logger) { [board] in board.take($0) }
        self.configuration = configuration
        self.time = time
        link = RedisLink(
            connector: connector,
            configuration: configuration,
            time: time,
            random: random,
            logger: logger
        )
    }

    /// Whether there is a connection.
    public var isConnected: Bool { board.state.withLock { $0.connection != nil } }

    /// Keeps the connection up until the task is cancelled or a graceful shutdown begins; then all subscriptions end.
    public func run() async {
        await cancelWhenGracefulShutdown { [self] in
            await link.run(
                use: { [self] in await use($0) },
                ended: { [self] _ in ended() }
            )
        }
        let queues = board.state.withLock { state in
            state.isOver = true
            return state.table.all
        }
        for queue in queues { queue.end(.success(())) }
    }

    /// Listens to channels for as long as `body` runs.
    ///
    /// It doesn't wait for Redis: the first event is a gap that says whether the subscription stands or the link is down.
    ///
    /// - Parameters:
    ///   - channels: The channels' names.
    ///   - maxMessages: How many messages may wait for `body`.
    ///   - maxBytes: How many bytes of messages may wait for `body`.
    ///   - body: Takes the messages.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws; ``RedisError/Code/server`` when Redis refuses the channels.
    public func subscribe<Value>(
        to channels: Set<String>,
        maxMessages: Int = 1024,
        maxBytes: Int = 8 * 1024 * 1024,
        _ body: (RedisSubscription) async throws -> Value
    ) async throws -> Value {
        let queue = SubscriptionQueue(maxMessages: maxMessages, maxBytes: maxBytes)
        let (id, connection, request) = register(queue, channels)
        defer { remove(id) }
        try await confirm(request, on: connection, to: queue)
        return try await body(RedisSubscription(queue: queue))
    }

    /// Waits until Redis has confirmed a subscription, and tells the one who listens.
    private func confirm(
        _ request: Result<PendingReply?, RedisError>,
        on connection: RedisConnection?,
        to queue: SubscriptionQueue
    ) async throws(RedisError) {
        do throws(RedisError) {
            _ = try await request.get()?.value()
        } catch {
            guard Self.endsWithLink.contains(error.code) else { throw error }
            // With the next connection comes the subscription.
            return
        }
        board.state.withLock { state in
            // A link that ended meanwhile has said so, and the next one will say when it stands.
            if state.connection === connection { queue.put(.gap(.subscribed)) }
        }
    }

    /// Adds a listener, and asks Redis for the channels; for nothing where there are none.
    private func register(
        _ queue: SubscriptionQueue,
        _ channels: Set<String>
    ) -> (id: Int, connection: RedisConnection?, request: Result<PendingReply?, RedisError>) {
        // Put on its way under the lock, so that subscribing and its opposite reach Redis in the table's order.
        board.state.withLock { state in
            let id = state.table.add(queue, to: channels)
            if state.isOver { queue.end(.success(())) }
            let request = Result { () throws(RedisError) -> PendingReply? in
                guard let connection = state.connection else {
                    queue.put(.gap(.linkLost))
                    throw RedisError(.notConnected, "There is no connection to Redis.")
                }
                return channels.isEmpty ? nil : try put("SUBSCRIBE", Array(channels), on: connection)
            }
            return (id, state.connection, request)
        }
    }

    private func remove(_ id: Int) {
        board.state.withLock { state in
            let abandoned = state.table.remove(id)
            guard let connection = state.connection, !abandoned.isEmpty else { return }
            // If it can't be sent, messages come that nobody listens to, until the next connection.
            _ = try? put("UNSUBSCRIBE", abandoned, on: connection)
        }
    }

    private func put(
        _ name: RedisArgument,
        _ channels: [String],
        on connection: RedisConnection
    ) throws(RedisError) -> PendingReply {
        try connection.put(
            RedisCommand([name] + channels.map { .string($0) }),
            isSubscription: true,
            // Not as urgent as a request's answer, and behind all that is published.
            within: configuration.connectTimeout
        )
    }

    private func use(_ connection: RedisConnection) async {
        do throws(RedisError) {
            try await subscribeAgain(on: connection)
            // Fails when the connection has ended meanwhile.
            while (try? await time.sleep(for: configuration.checkInterval)) != nil {
                _ = try await connection.send(["PING"], within: configuration.connectTimeout)
            }
        } catch {
            connection.close(error)
        }
    }

    /// Subscribes to all channels on a new connection, and tells all who listen.
    private func subscribeAgain(on connection: RedisConnection) async throws(RedisError) {
        // Whoever comes after this subscribes on the connection himself.
        let (channels, queues) = board.state.withLock { state in
            state.connection = connection
            return (state.table.channels, state.table.all)
        }
        var rest = channels[...]
        while !rest.isEmpty {
            try await subscribe(to: Array(rest.prefix(Self.channelsAtOnce)), on: connection)
            rest = rest.dropFirst(Self.channelsAtOnce)
        }
        for queue in queues { queue.put(.gap(.subscribed)) }
    }

    private func subscribe(to channels: [String], on connection: RedisConnection) async throws(RedisError) {
        do throws(RedisError) {
            let pending = try board.state.withLock { (state) throws(RedisError) -> PendingReply? in
                // Some may have been left meanwhile, and must not come back.
                let present = channels.filter(state.table.isListenedTo)
                return present.isEmpty ? nil : try put("SUBSCRIBE", present, on: connection)
            }
            _ = try await pending?.value()
        } catch  where error.code == .server {
            guard channels.count > 1 else {
                for queue in board.state.withLock({ $0.table.queues(of: channels[0]) }) { queue.end(.failure(error)) }
                return
            }
            // One that is refused makes Redis refuse all: find it.
            for channel in channels { try await subscribe(to: [channel], on: connection) }
        }
    }

    private func ended() {
        let queues = board.state.withLock { state in
            state.connection = nil
            return state.table.all
        }
        for queue in queues { queue.put(.gap(.linkLost)) }
    }

    private static let channelsAtOnce = 500
    private static let endsWithLink: Set<RedisError.Code> = [
        .notConnected, .connectionLost, .deadlineExceeded, .closed, .protocolViolation,
    ]
}
