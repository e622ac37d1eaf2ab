import NIOCore
import ParleyCore
import ParleyUpstream

/// The requests that are sent, as they stand on the wire.
struct RequestTexts: Sendable {
    /// Appends differ, so that the search index gets what it would from people; this many are made for each caller.
    private static let appendsEach = 16

    let people: [Person]

    /// A person's requests, to be sent in turn; `path` stands in place of Parley's where it is given.
    func requests(_ workload: Workload, of person: Int, path: String? = nil) -> [ByteBuffer] {
        let (token, log, history) = (people[person].token, people[person].log, people[person].history)
        switch workload {
        case .reads:
            return [Self.get(path ?? "/api/conversations/\(history)/messages?limit=50", token)]
        case .hot:
            return [Self.get(path ?? "/api/conversations/\(history)/messages?limit=15", token)]
        case .appends:
            let path = path ?? "/api/conversations/\(log)/messages"
            return (0..<Self.appendsEach).map { Self.post(appendBody(of: person, $0), to: path, token) }
        case .turns:
            // Each in a conversation of its own, so that the last is asked no more than the first.
            let body: JSON = ["message": .string(Self.question), "stream": true]
            return [Self.post(body.text, to: path ?? "/api/chat", token)]
        }
    }

    /// One of the messages that a person appends.
    func appendBody(of person: Int, _ number: Int) -> String {
        let text = SampleText.message(1_000_000 + person * Self.appendsEach + number)
        return (["role": "user", "content": .string(text)] as JSON).text
    }

    /// What every turn asks: its answer has some two hundred deltas.
    private static let question = SampleText.message(0) + SampleText.message(1)

    /// How many deltas the answer to a turn has.
    static let deltasPerTurn = DerivedAnswer.deltas(of: DerivedAnswer.text(to: question)).count

    /// What Parley asks the model's server in a turn: for asking it without Parley.
    static let bareTurn: [ByteBuffer] = {
        let body: JSON = [
            "messages": [["role": "user", "content": .string(question)]], "stream": true,
            "stream_options": ["include_usage": true],
        ]
        return [post(body.text, to: "/v1/chat/completions", "none")]
    }()

    /// One request that reads.
    static func get(_ path: String, _ token: String) -> ByteBuffer {
        ByteBuffer(string: "GET \(path) HTTP/1.1\r\n\(headers(token))\r\n")
    }

    private static func post(_ body: String, to path: String, _ token: String) -> ByteBuffer {
        ByteBuffer(
            string: """
                POST \(path) HTTP/1.1\r\n\(headers(token))Content-Type: application/json\r\n\
                Content-Length: \(body.utf8.count)\r\n\r\n\(body)
                """
        )
    }

    private static func headers(_ token: String) -> String {
        "Host: 127.0.0.1\r\nAuthorization: Bearer \(token)\r\n"
    }
}
