import ParleyCore
import Testing

@testable import ParleyLive

@Suite("What a client asks for")
struct LiveCommandTests {
    static let id = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"

    private func parsed(_ text: String) throws(ParleyError) -> LiveCommand {
        try LiveCommand(parsing: Array(text.utf8))
    }

    @Test("All that there is")
    func commands() throws {
        let id = try #require(ConversationID(Self.id))
        #expect(try parsed(#"{"type":"subscribe","conversation_id":"\#(Self.id)"}"#) == .subscribe(id, since: nil))
        #expect(
            try parsed(#"{"since_revision":0,"type":"subscribe","conversation_id":"\#(Self.id)"}"#)
                == .subscribe(id, since: 0)
        )
        #expect(
            try parsed(#"{"type":"subscribe","session_id":"\#(Self.id)","since_revision":41}"#)
                == .subscribe(id, since: 41)
        )
        #expect(
            try parsed(#"{"type":"subscribe","conversation_id":"\#(Self.id)","since_revision":null}"#)
                == .subscribe(id, since: nil)
        )
        #expect(try parsed(#"{"type":"unsubscribe","conversation_id":"\#(Self.id)"}"#) == .unsubscribe(id))
        #expect(try parsed(#"{"type":"typing","conversation_id":"\#(Self.id)","more":[1]}"#) == .typing(id))
        #expect(try parsed(#" { "type" : "ping" } "#) == .ping)
    }

    struct Wrong: CustomTestStringConvertible {
        let text: String
        let code: ParleyError.Code
        var parameter: String?
        var testDescription: String { String(text.prefix(60)) }
    }

    static let wrongTexts: [Wrong] =
        [
            Wrong(text: "", code: .invalidRequest),
            Wrong(text: "ping", code: .invalidRequest),
            Wrong(text: "{", code: .invalidRequest),
            Wrong(text: #"{"type":"ping",}"#, code: .invalidRequest),
            Wrong(text: #"{"type":"ping"} x"#, code: .invalidRequest),
            Wrong(text: #"{"type":"ping","type":"ping"}"#, code: .invalidRequest),
            Wrong(text: "[]", code: .invalidRequest),
            Wrong(text: #""ping""#, code: .invalidRequest),
            Wrong(text: "null", code: .invalidRequest),
            Wrong(text: String(repeating: "[", count: 30_000), code: .invalidRequest),
            Wrong(text: #"{"type":"ping","a":"# + String(repeating: "[", count: 100), code: .invalidRequest),
            Wrong(text: #"{"type":"\ud800"}"#, code: .invalidRequest),
            Wrong(text: "{}", code: .invalidRequest, parameter: "type"),
            Wrong(text: #"{"type":1}"#, code: .invalidRequest, parameter: "type"),
            Wrong(text: #"{"type":"Ping"}"#, code: .invalidRequest, parameter: "type"),
            Wrong(text: #"{"type":"publish"}"#, code: .invalidRequest, parameter: "type"),
            Wrong(text: #"{"type":"subscribe"}"#, code: .invalidRequest, parameter: "conversation_id"),
            Wrong(text: #"{"type":"typing","conversation_id":7}"#, code: .invalidRequest, parameter: "conversation_id"),
            Wrong(
                text: #"{"type":"typing","conversation_id":null}"#,
                code: .invalidRequest,
                parameter: "conversation_id"
            ),
            Wrong(text: #"{"type":"typing","conversation_id":"no id"}"#, code: .notFound),
            Wrong(text: #"{"type":"unsubscribe","conversation_id":""}"#, code: .notFound),
        ]
        + ["-1", "1.5", "1e400", "99999999999999999999", #""4""#, "true", "[]"].map {
            Wrong(
                text: #"{"type":"subscribe","conversation_id":"\#(id)","since_revision":\#($0)}"#,
                code: .invalidRequest,
                parameter: "since_revision"
            )
        }

    @Test("What is wrong is refused, by name", arguments: wrongTexts)
    func wrong(_ wrong: Wrong) {
        do throws(ParleyError) {
            let command = try parsed(wrong.text)
            Issue.record("It was taken as \(command).")
        } catch {
            #expect(error.code == wrong.code)
            #expect(error.parameter == wrong.parameter)
        }
    }

    @Test("Bytes that are no text are refused")
    func bytes() {
        #expect(throws: ParleyError.self) {
            try LiveCommand(parsing: Array(#"{"type":""#.utf8) + [0xFF, 0xC0] + Array(#""}"#.utf8))
        }
    }
}
