import Foundation
import NIOCore
import Testing

@testable import RedisWire

@Suite(.timeLimit(.minutes(15)))
struct RedisSubscriberTests {
    private func message(_ channel: String, _ text: String) -> RedisSubscriptionEvent {
        .message(RedisMessage(channel: channel, payload: ByteBuffer(string: text)))
    }

    private func waitUntilSubscribed(_ events: inout RedisSubscription.AsyncIterator) async throws {
        while let event = try await events.next(), event != .gap(.subscribed) {}
    }

    private func publish(_ channel: String, _ text: String, by client: RedisClient) async throws {
        _ = try await client.send(["PUBLISH", .string(channel), .string(text)])
    }

    @Test("Every message comes, in order, to all who listen; Redis sees a channel once")
    func messages() async throws {
        let configuration = try await RedisServer.shared().configuration()
        let (one, two) = (Unique.name(), Unique.name())
        try await withConnectedClient(configuration) { client async throws in
            func listeners() async throws -> [Int64?] {
                let counts = try await client.send(["PUBSUB", "NUMSUB", .string(one), .string(two)]).elements
                return [counts[1]?.integer, counts[3]?.integer]
            }
            try await withSubscriber(configuration) { subscriber async throws in
                try await subscriber.subscribe(to: [one, two]) { both async throws in
                    var both = both.makeAsyncIterator()
                    try await waitUntilSubscribed(&both)
                    try await subscriber.subscribe(to: [one]) { first async throws in
                        var first = first.makeAsyncIterator()
                        try await waitUntilSubscribed(&first)
                        #expect(try await listeners() == [1, 1])
                        for number in 0..<100 {
                            try await publish(one, "\(number)", by: client)
                            try await publish(two, "\(number)", by: client)
                        }
                        for number in 0..<100 {
                            #expect(try await first.next() == message(one, "\(number)"))
                            #expect(try await both.next() == message(one, "\(number)"))
                            #expect(try await both.next() == message(two, "\(number)"))
                        }
                    }
                    try await publish(one, "still", by: client)
                    #expect(try await both.next() == message(one, "still"))
                    #expect(try await listeners() == [1, 1])
                }
                // Nobody waits for the channels to be given up; it happens.
                while try await listeners() != [0, 0] {}
            }
        }
    }

    @Test("A reconnect is a gap, and messages come again after it")
    func reconnect() async throws {
        try await RedisServer.with([]) { server async throws in
            try await withConnectedClient(server.configuration()) { client async throws in
                try await withSubscriber(server.configuration()) { subscriber async throws in
                    try await subscriber.subscribe(to: ["a", "b"]) { subscription async throws in
                        var events = subscription.makeAsyncIterator()
                        try await waitUntilSubscribed(&events)
                        for round in 0..<5 {
                            #expect(try await client.send(["CLIENT", "KILL", "TYPE", "pubsub"]).integer == 1)
                            guard case .gap(let gap) = try await events.next() else {
                                Issue.record("The loss was not told.")
                                return
                            }
                            if gap == .linkLost { try await waitUntilSubscribed(&events) }
                            try await publish("b", "\(round)", by: client)
                            #expect(try await events.next() == message("b", "\(round)"))
                        }
                    }
                }
            }
        }
    }

    @Test("A subscription begun while Redis is away says so, and stands when Redis is back")
    func begunWithoutLink() async throws {
        let port = try await RedisServer.with([]) { $0.port }
        try await withSubscriber(.patient(port: port)) { subscriber async throws in
            try await subscriber.subscribe(to: ["a"]) { subscription async throws in
                var events = subscription.makeAsyncIterator()
                #expect(try await events.next() == .gap(.linkLost))
                try await RedisServer.with(["--port", "\(port)"]) { server async throws in
                    try await waitUntilSubscribed(&events)
                    try await withConnectedClient(server.configuration()) { try await publish("a", "back", by: $0) }
                    #expect(try await events.next() == message("a", "back"))
                }
            }
        }
    }

