import ArgumentParser
import NIOCore
import NIOPosix
import ParleyCore

/// `parley-load storm`.
struct StormCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storm",
        abstract: "All sockets come at once, and catch up; then all are dropped, and come again."
    )

    /// Of each conversation, and of those what a socket has missed.
    private static let (messages, missed) = (10, 5)

    @OptionGroup var common: CommonOptions

    @Option(help: "How many sockets; of Parley's, 20 for each person, with one conversation.")
    var sockets = 5000

    @Option(help: "How many are under way at once: what a server's queue of connections takes.")
    var atOnce = 200

    @Option(help: "How often they come.")
    var rounds = 2

    func run() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        var plans = Array(repeating: SocketPlan(dialect: common.target, endpoint: common.url), count: sockets)
        var questions: [ByteBuffer] = []
        if common.target == .parley {
            let people = try await common.people(of: sockets)
            let calls = try await ParleyCalls(common.url, on: eventLoop)
            for number in 0..<people.count {
                let question = try await question(people[number], calls)
                questions += Array(repeating: question, count: People.socketsEach)
            }
            calls.close()
            for number in plans.indices { plans[number].token = people[number / People.socketsEach].token }
        }
        for round in 1...max(1, rounds) { try await run(plans, questions, round, on: eventLoop) }
    }

    private func run(
        _ plans: [SocketPlan],
        _ questions: [ByteBuffer],
        _ round: Int,
        on eventLoop: any EventLoop
    ) async throws {
        let atOnce = atOnce
        let storm = try await eventLoop.submit {
            NIOLoopBound(
                Storm(plans, questions: questions, atOnce: atOnce, on: eventLoop),
                eventLoop: eventLoop
            )
        }.get()
        let watch = ProcessWatch(common.pid)
        let outcome = try await eventLoop.flatSubmit { storm.value.run() }.get()
        var line = Line("storm", common.target)
        line.set("sockets", sockets)
        line.set("round", round)
        line.set(watch, per: "socket", count: sockets)
        line.set("per_second", Double(sockets) / (watch.elapsed / .seconds(1)))
        line.set(outcome.ready, "ready_")
        if outcome.subscribed.count > 0 { line.set(outcome.subscribed, "subscribed_") }
        line.set(outcome.waits)
        line.print()
        try await eventLoop.flatSubmit { storm.value.close() }.get()
    }

    /// Makes a conversation of somebody's, and what asks for its last changes.
    private func question(_ person: People.Person, _ calls: ParleyCalls) async throws -> ByteBuffer {
        let conversation = try await calls.conversation(of: person)
        let messages = Array(
            repeating: ["role": "user", "content": .string(AppendText.body)] as JSON,
            count: Self.messages
        )
        let path = "/api/conversations/\(conversation)/messages"
        let answer = try await calls.call("POST", path, as: person, ["messages": .array(messages)])
        guard let revision = answer["messages"]?.arrayValue?.last?["revision"]?.intValue else {
            throw LoadFailure.unreadable(answer.text)
        }
        let subscribe: JSON = [
            "type": "subscribe", "conversation_id": .string(conversation),
            "since_revision": .number(JSONNumber(revision - Self.missed)),
        ]
        return MaskedFrame.text(subscribe.text)
    }
}
