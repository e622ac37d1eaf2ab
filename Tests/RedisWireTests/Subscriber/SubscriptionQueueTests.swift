import NIOCore
import Testing

@testable import RedisWire

struct SubscriptionQueueTests {
    private func message(_ text: String) -> RedisSubscriptionEvent {
        .message(RedisMessage(channel: "c", payload: ByteBuffer(string: text)))
    }

    private func taken(from queue: SubscriptionQueue) async throws -> [RedisSubscriptionEvent] {
        queue.end(.success(()))
        var events: [RedisSubscriptionEvent] = []
        while let event = try await queue.next() { events.append(event) }
        return events
    }

    @Test("A full queue drops what waits, says so once, and goes on")
    func overflow() async throws {
        let queue = SubscriptionQueue(maxMessages: 2, maxBytes: 100)
        for text in ["1", "2", "3", "4"] { queue.put(message(text)) }
        #expect(try await taken(from: queue) == [.gap(.overflow), message("4")])
    }

    @Test("Bytes count too, and are given back")
    func bytes() async throws {
        let queue = SubscriptionQueue(maxMessages: 100, maxBytes: 10)
        queue.put(message("123456"))
        #expect(try await queue.next() == message("123456"))
        queue.put(message("123456"))
        queue.put(message("1234"))
        queue.put(message("5"))
        queue.put(message("12345678901"))
        #expect(try await taken(from: queue) == [.gap(.overflow)])
    }

    @Test("Gaps keep their place among messages, and the last of several in a row counts")
    func gaps() async throws {
        let queue = SubscriptionQueue(maxMessages: 10, maxBytes: 100)
        queue.put(message("1"))
        queue.put(.gap(.linkLost))
        queue.put(.gap(.subscribed))
        queue.put(message("2"))
        #expect(try await taken(from: queue) == [message("1"), .gap(.subscribed), message("2")])
    }

    @Test("An end with an error comes after what was waiting")
    func failure() async throws {
        let queue = SubscriptionQueue(maxMessages: 10, maxBytes: 100)
        queue.put(message("1"))
        queue.end(.failure(RedisError(serverMessage: "NOPERM no")))
        queue.put(message("2"))
        #expect(try await queue.next() == message("1"))
        await #expect(throws: RedisError.self) { try await queue.next() }
    }

    @Test("Thousands of messages pass in order while others come")
    func order() async throws {
        let queue = SubscriptionQueue(maxMessages: 10_000, maxBytes: 1_000_000)
        async let received: [RedisSubscriptionEvent] = {
            var events: [RedisSubscriptionEvent] = []
            while events.count < 5000, let event = try await queue.next() { events.append(event) }
            return events
        }()
        for number in 0..<5000 { queue.put(message("\(number)")) }
        #expect(try await received == (0..<5000).map { message("\($0)") })
    }
}
