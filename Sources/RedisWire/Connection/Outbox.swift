import NIOCore
import Synchronization

/// What callers leave for the connection's event loop: all their commands in one buffer, in one order.
///
/// The first caller of a batch wakes the loop, the others only add to the buffer; so a batch costs one write. It also
/// counts what is under way, from here to the answer, and takes no more than is allowed.
final class Outbox: Sendable {
    /// A command that has been written into the buffer.
    struct Entry: Sendable {
        let pending: PendingReply
        let byteCount: Int
        let timeout: TimeAmount
        /// Whether it is answered by pushes, and by a reply only when it is refused; a PING follows it as its end.
        let isSubscription: Bool
    }

    private struct State {
        var buffer = ByteBuffer()
        var entries: [Entry] = []
        /// Whether the loop has been told and has not come yet.
        var isLoopAwaited = false
        var commandsUnderWay = 0
        var bytesUnderWay = 0
        var end: RedisError?
    }

    private let maxCommands: Int
    private let maxBytes: Int
    private let state = Mutex(State())

    init(maxCommands: Int, maxBytes: Int) {
        self.maxCommands = max(1, maxCommands)
        self.maxBytes = max(1, maxBytes)
    }

    /// How many commands are under way.
    var commandsUnderWay: Int { state.withLock(\.commandsUnderWay) }

    /// Why the connection takes no more commands, once it doesn't.
    var end: RedisError? { state.withLock(\.end) }

    /// Adds a command; `true` when the loop has to be woken.
    ///
    /// Before one that is asking goes an `ASKING` of its own, whose answer nobody waits for: it holds for the command right
    /// behind it and for no other.
    func put(
        _ command: RedisCommand,
        isSubscription: Bool = false,
        isAsking: Bool = false,
        timeout: TimeAmount,
        pending: PendingReply
    ) throws(RedisError) -> Bool {
        guard !command.arguments.isEmpty else { throw RedisError(.invalidCommand, "A command needs a name.") }
        let byteCount = command.encodedBytes + (isSubscription ? Self.ping.encodedBytes : 0)
        guard byteCount <= maxBytes else {
            throw RedisError(.invalidCommand, "The command has \(byteCount) bytes; \(maxBytes) may be under way.")
        }
        let entry = Entry(pending: pending, byteCount: byteCount, timeout: timeout, isSubscription: isSubscription)
        let outcome = state.withLock { state -> Result<Bool, RedisError> in
            // Whatever ended it, this command was never sent.
            if let end = state.end {
                return .failure(RedisError(.notConnected, "The connection has ended.", cause: end))
            }
            let askingBytes = isAsking ? Self.asking.encodedBytes : 0
            let commands = isAsking ? 2 : 1
            guard state.commandsUnderWay + commands <= maxCommands,
                state.bytesUnderWay + byteCount + askingBytes <= maxBytes
            else {
                return .failure(RedisError(.overloaded, "Too many commands are under way on this connection."))
            }
            state.commandsUnderWay += commands
            state.bytesUnderWay += byteCount + askingBytes
            if isAsking {
                Self.asking.encode(into: &state.buffer)
                state.entries.append(
                    Entry(pending: PendingReply(), byteCount: askingBytes, timeout: timeout, isSubscription: false)
                )
            }
            command.encode(into: &state.buffer)
            if isSubscription { Self.ping.encode(into: &state.buffer) }
            state.entries.append(entry)
            defer { state.isLoopAwaited = true }
            return .success(!state.isLoopAwaited)
        }
        return try outcome.get()
    }

    /// Takes what has been left; `spare` is an empty array whose room is used again.
    func takeBatch(spare: inout [Entry]) -> ByteBuffer {
        state.withLock { state in
            state.isLoopAwaited = false
            swap(&state.entries, &spare)
            // The one that is taken goes to the socket; writing on in it would copy it.
            let buffer = state.buffer
            state.buffer = ByteBuffer()
            return buffer
        }
    }

    /// Makes room: these commands are no longer under way.
    func release(commands: Int, bytes: Int) {
        state.withLock { state in
            state.commandsUnderWay -= commands
            state.bytesUnderWay -= bytes
        }
    }

    /// Takes no more commands, and gives back those that were never sent; the first reason counts.
    func close(_ reason: RedisError) -> [Entry] {
        state.withLock { state in
            if state.end == nil { state.end = reason }
            defer { state.entries = [] }
            return state.entries
        }
    }

    private static let ping: RedisCommand = ["PING"]
    private static let asking: RedisCommand = ["ASKING"]
}
