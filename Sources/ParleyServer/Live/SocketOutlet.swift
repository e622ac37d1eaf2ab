import NIOCore
import ParleyCore
import ParleyLive
import ParleyMetrics
import Synchronization
import WebSocketWire

/// One WebSocket, as the hub sees it.
final class SocketOutlet: LiveOutlet {
    let group: any LiveOutletGroup
    private let socket: WebSocketReference
    private let metrics: LiveMetrics
    /// Who waits until the client has taken what there is.
    private let waiting = Mutex<(next: Int, continuations: [Int: CheckedContinuation<Void, Never>])>((0, [:]))

    init(_ socket: WebSocketReference, in group: SocketGroup, metrics: LiveMetrics) {
        self.socket = socket
        self.group = group
        self.metrics = metrics
    }

    func send(_ frame: LiveFrame) {
        send(frame.socketMessage)
        metrics.frames(1)
    }

    /// Sends what was made of a frame, which the caller counts.
    func send(_ message: PreparedMessage) {
        socket.onLoop.send(message)
    }

    func drained() async {
        await withCheckedContinuation { continuation in
            socket.eventLoop.execute { [self] in
                guard socket.onLoop.isOpen, !socket.onLoop.isWritable else { return continuation.resume() }
                let id = waiting.withLock { waiting in
                    waiting.next += 1
                    waiting.continuations[waiting.next] = continuation
                    return waiting.next
                }
                // Then what is sent finds the queue full, and that has its own end.
                socket.eventLoop.scheduleTask(in: TimeAmount(Limits.socketStall)) { [self] in
                    waiting.withLock { $0.continuations.removeValue(forKey: id) }?.resume()
                }
            }
        }
    }

    /// Lets those go on who wait until the client has taken what there is.
    func goOn() {
        let continuations = waiting.withLock { waiting in
            defer { waiting.continuations = [:] }
            return waiting.continuations.values
        }
        for continuation in continuations { continuation.resume() }
    }

    func close(_ closing: LiveClosing) {
        socket.close(WebSocketCloseCode(rawValue: UInt16(closing.rawValue)), reason: closing.text)
    }
}

extension LiveFrame {
    /// The frame as all sockets are sent it, made once.
    var socketMessage: PreparedMessage {
        form { PreparedMessage(text: ByteBuffer(bytes: $0)) }
    }
}

/// Takes what comes of one socket to its session.
final class SocketDelegate: WebSocketDelegate {
    private let session: LiveSession
    private let groups: SocketGroups
    private let metrics: LiveMetrics
    private var outlet: SocketOutlet?

    init(_ session: LiveSession, groups: SocketGroups, metrics: LiveMetrics) {
        self.session = session
        self.groups = groups
        self.metrics = metrics
    }

    func opened(_ socket: WebSocketHandler) {
        let reference = socket.reference
        let outlet = SocketOutlet(reference, in: groups.group(of: reference.eventLoop), metrics: metrics)
        self.outlet = outlet
        session.begin(outlet)
    }

    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        session.receive(Array(message.readableBytesView))
    }

    func overflowed(dropped: Int, _ socket: WebSocketHandler) {
        metrics.resynced(.slow)
    }

    func drained(_ socket: WebSocketHandler) {
        outlet?.goOn()
    }

    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) {
        if end.cause == .tooSlow { metrics.closed(.tooSlow) }
        outlet?.goOn()
        outlet = nil
        session.ended()
    }
}
