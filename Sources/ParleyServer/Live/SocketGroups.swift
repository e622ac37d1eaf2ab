import NIOCore
import ParleyCore
import ParleyLive
import ParleyMetrics
import Synchronization
import WebSocketWire

/// The sockets of all event loops, and what holds for each of them.
final class SocketGroups: Sendable {
    /// What the sockets of each loop share.
    let loops: WebSocketLoops
    private let metrics: LiveMetrics
    private let groups = Mutex<[ObjectIdentifier: SocketGroup]>([:])

    init(metrics: LiveMetrics) {
        self.metrics = metrics
        var configuration = WebSocketConfiguration()
        configuration.maxFrameBytes = Limits.socketMessageBytes
        configuration.maxMessageBytes = Limits.socketMessageBytes
        configuration.maxFragments = Limits.socketMessageFragments
        configuration.maxWaitingBytes = Limits.socketQueueBytes
        configuration.substitute = LiveFrame.resync(nil, .slow).socketMessage
        configuration.stallTimeout = Limits.socketStall
        configuration.pingInterval = Limits.socketHeartbeat
        configuration.pongTimeout = Limits.socketHeartbeatWait
        // What the kernel holds is out of reach: a slow reader is to be found out by what waits here.
        configuration.kernelUnsentBytes = 128 << 10
        loops = WebSocketLoops(configuration: configuration)
    }

    /// The group of an event loop's sockets.
    func group(of eventLoop: any EventLoop) -> SocketGroup {
        groups.withLock { groups in
            if let known = groups[ObjectIdentifier(eventLoop)] { return known }
            let made = SocketGroup(eventLoop, metrics: metrics)
            groups[ObjectIdentifier(eventLoop)] = made
            return made
        }
    }
}
