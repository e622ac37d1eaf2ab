import NIOCore
import NIOPosix
import Testing

@testable import WebSocketWire

/// A peer that doesn't read, over real connections: what the kernels hold comes on top of what waits here.
@Suite(.timeLimit(.minutes(15)))
struct SlowReaderTests {
    @Test func `gets what was sent, in order, and then the substitute for the rest`() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let overflowed = group.any().makePromise(of: Int.self)
        let ended = group.any().makePromise(of: WebSocketEnd.self)
        var configuration = WebSocketConfiguration()
        configuration.substitute = PreparedMessage(text: "resync")
        configuration.kernelSendBytes = 64 << 10
        configuration.kernelUnsentBytes = 16 << 10
        // Whoever reads on is not given up, however late a busy machine lets it.
        configuration.stallTimeout = .seconds(600)
        try await withFlood(configuration, overflowed, ended) { connector, port in
            let received = group.any().makePromise(of: [String].self)
            let socket = try await connector.connect(host: "127.0.0.1", port: port) {
                LateReader(received: received)
            }.get()
            let dropped = try await overflowed.futureResult.get()
            socket.eventLoop.execute { socket.onLoop.resumeReading() }
            let messages = try await received.futureResult.get()
            // The overflow told of those that waited and of one more; the others were dropped while the substitute waited.
            #expect(dropped > 0)
            #expect(messages.last == "resync")
            let numbers = messages.dropLast()
            #expect(numbers.count > 0 && numbers.count <= Flood.count - dropped)
            #expect(numbers.elementsEqual((0..<numbers.count).map { "\($0)" }))
            socket.close(.goingAway)
            #expect(try await ended.futureResult.get() == WebSocketEnd(cause: .peer, code: .goingAway))
        }
    }

    @Test func `is closed with 4008 when it takes nothing after that`() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let overflowed = group.any().makePromise(of: Int.self)
        let ended = group.any().makePromise(of: WebSocketEnd.self)
        var configuration = WebSocketConfiguration()
        configuration.substitute = PreparedMessage(text: "resync")
        configuration.kernelSendBytes = 64 << 10
        configuration.stallTimeout = .milliseconds(200)
        configuration.tick = .milliseconds(50)
        try await withFlood(configuration, overflowed, ended) { connector, port in
            let received = group.any().makePromise(of: [String].self)
            let socket = try await connector.connect(host: "127.0.0.1", port: port) {
                LateReader(received: received)
            }.get()
            #expect(try await ended.futureResult.get().cause == .tooSlow)
            socket.eventLoop.execute { socket.onLoop.resumeReading() }
            await #expect(throws: ConnectionEnded.self) { try await received.futureResult.get() }
        }
        _ = try await overflowed.futureResult.get()
    }

    private func withFlood(
        _ configuration: WebSocketConfiguration,
        _ overflowed: EventLoopPromise<Int>,
        _ ended: EventLoopPromise<WebSocketEnd>,
        _ body: (WebSocketConnector, Int) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await WebSocketServer.start(
            group: group,
            loops: WebSocketLoops(configuration: configuration),
            makeDelegate: { Flood(overflowed: overflowed, ended: ended) }
        )
        var connector = WebSocketConnector(
            group: group,
            loops: WebSocketLoops(configuration: WebSocketConfiguration())
        )
        // Longer than any machine takes: no test is about it.
        connector.timeout = .seconds(600)
        do {
            try await body(connector, server.port ?? 0)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }
}

/// Sends 32 MB in one turn: more than the kernels take for a peer that doesn't read.
private final class Flood: WebSocketDelegate {
    static let count = 1_600
    private let overflowed: EventLoopPromise<Int>
    private let ended: EventLoopPromise<WebSocketEnd>

    init(overflowed: EventLoopPromise<Int>, ended: EventLoopPromise<WebSocketEnd>) {
        self.overflowed = overflowed
        self.ended = ended
    }

    func opened(_ socket: WebSocketHandler) {
        let padding = String(repeating: " ", count: 20_000)
        for number in 0..<Self.count { socket.send(text: "\(number)\(padding)") }
    }

    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {}

    func overflowed(dropped: Int, _ socket: WebSocketHandler) { overflowed.succeed(dropped) }

    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) { ended.succeed(end) }
}

private struct ConnectionEnded: Error {}

/// Doesn't read at first; then keeps the messages, without their padding, up to the substitute.
private final class LateReader: WebSocketDelegate {
    private let received: EventLoopPromise<[String]>
    private var messages: [String] = []

    init(received: EventLoopPromise<[String]>) {
        self.received = received
    }

    func opened(_ socket: WebSocketHandler) { socket.pauseReading() }

    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        messages.append(String(String(buffer: message).prefix { $0 != " " }))
        if messages.last == "resync" { received.succeed(messages) }
    }

    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) { received.fail(ConnectionEnded()) }
}