    @Test("A link on which nothing comes back is found dead")
    func deadLink() async throws {
        try await RedisServer.with([]) { server async throws in
            var configuration = server.configuration()
            // What the test waits for; and longer than a busy machine takes to answer on a link that is not dead.
            configuration.connectTimeout = .seconds(5)
            configuration.checkInterval = .milliseconds(10)
            try await withSubscriber(configuration) { subscriber async throws in
                try await subscriber.subscribe(to: ["a"]) { subscription async throws in
                    var events = subscription.makeAsyncIterator()
                    try await waitUntilSubscribed(&events)
                    server.signal(SIGSTOP)
                    while let event = try await events.next(), event != .gap(.linkLost) {}
                    server.signal(SIGCONT)
                    try await waitUntilSubscribed(&events)
                    try await withConnectedClient(server.configuration()) { try await publish("a", "alive", by: $0) }
                    while let event = try await events.next(), event != message("a", "alive") {}
                }
            }
        }
    }

    @Test("Whoever is too slow is told what it has lost: that it has lost something")
    func overflow() async throws {
        let configuration = try await RedisServer.shared().configuration()
        let (many, end) = (Unique.name(), Unique.name())
        try await withConnectedClient(configuration) { client async throws in
            try await withSubscriber(configuration) { subscriber async throws in
                try await subscriber.subscribe(to: [many], maxMessages: 3) { slow async throws in
                    var slow = slow.makeAsyncIterator()
                    try await waitUntilSubscribed(&slow)
                    try await subscriber.subscribe(to: [end]) { watch async throws in
                        var watch = watch.makeAsyncIterator()
                        try await waitUntilSubscribed(&watch)
                        for number in 0..<5 { try await publish(many, "\(number)", by: client) }
                        try await publish(end, "", by: client)
                        #expect(try await watch.next() == message(end, ""))
                        #expect(try await slow.next() == .gap(.overflow))
                        #expect(try await slow.next() == message(many, "4"))
                    }
                }
            }
        }
    }

    @Test("Channels that the user may not hear are refused, at once or after a reconnect, and no others with them")
    func refusals() async throws {
        try await RedisServer.with([]) { server async throws in
            try await withConnectedClient(server.configuration()) { client async throws in
                _ = try await client.send([
                    "ACL", "SETUSER", "listener", "on", ">secret", "resetchannels", "&own*", "+@all",
                ])
                let configuration = server.configuration {
                    $0.credentials = .init(user: "listener", password: "secret")
                }
                try await withSubscriber(configuration) { subscriber async throws in
                    try await subscriber.subscribe(to: ["own1"]) { own async throws in
                        var own = own.makeAsyncIterator()
                        try await waitUntilSubscribed(&own)
                        let refused = await errorOf { try await subscriber.subscribe(to: ["other"]) { _ in } }
                        #expect(refused?.serverCode == .noPermission)
                        try await subscriber.subscribe(to: ["own2"]) { second async throws in
                            var second = second.makeAsyncIterator()
                            try await waitUntilSubscribed(&second)
                            // Redis drops listeners who lose a right; the next connection then lacks it.
                            _ = try await client.send(["ACL", "SETUSER", "listener", "resetchannels", "&own1"])
                            try await waitUntilSubscribed(&own)
                            try await publish("own1", "x", by: client)
                            #expect(try await own.next() == message("own1", "x"))
                            let error = await errorOf { while try await second.next() != nil {} }
                            #expect(error?.serverCode == .noPermission)
                        }
                    }
                }
            }
        }
    }

    @Test("A shutdown ends all subscriptions, also those that come later")
    func shutdown() async throws {
        let configuration = try await RedisServer.shared().configuration()
        let channel = Unique.name()
        let subscriber = try await withSubscriber(configuration) { subscriber async throws in
            try await subscriber.subscribe(to: [channel]) { subscription async throws in
                var events = subscription.makeAsyncIterator()
                try await waitUntilSubscribed(&events)
            }
            return subscriber
        }
        try await subscriber.subscribe(to: [channel]) { subscription async throws in
            for try await event in subscription { #expect(event == .gap(.linkLost)) }
        }
        #expect(!subscriber.isConnected)
    }
}
