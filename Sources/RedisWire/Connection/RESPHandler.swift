import NIOCore

/// The end of a connection's pipeline: sends what lies in the ``Outbox``, and gives each reply to the command whose turn
/// it is.
///
/// Whatever goes wrong ends the connection as a whole. Redis answers in the order in which it was asked and in no other
/// way, so there is no going on after a reply that didn't come in time or can't be read: the next one might be taken for
/// another's.
final class RESPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Sent {
        let entry: Outbox.Entry
        let deadline: NIODeadline
        var refusal: RedisError?
    }

    private struct Answer {
        let pending: PendingReply
        let result: Result<RedisReply, RedisError>
    }

    private let outbox: Outbox
    private let onPush: (@Sendable (RedisReply) -> Void)?
    private var parser: RESPParser
    /// Bytes of a reply that isn't there as a whole; its own storage, since replies hold on to theirs.
    private var rest = ByteBuffer()
    private var sent = CircularBuffer<Sent>()
    private var batch: [Outbox.Entry] = []
    private var answers: [Answer] = []
    private var answeredBytes = 0
    private var alarm: (deadline: NIODeadline, scheduled: Scheduled<Void>)?
    private var context: ChannelHandlerContext?
    private var isOver = false

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - outbox: Where callers leave their commands.
    ///   - limits: What one reply may cost.
    ///   - onPush: Takes what nobody asked for; `nil` drops it. With it, arrays of RESP2 that only pub/sub sends count as such.
    init(outbox: Outbox, limits: RESPLimits, onPush: (@Sendable (RedisReply) -> Void)?) {
        self.outbox = outbox
        self.parser = RESPParser(limits: limits)
        self.onPush = onPush
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(RedisError(.connectionLost, "The connection ended."))
        self.context = nil
    }

    /// Sends what has been left in the outbox; on the event loop.
    func sendBatch() {
        // After the end the outbox has been emptied, and takes nothing.
        guard !isOver, let context else { return }
        let bytes = outbox.takeBatch(spare: &batch)
        guard !batch.isEmpty else { return }
        let now = context.eventLoop.now
        var earliest = NIODeadline.distantFuture
        for entry in batch {
            let deadline = now + entry.timeout
            earliest = min(earliest, deadline)
            sent.append(Sent(entry: entry, deadline: deadline, refusal: nil))
        }
        batch.removeAll(keepingCapacity: true)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        setAlarm(earliest, context)
    }

    /// Ends the connection, and everything on it, for a reason; on the event loop.
    ///
    /// The first reason counts.
    func end(_ reason: RedisError) {
        guard !isOver else { return }
        isOver = true
        alarm?.scheduled.cancel()
        alarm = nil
        let unsent = outbox.close(reason)
        let now = context?.eventLoop.now ?? .distantFuture
        for command in sent {
            // Those that still had time failed with the connection, not by being slow.
            let isVictim = reason.code == .deadlineExceeded && command.deadline > now
            command.entry.pending.complete(.failure(isVictim ? Self.victim : reason))
        }
        sent.removeAll()
        for entry in unsent {
            entry.pending.complete(.failure(RedisError(.notConnected, "The connection ended before.", cause: reason)))
        }
        rest = ByteBuffer()
        context?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        var bytes = unwrapInboundIn(data)
        if rest.readableBytes > 0 {
            rest.writeBuffer(&bytes)
            swap(&rest, &bytes)
        }
        do throws(RESPViolation) {
            while let reply = try parser.next(from: &bytes) {
                guard take(reply) else {
                    deliver()
                    return end(RedisError(.protocolViolation, "The server answered what nobody had asked."))
                }
            }
        } catch {
            deliver()
            return end(RedisError(.protocolViolation, "The server sent \(error.rawValue)."))
        }
        keep(bytes, context)
        deliver()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(RedisError(.connectionLost, "The server closed the connection."))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(RedisError(.connectionLost, "The connection failed.", cause: error))
    }

    /// Keeps what is left of the bytes until more come.
    private func keep(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        if bytes.readableBytes == 0 {
            rest = ByteBuffer()
        } else if bytes.readerIndex == 0 {
            // Nothing was taken out of it, so no reply shares its storage.
            rest = bytes
        } else {
            // Replies share its storage: to write behind them would copy all of it, again and again. Room for the whole
            // reply is made only where it is small, since a length is nothing but a promise.
            let room = max(bytes.readableBytes, min(parser.neededBytes, 64 * 1024))
            rest = context.channel.allocator.buffer(capacity: room)
            rest.writeImmutableBuffer(bytes)
        }
    }

    /// Finds whose reply it is; `false` when it is nobody's.
    private func take(_ reply: RedisReply) -> Bool {
        if isPush(reply) {
            onPush?(reply)
            return true
        }
        guard !sent.isEmpty else { return false }
        if sent[sent.startIndex].entry.isSubscription, sent[sent.startIndex].refusal == nil, let error = reply.error {
            // The end of its turn is still to come.
            sent[sent.startIndex].refusal = error
            return true
        }
        let command = sent.removeFirst()
        let failure = command.refusal ?? reply.error
        let result = failure.map(Result<RedisReply, RedisError>.failure) ?? .success(reply)
        answers.append(Answer(pending: command.entry.pending, result: result))
        answeredBytes += command.entry.byteCount
        return true
    }

    private func isPush(_ reply: RedisReply) -> Bool {
        if reply.kind == .push { return true }
        guard onPush != nil, reply.kind == .array, let name = reply.elements[0]?.string else { return false }
        return Self.pushes.contains(name)
    }

    /// Wakes whoever waits for the replies that came, after there is room for their next commands.
    private func deliver() {
        guard !answers.isEmpty else { return }
        outbox.release(commands: answers.count, bytes: answeredBytes)
        answeredBytes = 0
        for answer in answers { answer.pending.complete(answer.result) }
        answers.removeAll(keepingCapacity: true)
    }

    /// Sees to it that the handler looks at the clock at `deadline` or before.
    private func setAlarm(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        if let alarm, alarm.deadline <= deadline { return }
        alarm?.scheduled.cancel()
        let scheduled = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.checkDeadlines() }
        alarm = (deadline, scheduled)
    }

    private func checkDeadlines() {
        alarm = nil
        // The usual case has one timeout for all; but a script may have been given more time than what came after it.
        guard let context, let earliest = sent.lazy.map(\.deadline).min() else { return }
        if earliest <= context.eventLoop.now {
            end(RedisError(.deadlineExceeded, "The server didn't answer in time."))
        } else {
            setAlarm(earliest, context)
        }
    }

    private static let pushes: Set<String> = ["message", "subscribe", "unsubscribe"]
    private static let victim = RedisError(.connectionLost, "The connection was closed: another command got no answer.")
}
