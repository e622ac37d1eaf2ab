import Testing

@testable import ParleyLive

@Suite("Typing that is known without making JSON of it")
struct PlainTypingTests {
    private static let id = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"

    @Test("Plain typing is what making JSON of it says")
    func plain() throws {
        for id in [Self.id, Self.id.uppercased()] {
            let text = Array(#"{"type":"typing","conversation_id":"\#(id)"}"#.utf8)
            let plain = try #require(LiveCommand(plainTyping: text))
            #expect(try plain == LiveCommand(parsing: text))
        }
    }

    @Test(
        "Whatever else is not taken for plain typing",
        arguments: [
            "", #"{"type":"ping"}"#,
            #"{"type":"typing","conversation_id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2"}"#,
            #"{"type":"typing","conversation_id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2g"}"#,
            #"{"type":"typing","conversation_id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"} "#,
            #"{"type":"typing","conversation_id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"]"#,
            #"{"type":"Typing","conversation_id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"}"#,
            #"{"type":"typing","session_idxxxxx":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"}"#,
            #"{"type":"typing","conversation_id":"0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1aéb"}"#,
        ]
    )
    func notPlain(text: String) {
        #expect(LiveCommand(plainTyping: Array(text.utf8)) == nil)
    }
}
