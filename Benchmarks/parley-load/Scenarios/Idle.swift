import ArgumentParser
import NIOCore
import NIOPosix
import ParleyCore

/// Opens sockets and holds them.
final class Holding: SocketOwner {
    private let isReady: EventLoopPromise<Void>
    private var opening: Opening
    private var sockets: [LoadSocket?]
    private var failure: LoadFailure?

    init(_ plans: [SocketPlan], on eventLoop: any EventLoop) {
        isReady = eventLoop.makePromise()
        opening = Opening(plans, on: eventLoop)
        sockets = Array(repeating: nil, count: plans.count)
    }

    func open() -> EventLoopFuture<Void> {
        opening.begin(64, owner: self)
        return isReady.futureResult
    }

    /// Says whether all are still there, and lets them go.
    func close() throws {
        if let failure { throw failure }
        for socket in sockets { socket?.drop() }
    }

    func ready(_ socket: LoadSocket) {
        sockets[socket.number] = socket
        if opening.opened(owner: self) { isReady.succeed() }
    }

    func ended(_ socket: LoadSocket, _ failure: LoadFailure) {
        sockets[socket.number] = nil
        self.failure = self.failure ?? failure
        isReady.fail(failure)
    }
}

/// `parley-load idle`.
struct IdleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle",
        abstract: "Open sockets and hold them: the server's memory for each, and its processor time meanwhile."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "How many sockets; of Parley's, 20 for each person.")
    var sockets = 10_000

    @Option(help: "How long they are held, in seconds.")
    var seconds = 5.0

    func run() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let people = common.target == .parley ? try await common.people(of: sockets) : nil
        let plans = (0..<sockets).map { number in
            SocketPlan(
                dialect: common.target,
                endpoint: common.url,
                token: people.map { $0[number / People.socketsEach].token }
            )
        }
        let holding = try await eventLoop.submit {
            NIOLoopBound(Holding(plans, on: eventLoop), eventLoop: eventLoop)
        }.get()
        let opening = ProcessWatch(common.pid)
        try await eventLoop.flatSubmit { holding.value.open() }.get()
        var line = Line("idle", common.target)
        line.set("sockets", sockets)
        line.set("opening_seconds", opening.elapsed)
        line.set("per_second", Double(sockets) / (opening.elapsed / .seconds(1)))
        if let server = opening.server {
            line.set("open_cpu_us_per_socket", server.processor / .microseconds(1) / Double(sockets))
        }
        let idle = ProcessWatch(common.pid)
        // Nothing to await: this is for what nothing takes.
        try await Task.sleep(for: .seconds(seconds))
        line.set("idle_cpu_share", idle.server.map { $0.processor / idle.elapsed })
        if let bytes = opening.server?.residentBytes {
            line.set("resident_mb", Double(bytes) / 1e6)
            line.set("kb_per_socket", Double(bytes) / 1e3 / Double(sockets))
        }
        line.print()
        try await eventLoop.submit { try holding.value.close() }.get()
    }
}
