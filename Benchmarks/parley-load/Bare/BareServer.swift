import ArgumentParser
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// `parley-load serve-bare`: what NIO does by itself.
///
/// Who opens a socket at a path hears what the others at that path send. It knows nobody, keeps nothing, and bounds nothing:
/// the ceiling for what a server with these libraries can do.
struct ServeBareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-bare",
        abstract: "Serve bare WebSockets, as the ceiling: each hears what the others at its path send."
    )

    @Option(help: "The port; 0 for any. Where it listens is printed.")
    var port = 0

    @Option(help: "How many event loops there are.")
    var loops = System.coreCount

    func run() async throws {
        OpenFiles.allowAll()
        let rooms = BareRooms()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                let upgrader = NIOWebSocketServerUpgrader(
                    shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
                    upgradePipelineHandler: { channel, request in
                        channel.eventLoop.makeCompletedFuture {
                            let room = rooms.room(request.uri)
                            try channel.pipeline.syncOperations.addHandler(BareSocket(room))
                        }
                    }
                )
                return channel.pipeline.configureHTTPServerPipeline(
                    withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
                )
            }
            .bind(host: "127.0.0.1", port: port).get()
        FileHandle.standardOutput.write(Data("http://127.0.0.1:\(channel.localAddress?.port ?? 0)\n".utf8))
        try await channel.closeFuture.get()
    }
}

/// All that have been asked for.
private final class BareRooms: Sendable {
    private let rooms = Mutex<[String: BareRoom]>([:])

    func room(_ name: String) -> BareRoom {
        rooms.withLock { rooms in
            if let known = rooms[name] { return known }
            let made = BareRoom()
            rooms[name] = made
            return made
        }
    }
}

/// The sockets of one path, by their event loops.
private final class BareRoom: Sendable {
    /// The sockets of one event loop; only touched there.
    final class Corner {
        var sockets: [ObjectIdentifier: BareSocket] = [:]
    }

    private let corners = Mutex<[(loop: any EventLoop, corner: NIOLoopBound<Corner>)]>([])

    /// On the socket's event loop.
    func add(_ socket: BareSocket, on loop: any EventLoop) -> Corner {
        let corner = corners.withLock { corners in
            if let known = corners.first(where: { $0.loop === loop }) { return known.corner }
            let made = NIOLoopBound(Corner(), eventLoop: loop)
            corners.append((loop, made))
            return made
        }
        corner.value.sockets[ObjectIdentifier(socket)] = socket
        return corner.value
    }

    /// Sends a frame to all but one.
    func send(_ frame: WebSocketFrame, from sender: ObjectIdentifier) {
        for (loop, corner) in corners.withLock({ $0 }) {
            if loop.inEventLoop {
                Self.send(frame, from: sender, in: corner.value)
            } else {
                loop.execute { Self.send(frame, from: sender, in: corner.value) }
            }
        }
    }

    private static func send(_ frame: WebSocketFrame, from sender: ObjectIdentifier, in corner: Corner) {
        for (id, socket) in corner.sockets where id != sender { socket.send(frame) }
    }
}

private final class BareSocket: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let room: BareRoom
    private var corner: BareRoom.Corner?
    private var context: ChannelHandlerContext?

    init(_ room: BareRoom) {
        self.room = room
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        corner = room.add(self, on: context.eventLoop)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        corner?.sockets[ObjectIdentifier(self)] = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        switch frame.opcode {
        case .text, .binary:
            let sent = WebSocketFrame(fin: true, opcode: frame.opcode, data: frame.unmaskedData)
            room.send(sent, from: ObjectIdentifier(self))
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func send(_ frame: WebSocketFrame) {
        context?.writeAndFlush(Self.wrapOutboundOut(frame), promise: nil)
    }
}
