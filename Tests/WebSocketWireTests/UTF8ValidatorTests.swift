import Testing

@testable import WebSocketWire

struct UTF8ValidatorTests {
    @Test func placeholder() { #expect(UTF8Validator().isComplete) }
}
