import NIOCore
import NIOPosix
import ParleyCore
import ParleyTesting
import Synchronization
import WebSocketWire

/// A socket of a test: notes all that it is told, in order, and does nothing by itself.
final class Listener: Sendable {
    /// The upgrade was refused.
    struct Refused: Error {
        let status: Int?
        let cause: any Error
    }

    private struct State {
        var events: [JSON] = []
        var end: WebSocketEnd?
        var waiting: [(isMet: @Sendable ([JSON]) -> Bool, met: Eventual<Bool>)] = []
        var ending: [Eventual<WebSocketEnd>] = []
    }

    private let state = Mutex(State())
    private let socket = Mutex<WebSocketReference?>(nil)

    private static let connector: WebSocketConnector = {
        var configuration = WebSocketConfiguration()
        (configuration.maxFrameBytes, configuration.maxMessageBytes) = (8 << 20, 8 << 20)
        configuration.closeTimeout = .seconds(1)
        var connector = WebSocketConnector(
            group: MultiThreadedEventLoopGroup.singleton,
            loops: WebSocketLoops(configuration: configuration)
        )
        connector.timeout = .seconds(30)
        return connector
    }()

    private init() {}

    /// Connects to a port of this machine.
    static func connect(
        port: Int,
        token: String? = nil,
        headers: [(name: String, value: String)] = [],
        reads: Bool = true
    ) async throws -> Listener {
        let listener = Listener()
        do {
            let socket = try await connector.connect(
                host: "127.0.0.1",
                port: port,
                path: "/api/ws",
                headers: headers + (token.map { [("Authorization", "Bearer \($0)")] } ?? []),
                makeDelegate: { Delegate(listener, reads: reads) }
            ).get()
            listener.socket.withLock { $0 = socket }
            return listener
        } catch {
            throw Refused(status: (error as? WebSocketError)?.status, cause: error)
        }
    }

    /// Connects, and waits until it is told of everything from now on.
    static func ready(
        port: Int,
        token: String? = nil,
        headers: [(name: String, value: String)] = []
    ) async throws -> Listener {
        let listener = try await connect(port: port, token: token, headers: headers)
        _ = await listener.hears { $0["type"] == "ready" }
        return listener
    }

    /// All that it was told.
    var events: [JSON] { state.withLock(\.events) }

    /// How often it was told something of a kind.
    func count(_ type: String) -> Int { events.count { $0["type"]?.stringValue == type } }

    /// Sends a command.
    func send(_ command: JSON) {
        socket.withLock { $0 }?.send(PreparedMessage(text: String(decoding: command.serialized, as: UTF8.self)))
    }

    /// Asks to be kept in step, and waits until it is so.
    func subscribe(_ conversation: String, since revision: Int) async -> Bool {
        let before = events.count
        send([
            "type": "subscribe", "conversation_id": .string(conversation),
            "since_revision": .number(JSONNumber(revision)),
        ])
        return await until { events in events.dropFirst(before).contains { $0["type"] == "subscribed" } }
    }

    /// Begins to read, or goes on.
    func read() {
        guard let socket = socket.withLock({ $0 }) else { return }
        socket.eventLoop.execute { socket.onLoop.resumeReading() }
    }

    /// Closes.
    func close() { socket.withLock { $0 }?.close(.goingAway) }

    /// Waits for something among all that it is told; returns whether it came before the end.
    func hears(_ isIt: @escaping @Sendable (JSON) -> Bool) async -> Bool { await until { $0.contains(where: isIt) } }

    /// Waits until it was told so; returns whether that came before the end.
    func until(_ isMet: @escaping @Sendable ([JSON]) -> Bool) async -> Bool {
        let met = Eventual<Bool>()
        let isNow = state.withLock { state -> Bool? in
            if isMet(state.events) { return true }
            if state.end != nil { return false }
            state.waiting.append((isMet, met))
            return nil
        }
        if let isNow { return isNow }
        return await withTaskCancellationHandler {
            await met.value()
        } onCancel: {
            met.give(false)
        }
    }

    /// Waits for the end of the connection.
    func end() async -> WebSocketEnd {
        let ended = Eventual<WebSocketEnd>()
        let end = state.withLock { state in
            if state.end == nil { state.ending.append(ended) }
            return state.end
        }
        if let end { return end }
        return await ended.value()
    }

    fileprivate func take(_ event: JSON) {
        let met = state.withLock { state in
            state.events.append(event)
            let met = state.waiting.filter { $0.isMet(state.events) }.map(\.met)
            if !met.isEmpty { state.waiting.removeAll { $0.isMet(state.events) } }
            return met
        }
        for met in met { met.give(true) }
    }

    fileprivate func end(_ end: WebSocketEnd) {
        let (waiting, ending) = state.withLock { state in
            state.end = end
            defer { (state.waiting, state.ending) = ([], []) }
            return (state.waiting.map(\.met), state.ending)
        }
        for met in waiting { met.give(false) }
        for ended in ending { ended.give(end) }
    }

    private final class Delegate: WebSocketDelegate {
        private let listener: Listener
        private let reads: Bool

        init(_ listener: Listener, reads: Bool) {
            (self.listener, self.reads) = (listener, reads)
        }

        func opened(_ socket: WebSocketHandler) {
            if !reads { socket.pauseReading() }
        }

        func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {
            listener.take((try? JSON(parsing: Array(message.readableBytesView))) ?? .null)
        }

        func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) { listener.end(end) }
    }
}
