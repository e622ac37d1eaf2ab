import NIOCore
import NIOHTTP1
import NIOPosix
public import ParleyCore
import Synchronization

/// A model's server for tests: speaks OpenAI's chat completions, answers what can be known beforehand, and goes wrong in
/// every way that it is told to.
///
/// It writes its answers byte by byte itself, so that it can break them anywhere; a connection is answered in order, and a
/// client that leaves ends its answer at once.
public final class Upstream: Sendable {
    /// Where it listens, once it does.
    public let port: Int
    /// What reached it.
    public let log: RequestLog
    let settings: UpstreamSettings
    let clock: any WallClock
    let armory = Armory()
    let gate = HoldGate()

    private init(port: Int, settings: UpstreamSettings, clock: any WallClock) {
        self.port = port
        self.settings = settings
        self.clock = clock
        log = RequestLog(clock: clock)
    }

    /// Its base address, as a client's settings take it: up to and with `/v1`.
    public var url: String { "http://\(settings.host):\(port)/v1" }

    /// Answers the next request so, or the next one whose last message of a person holds `match`.
    public func arm(_ behaviours: Behaviour..., match: String? = nil) {
        for behaviour in behaviours { _ = armory.arm(behaviour, match: match) }
    }

    /// Lets every answer go on that holds.
    public func release() {
        gate.release()
    }

    /// Runs an upstream as long as `body` runs.
    ///
    /// - Parameters:
    ///   - settings: Where it listens, and whom it answers.
    ///   - clock: The time of day, for the log and for dates.
    ///   - body: What is done beside it.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or why the address can't be listened on.
    public static func run<Result: Sendable>(
        _ settings: UpstreamSettings = UpstreamSettings(),
        clock: any WallClock = SystemClock(),
        _ body: (Upstream) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Nothing is read before someone serves the connection.
            .childChannelOption(.autoRead, value: false)
            .bind(host: settings.host, port: settings.port) { channel in channel.eventLoop.makeSucceededFuture(channel)
            }
        let upstream = Upstream(port: server.channel.localAddress?.port ?? 0, settings: settings, clock: clock)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await channel in connections {
                            group.addTask { await Connection(upstream: upstream, accepted: channel).serve() }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            return try await body(upstream)
        }
    }
}
