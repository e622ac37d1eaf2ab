import Testing

@testable import ParleyOpenAI

@Suite("Reading server-sent events")
struct SSEParserTests {
    private struct Example: CustomTestStringConvertible {
        let testDescription: String
        let stream: [UInt8]
        let events: [SSEParser.Event]

        init(_ description: String, _ stream: String, _ events: [(String, String)]) {
            testDescription = description
            self.stream = Array(stream.utf8)
            self.events = events.map { SSEParser.Event(type: $0.0, data: Array($0.1.utf8)) }
        }
    }

    private static let examples = [
        Example("LF", "data: one\n\ndata: two\n\n", [("message", "one"), ("message", "two")]),
        Example("CRLF", "data: one\r\n\r\ndata: two\r\n\r\n", [("message", "one"), ("message", "two")]),
        Example("CR", "data: one\r\rdata: two\r\r", [("message", "one"), ("message", "two")]),
        Example(
            "mixed line ends",
            "data: a\r\ndata: b\ndata: c\r\n\ndata: d\n\r\n",
            [("message", "a\nb\nc"), ("message", "d")]
        ),
        Example("byte order mark", "\u{FEFF}data: x\n\n", [("message", "x")]),
        Example("comments", ": keep-alive\n\n:\n\ndata: x\n: in between\n\n", [("message", "x")]),
        Example("types", "event: delta\ndata: x\n\ndata: y\n\n", [("delta", "x"), ("message", "y")]),
        Example("one blank is eaten, more are not", "data:x\n\ndata:  x\n\n", [("message", "x"), ("message", " x")]),
        Example("data without a colon, or empty", "data\n\ndata:\ndata:\n\n", [("message", ""), ("message", "\n")]),
        Example("other fields", "id: 7\nretry: 10\nfoo: bar\ndataset: no\ndata: x\n\n", [("message", "x")]),
        Example("an event without data", "event: ping\n\ndata: x\n\n", [("message", "x")]),
        Example("many bytes to a scalar", "data: é€👩‍👧\u{2028}\n\n", [("message", "é€👩‍👧\u{2028}")]),
        Example(
            "a last event without its blank line",
            "data: x\n\ndata: [DONE]\n",
            [("message", "x"), ("message", "[DONE]")]
        ),
        Example(
            "a last event without its line end",
            "data: x\n\ndata: [DONE]",
            [("message", "x"), ("message", "[DONE]")]
        ),
        Example("nothing", "", []),
    ]

    private func parse(_ pieces: [ArraySlice<UInt8>]) -> [SSEParser.Event] {
        var parser = SSEParser()
        var events = pieces.flatMap { parser.feed($0) }
        if let last = parser.finish() { events.append(last) }
        return events
    }

    @Test("Cut at any byte, a stream gives the same events", arguments: examples)
    private func cuts(example: Example) {
        let stream = example.stream
        for cut in 0...stream.count {
            #expect(parse([stream[..<cut], stream[cut...]]) == example.events, "cut at \(cut)")
        }
        #expect(parse(stream.indices.map { stream[$0...$0] }) == example.events)
    }

    @Test("A line or an event past the bound fails; what came before it was handed out")
    func bounds() {
        var line = SSEParser(limitBytes: 16)
        #expect(line.feed("data: x\n\ndata: 01234567890123456789\n\ndata: y\n\n".utf8).map(\.data) == [Array("x".utf8)])
        #expect(line.failure == .lineTooLong)
        #expect(line.finish() == nil)
        var event = SSEParser(limitBytes: 16)
        #expect(event.feed("data: x\n\n".utf8).count == 1)
        #expect(event.feed("data: 0123456\ndata: 0123456\ndata: 0123456\n\n".utf8) == [])
        #expect(event.failure == .eventTooLong)
        #expect(event.feed("data: y\n\n".utf8) == [])
    }
}
