import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyStore

@Suite("Elements of an entry")
struct CachedElementTests {
    private static let message = Message(
        id: MessageID(high: 1, low: 2),
        conversationID: ConversationID(high: 3, low: 4),
        projectID: ProjectID(high: 5, low: 6),
        seq: 7,
        revision: 9,
        role: .user,
        author: .person("alice"),
        content: "A \"quoted\" {brace} [bracket] \\ \u{1} ünï \n and so on, longer than eight bytes",
        metadata: ["a": ["b": [1, 2, ["c": .null]]]],
        createdAt: .example,
        updatedAt: .example
    )
    private static let header = CachedHeader(revision: 41, tag: LogTag(bits: 0xF1), seq: 7)

    private static var bytes: [UInt8] { JSONWriter.bytes(of: message) }
    private static var element: [UInt8] { CachedElement.encode(header, message: bytes) }

    private func parse(_ element: [UInt8], of conversation: ConversationID = message.conversationID) -> CachedHeader? {
        element.withUnsafeBytes { CachedElement.parse($0, of: conversation.description) }?.header
    }

    @Test("are objects that anybody can read, and come back as they went in")
    func roundTrip() throws {
        let json = try JSON(parsing: Self.element)
        #expect(json["rev"]?.intValue == 41)
        #expect(json["tag"]?.stringValue == "00000000000000f1")
        #expect(json["seq"]?.intValue == 7)
        #expect(Message(wire: try #require(json["message"])) == Self.message)
        let parsed = Self.element.withUnsafeBytes {
            CachedElement.parse($0, of: Self.message.conversationID.description)
        }
        #expect(parsed?.header == Self.header)
        #expect(parsed.map { Array(Self.element[$0.message]) } == Self.bytes)
    }

    @Test("of another conversation, or of another place, are none")
    func foreign() {
        #expect(parse(Self.element, of: ConversationID(high: 3, low: 5)) == nil)
        #expect(
            parse(CachedElement.encode(CachedHeader(revision: 41, tag: LogTag(bits: 1), seq: 8), message: Self.bytes))
                == nil
        )
    }

    @Test("cut anywhere, or with anything behind, are none")
    func cut() {
        for length in 0..<Self.element.count { #expect(parse(Array(Self.element.prefix(length))) == nil) }
        for extra in ["}", " ", "\n", "x", "{}"] { #expect(parse(Self.element + Array(extra.utf8)) == nil) }
    }

    @Test("with a byte turned into one that ends a string or a bracket are none, or their shape has stayed")
    func damaged() throws {
        for index in Self.element.indices {
            for byte in "\"\\{}[]\u{0}".utf8 {
                var element = Self.element
                element[index] = byte
                // What passes is not the original any more, but is still one message that readers can parse or refuse.
                guard
                    let (_, place) = element.withUnsafeBytes({
                        CachedElement.parse($0, of: Self.message.conversationID.description)
                    })
                else { continue }
                #expect(place.upperBound == element.count - 1)
                #expect(
                    element[place.lowerBound] == UInt8(ascii: "{") && element[place.upperBound - 1] == UInt8(ascii: "}")
                )
            }
        }
    }

    @Test(
        "that are anything else are none",
        arguments: [
            "", "{}", "[]", "null", "garbage", "{\"rev\":1}",
            "{\"rev\":01,\"tag\":\"00000000000000f1\",\"seq\":7,\"message\":{}}",
            "{\"rev\":1,\"tag\":\"00000000000000F1\",\"seq\":7,\"message\":{}}",
            "{\"rev\":1,\"tag\":\"f1\",\"seq\":7,\"message\":{}}",
            "{\"rev\":9999999999999999999999,\"tag\":\"00000000000000f1\",\"seq\":7,\"message\":{}}",
        ]
    )
    func garbage(_ text: String) {
        #expect(parse(Array(text.utf8)) == nil)
    }
}

extension JSONWriter {
    static func bytes(of message: Message) -> [UInt8] {
        var writer = JSONWriter()
        writer.message(message)
        return writer.bytes
    }
}
