import ArgumentParser
import NIOCore
import NIOPosix
import ParleyCore

/// `parley-load pairs`.
struct PairsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pairs",
        abstract: "Many pairs, each with one that sends and one that receives: deliveries and latencies."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "How many pairs; of Parley's, each is one person with a conversation of their own.")
    var pairs = 500

    @Option(help: "How each sends: typing, over a socket and past the store; or appends, over HTTP.")
    var by = Way.typing

    @Option(help: "Messages of each pair that are under way at once.")
    var window = 4

    @Option(help: "How long they send, in seconds.")
    var seconds = 5.0

    @Option(help: "The payload of a message of the bare server and of NATS, in bytes; Parley's are what they are.")
    var bytes = 110

    func validate() throws {
        guard pairs > 0, window > 0, seconds > 0 else {
            throw ValidationError("--pairs, --window and --seconds must be above 0.")
        }
        guard by == .typing || common.target == .parley else { throw ValidationError("Only Parley has appends.") }
    }

    func run() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let stage = try await PairsStage(common, pairs: pairs, by: by, bytes: bytes, on: eventLoop)
        let (count, window) = (pairs, window)
        let pairs = try await eventLoop.submit {
            NIOLoopBound(Pairs(stage.plans, pairs: count, window: window, on: eventLoop), eventLoop: eventLoop)
        }.get()
        try await eventLoop.flatSubmit { pairs.value.open() }.get()
        let watch = ProcessWatch(common.pid)
        let duration = TimeAmount.microseconds(Int64(seconds * 1e6))
        let outcome = try await eventLoop.flatSubmit {
            pairs.value.run(for: duration) { pairs, pair in stage.send(pair, pairs) }
        }.get()
        var line = Line("pairs", common.target)
        line["by"] = .string(by.rawValue)
        line.set("pairs", count)
        line.set("window", window)
        line.set(outcome, watch)
        line.print()
        try await eventLoop.submit { pairs.value.close() }.get()
        try outcome.check()
    }
}

/// What stands ready for pairs: who has sockets, and how each sends.
private struct PairsStage: Sendable {
    private enum Sending: Sendable {
        case socket(ByteBuffer)
        case append(NIOLoopBound<HTTPCaller>, ByteBuffer)
    }

    let plans: [SocketPlan]
    private let sending: [Sending]

    init(_ common: CommonOptions, pairs: Int, by: Way, bytes: Int, on eventLoop: any EventLoop) async throws {
        var plans: [SocketPlan] = []
        var sending: [Sending] = []
        guard common.target == .parley else {
            for number in 0..<pairs {
                var plan = SocketPlan(dialect: common.target, endpoint: common.url, room: "pair.\(number)")
                plans.append(plan)
                plan.isDeaf = true
                plans.append(plan)
                sending.append(.socket(plan.message(bytes: bytes)))
            }
            (self.plans, self.sending) = (plans, sending)
            return
        }
        let people = try await common.people(pairs)
        let calls = try await ParleyCalls(common.url, on: eventLoop)
        let body: JSON = ["role": "user", "content": .string(AppendText.body)]
        for number in 0..<pairs {
            let conversation = try await calls.conversation(of: people[number])
            let plan = SocketPlan(dialect: .parley, endpoint: common.url, token: people[number].token)
            plans.append(plan)
            switch by {
            case .typing:
                plans.append(plan)
                sending.append(.socket(plan.message(bytes: 0, conversation: conversation)))
            case .appends:
                let caller = try await HTTPCaller.open(common.url, on: eventLoop).get()
                let path = "/api/conversations/\(conversation)/messages"
                sending.append(
                    .append(caller, RequestText.make("POST", path, token: people[number].token, body))
                )
            }
        }
        calls.close()
        (self.plans, self.sending) = (plans, sending)
    }

    /// On the event loop.
    func send(_ pair: Int, _ pairs: Pairs) {
        switch sending[pair] {
        case .socket(let frame): pairs.sendBySocket(frame, of: pair)
        case .append(let caller, let request):
            caller.value.send(request) { result in
                if case .failure(let failure) = result { pairs.fail(failure) }
            }
        }
    }
}
