import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import ParleyCore

/// `parley-load across`.
struct AcrossCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "across",
        abstract: "How long what is written at one instance takes to a socket of another, for each kind of event.",
        discussion: "One thing at a time; from sending the request, so that its commit is part of it."
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "The other instance, as http://127.0.0.1:8081.")
    var other: Endpoint

    @Option(help: "How often each kind is measured.")
    var rounds = 200

    func run() async throws {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let person = try await common.people(1)[0]
        func listening(at endpoint: Endpoint) async throws -> NIOLoopBound<Listening> {
            let plan = SocketPlan(dialect: .parley, endpoint: endpoint, token: person.token)
            let listening = try await eventLoop.submit {
                NIOLoopBound(Listening(plan, on: eventLoop), eventLoop: eventLoop)
            }.get()
            try await eventLoop.flatSubmit { listening.value.open() }.get()
            return listening
        }
        let calls = try await ParleyCalls(common.url, on: eventLoop)
        let watch = ProcessWatch(common.pid)
        var across = Across(
            person: person,
            conversation: try await calls.conversation(of: person),
            endpoint: common.url,
            calls: calls,
            here: try await listening(at: common.url),
            there: try await listening(at: other),
            eventLoop: eventLoop
        )
        // The first of everything finds caches empty and connections closed.
        try await across.round(0)
        across.latencies = [:]
        for round in 1...max(1, rounds) { try await across.round(round) }
        for (kind, latencies) in across.latencies.sorted(by: { $0.key < $1.key }) {
            var line = Line("across", common.target)
            line["kind"] = .string(kind)
            line.set("rounds", latencies.count)
            line.set(latencies)
            line.print()
        }
        var line = Line("across", common.target)
        line["kind"] = "all"
        let count = across.latencies.values.reduce(0) { $0 + $1.count }
        line.set(watch, per: "event", count: count)
        let there = across.there
        line.set("resyncs", try await eventLoop.submit { there.value.resyncs }.get())
        line.print()
    }
}

/// One thing after another, each written here and awaited there.
private struct Across {
    let person: People.Person
    let conversation: String
    let endpoint: Endpoint
    let calls: ParleyCalls
    let here: NIOLoopBound<Listening>
    let there: NIOLoopBound<Listening>
    let eventLoop: any EventLoop
    var latencies: [String: Latencies] = [:]

    mutating func round(_ number: Int) async throws {
        let path = "/api/conversations/\(conversation)"
        let message = UUID().uuidString.lowercased()
        try await measure("chat_message", "chat_message", message) {
            $0.post("POST", path + "/messages", ["id": .string(message), "role": "user", "content": "one"])
        }
        try await measure("edit", "message_updated", "edited \(number)") {
            $0.post("PATCH", path + "/messages/\(message)", ["content": .string("edited \(number)")])
        }
        try await measure("reaction", "message_updated", "\"reactions\":[{") {
            $0.post("PUT", path + "/messages/\(message)/reactions/%F0%9F%91%8D", nil)
        }
        try await measure("deletion", "message_updated", "\"status\":\"deleted\"") {
            $0.post("DELETE", path + "/messages/\(message)", nil)
        }
        try await measure("rename", "conversation_updated", "name \(number)") {
            $0.post("PATCH", path, ["title": .string("name \(number)")])
        }
        let another = UUID().uuidString.lowercased()
        try await measure("new conversation", "conversation_created", another) {
            $0.post("POST", "/api/conversations", ["id": .string(another)])
        }
        try await measure("deleted conversation", "conversation_deleted", another) {
            $0.post("DELETE", "/api/conversations/\(another)", nil)
        }
        let typing = SocketPlan(dialect: .parley, endpoint: endpoint)
            .message(bytes: 0, conversation: conversation)
        try await measure("typing", "typing", conversation) { across in
            let (here, eventLoop) = (across.here, across.eventLoop)
            return { try await eventLoop.submit { here.value.send(typing) }.get() }
        }
    }

    /// A request that is sent and answered.
    private func post(_ method: String, _ path: String, _ body: JSON?) -> @Sendable () async throws -> Void {
        let (calls, person) = (calls, person)
        return { try await calls.call(method, path, as: person, body) }
    }

    private mutating func measure(
        _ kind: String,
        _ type: String,
        _ text: String,
        _ action: (Self) -> @Sendable () async throws -> Void
    ) async throws {
        let (there, act) = (there, action(self))
        let arrival = eventLoop.makePromise(of: UInt64.self)
        try await eventLoop.submit { there.value.next(type, with: text).cascade(to: arrival) }.get()
        let start = NIODeadline.now().uptimeNanoseconds
        try await act()
        do {
            latencies[kind, default: Latencies()].record(from: start, to: try await arrival.futureResult.get())
        } catch LoadFailure.missed {
            // It was told so, as is promised; how long it takes to find out otherwise is another question.
        }
    }
}
