import HTTPTypes
import HummingbirdTesting
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@Suite("Limits of an address over HTTP")
struct AddressLimitsTests {
    @Test("New conversations and turns are limited for each address too, of whatever name the callers are")
    func addresses() async throws {
        let limiter = OneAddressRefused()
        try await TestParley.run(.ahc(), limiter: limiter) { parley in
            let forwardedFor = try #require(HTTPField.Name("X-Forwarded-For"))
            var callers = [try await parley.caller(.alice), try await parley.caller(.bob)]
            let id = try await callers[0].makeConversation()
            let turn = try await callers[0].post("/api/chat", ["message": "hello", "conversation_id": .string(id)])
            let reply = try #require(turn["message"]?["id"]?.stringValue)
            let calls: [(path: String, body: JSON)] = [
                ("/api/conversations", [:]), ("/api/conversations/\(id)/fork", ["seq": 1]),
                ("/api/chat/\(reply)/regenerate", [:]), ("/api/chat", ["message": "hello"]),
                ("/api/chat/agent", ["message": "hello"]),
                ("/api/chat", ["message": "hello", "conversation_id": .string(id)]),
            ]
            for (path, body) in calls {
                callers[0].headers[forwardedFor] = "198.51.100.1"
                #expect(try await callers[0].post(path, body).status.kind == .successful, "\(path)")
                callers[0].headers[forwardedFor] = OneAddressRefused.address
                let refused = try await callers[0].post(path, body)
                #expect(refused.status == .tooManyRequests, "\(path)")
                #expect(refused.headers[.retryAfter] == "7")
            }
            callers[1].headers[forwardedFor] = OneAddressRefused.address
            #expect(try await callers[1].post("/api/conversations").status == .tooManyRequests)
            #expect(limiter.limits == [RateLimit.newConversations.ofAddress, RateLimit.turns.ofAddress])
        }
    }
}

/// Lets everyone go on but those who call from one address.
private final class OneAddressRefused: RateLimiter {
    static let address = "203.0.113.7"

    private let seen = Mutex<Set<RateLimit>>([])

    /// The limits that the address was refused by.
    var limits: Set<RateLimit> { seen.withLock(\.self) }

    func take(_ key: String, from limit: RateLimit) async -> Duration? {
        guard key == "address:\(Self.address)" else { return nil }
        seen.withLock { _ = $0.insert(limit) }
        return .seconds(7)
    }
}
