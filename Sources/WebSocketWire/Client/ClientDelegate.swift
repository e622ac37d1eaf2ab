internal import NIOCore
internal import Synchronization

/// Brings a socket's messages into a sequence for a task, and stops reading while too many wait there.
final class ClientDelegate: WebSocketDelegate {
    typealias Producer = NIOAsyncSequenceProducer<
        WebSocketClient.Message, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, ClientFlow
    >

    private let source: Producer.Source
    private let flow: ClientFlow
    private let ended: EventLoopPromise<WebSocketEnd>

    init(source: Producer.Source, flow: ClientFlow, ended: EventLoopPromise<WebSocketEnd>) {
        self.source = source
        self.flow = flow
        self.ended = ended
    }

    func opened(_ socket: WebSocketHandler) {
        flow.begin(socket.reference)
    }

    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        take(.text(String(buffer: message)), socket)
    }

    func binary(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        take(.binary(message), socket)
    }

    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) {
        flow.end()
        source.finish()
        ended.succeed(end)
    }

    private func take(_ message: WebSocketClient.Message, _ socket: WebSocketHandler) {
        switch source.yield(message) {
        case .produceMore: return
        case .stopProducing: socket.pauseReading()
        // Nobody will ever take them: reading on only keeps the close handshake working.
        case .dropped: return
        }
    }
}

/// Has the socket read on when the task has taken enough.
final class ClientFlow: NIOAsyncSequenceProducerDelegate, Sendable {
    private let socket = Mutex<WebSocketReference?>(nil)

    func begin(_ reference: WebSocketReference) {
        socket.withLock { $0 = reference }
    }

    func end() {
        socket.withLock { $0 = nil }
    }

    func produceMore() {
        resume()
    }

    /// Nobody takes messages any more: what comes is dropped, so that a Close frame is still seen.
    func didTerminate() {
        resume()
    }

    private func resume() {
        guard let socket = socket.withLock({ $0 }) else { return }
        socket.eventLoop.execute { socket.onLoop.resumeReading() }
    }
}
