import NIOCore

/// One connection to one server, shared by any number of tasks.
///
/// Commands are answered in the order in which they were sent. What is under way is bounded; a command that finds no room
/// fails at once. When an answer doesn't come in time the connection is closed, and every command on it fails: it is
/// never used again after that, so that a late answer can't be taken for another command's.
///
/// It doesn't reconnect: that is ``RedisClient``'s part.
public final class RedisConnection: Sendable {
    /// The server.
    public let endpoint: RedisEndpoint
    private let channel: any Channel
    private let handler: NIOLoopBound<RESPHandler>
    private let outbox: Outbox
    private let commandTimeout: Duration

    init(
        endpoint: RedisEndpoint,
        channel: any Channel,
        handler: NIOLoopBound<RESPHandler>,
        outbox: Outbox,
        commandTimeout: Duration
    ) {
        self.endpoint = endpoint
        self.channel = channel
        self.handler = handler
        self.outbox = outbox
        self.commandTimeout = commandTimeout
    }

    /// How many commands are under way.
    public var commandsUnderWay: Int { outbox.commandsUnderWay }

    /// Why the connection has ended, once it has.
    public var end: RedisError? { outbox.end }

    /// Sends a command and waits for its answer.
    ///
    /// When the task is cancelled the wait ends at once; the command may still run.
    ///
    /// - Parameters:
    ///   - command: What to send.
    ///   - timeout: How long the answer may take; `nil` for what the configuration says.
    /// - Returns: The answer, which is no error.
    /// - Throws: ``RedisError/Code/server`` when Redis answers with an error, else why there is no answer.
    public func send(_ command: RedisCommand, within timeout: Duration? = nil) async throws(RedisError) -> RedisReply {
        try await send(command, isAsking: false, within: timeout)
    }

    /// Sends a command; one that is asking has an `ASKING` right before it.
    func send(
        _ command: RedisCommand,
        isAsking: Bool,
        within timeout: Duration?
    ) async throws(RedisError) -> RedisReply {
        guard !Task.isCancelled else { throw RedisError(.cancelled, "The task was cancelled before.") }
        let pending = try put(command, isAsking: isAsking, within: timeout)
        return try await pending.value()
    }

    /// Puts a command in its place among the others without waiting; the answer comes to what is returned.
    func put(
        _ command: RedisCommand,
        isSubscription: Bool = false,
        isAsking: Bool = false,
        within timeout: Duration? = nil
    ) throws(RedisError) -> PendingReply {
        let pending = PendingReply()
        let isFirst = try outbox.put(
            command,
            isSubscription: isSubscription,
            isAsking: isAsking,
            timeout: TimeAmount(timeout ?? commandTimeout),
            pending: pending
        )
        if isFirst {
            channel.eventLoop.execute { [handler] in handler.value.sendBatch() }
        }
        return pending
    }

    /// Ends the connection; what is under way fails.
    public func close() {
        close(RedisError(.closed, "The connection was closed."))
    }

    /// Ends the connection for a reason.
    func close(_ reason: RedisError) {
        channel.eventLoop.execute { [handler] in handler.value.end(reason) }
    }

    /// Waits until the connection has ended; a cancelled task ends it.
    public func waitUntilClosed() async {
        await withTaskCancellationHandler {
            // The future of a channel's end can't fail.
            try? await channel.closeFuture.get()
        } onCancel: {
            close()
        }
    }
}
