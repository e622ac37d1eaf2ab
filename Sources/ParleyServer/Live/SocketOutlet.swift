import NIOCore
import ParleyLive
import ParleyMetrics
import WebSocketWire

/// One WebSocket, as the hub sees it.
final class SocketOutlet: LiveOutlet {
    let group: any LiveOutletGroup
    private let socket: WebSocketReference
    private let metrics: LiveMetrics

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

    init(_ session: LiveSession, groups: SocketGroups, metrics: LiveMetrics) {
        self.session = session
        self.groups = groups
        self.metrics = metrics
    }

    func opened(_ socket: WebSocketHandler) {
        let reference = socket.reference
        session.begin(SocketOutlet(reference, in: groups.group(of: reference.eventLoop), metrics: metrics))
    }

    func text(_ message: ByteBuffer, _ socket: WebSocketHandler) {
        session.receive(Array(message.readableBytesView))
    }

    func overflowed(dropped: Int, _ socket: WebSocketHandler) {
        metrics.resynced(.slow)
    }

    func closed(_ end: WebSocketEnd, _ socket: WebSocketHandler) {
        if end.cause == .tooSlow { metrics.closed(.tooSlow) }
        session.ended()
    }
}
