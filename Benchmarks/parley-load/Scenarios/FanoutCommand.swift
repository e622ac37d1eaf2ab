import ArgumentParser
import NIOCore
import NIOPosix
import ParleyCore

/// `parley-load fanout`.
struct FanoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout",
        abstract: "One sends, all sockets receive: deliveries, latencies, and that none is lost or comes twice."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "How many sockets receive.")
    var sockets = 500

    @Option(help: "How the sender sends: typing, over a socket and past the store; or appends, over HTTP.")
    var by = Way.typing

    @Option(help: "Messages in a second, or max.")
    var rate = "max"

    @Option(help: "Of max: messages under way at once.")
    var window = 32

    @Option(help: "How long it sends, in seconds.")
    var seconds = 5.0

    @Option(help: "The payload of a message of the bare server and of NATS, in bytes; Parley's are what they are.")
    var bytes = 110

    func validate() throws {
        guard rate == "max" || Double(rate).map({ $0 > 0 }) == true, sockets > 0, window > 0, seconds > 0 else {
            throw ValidationError("--rate must be max or above 0, and --sockets, --window and --seconds above 0.")
        }
        guard by == .typing || common.target == .parley else {
            throw ValidationError("Only Parley has appends.")
        }
    }

    func run() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let stage = try await FanoutStage(common, sockets: sockets, by: by, bytes: bytes, on: eventLoop)
        let pace: Fanout.Pace = Double(rate).map { .rate($0) } ?? .window(window)
        let plans = stage.plans
        let receivers = sockets
        let fanout = try await eventLoop.submit {
            NIOLoopBound(Fanout(plans, receivers: receivers, pace: pace, on: eventLoop), eventLoop: eventLoop)
        }.get()
        try await eventLoop.flatSubmit { fanout.value.open() }.get()
        let watch = ProcessWatch(common.pid)
        let duration = TimeAmount.microseconds(Int64(seconds * 1e6))
        let outcome = try await eventLoop.flatSubmit {
            fanout.value.run(for: duration) { fanout, place in stage.send(place, fanout) }
        }.get()
        var line = Line("fanout", common.target)
        line["by"] = .string(by.rawValue)
        line.set("sockets", sockets)
        line["rate"] = .string(rate)
        line.set(outcome, watch)
        line.print()
        try await eventLoop.submit { fanout.value.close() }.get()
        try outcome.check()
    }
}

/// How somebody sends.
enum Way: String, CaseIterable, ExpressibleByArgument, Sendable {
    case typing, appends
}

/// What stands ready for a fan-out: who has sockets, and how the sender sends.
private struct FanoutStage: Sendable {
    private enum Sending: Sendable {
        case socket(ByteBuffer)
        case appends([NIOLoopBound<HTTPCaller>], path: String, token: String)
    }

    let plans: [SocketPlan]
    private let sending: Sending

    init(_ common: CommonOptions, sockets: Int, by: Way, bytes: Int, on eventLoop: any EventLoop) async throws {
        guard common.target == .parley else {
            var plan = SocketPlan(dialect: common.target, endpoint: common.url)
            var plans = Array(repeating: plan, count: sockets)
            plan.isDeaf = true
            plans.append(plan)
            self.plans = plans
            sending = .socket(plan.message(bytes: bytes))
            return
        }
        let people = try await common.people(of: sockets + 1)
        let calls = try await ParleyCalls(common.url, on: eventLoop)
        let project = try await calls.project(of: people)
        let conversation = try await calls.conversation(of: people[0], in: project)
        calls.close()
        var plans = (0..<sockets).map { number in
            SocketPlan(
                dialect: .parley,
                endpoint: common.url,
                token: people[number / People.socketsEach].token
            )
        }
        switch by {
        case .typing:
            let token = people[people.count - 1].token
            let plan = SocketPlan(dialect: .parley, endpoint: common.url, token: token)
            plans.append(plan)
            sending = .socket(plan.message(bytes: 0, conversation: conversation))
        case .appends:
            var callers: [NIOLoopBound<HTTPCaller>] = []
            // A server answers the requests of one connection one after another.
            for _ in 0..<16 { callers.append(try await HTTPCaller.open(common.url, on: eventLoop).get()) }
            sending = .appends(
                callers,
                path: "/api/conversations/\(conversation)/messages",
                token: people[0].token
            )
        }
        self.plans = plans
    }

    /// On the event loop.
    func send(_ place: Int, _ fanout: Fanout) {
        switch sending {
        case .socket(let frame): fanout.sendBySocket(frame)
        case .appends(let callers, let path, let token):
            let text = "\(place) " + AppendText.body
            let request = RequestText.make("POST", path, token: token, ["role": "user", "content": .string(text)])
            callers[place % callers.count].value.send(request) { result in
                if case .failure(let failure) = result { fanout.fail(failure) }
            }
        }
    }
}

/// What is appended behind a message's number: with it some 300 bytes, as in the benchmark of appends.
enum AppendText {
    static let body = String(repeating: "the quarterly report of the sensor team is ready for review ", count: 5)
}
