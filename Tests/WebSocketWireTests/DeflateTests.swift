import NIOCore
import Testing

@testable import WebSocketWire

struct DeflateTests {
    private static let texts = [
        "a", "Hello", String(repeating: "x", count: 70_000), (0..<5_000).map { "\($0) " }.joined(),
    ]

    @Test(arguments: texts, [9, 12, 15])
    func `what is deflated is inflated`(text: String, windowBits: Int) throws {
        let deflater = try #require(Deflater(windowBits: windowBits, level: 1))
        let inflater = try #require(Inflater())
        // Twice: nothing may be kept from one message to the next.
        for _ in 0..<2 {
            let deflated = try #require(deflater.deflate(ByteBuffer(string: text)))
            #expect(try inflater.inflate(deflated, limit: text.utf8.count) == ByteBuffer(string: text))
        }
    }

    /// RFC 7692, sections 7.2.3.1 to 7.2.3.6: one block, an uncompressed one, the last one, two, and an empty message.
    @Test(
        arguments: [
            ([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], "Hello"),
            ([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00], "Hello"),
            ([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], "Hello"),
            ([0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00], "Hello"),
            ([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], "Hello"), ([0x00], ""), ([0x02, 0x00], ""), ([], ""),
        ] as [([UInt8], String)]
    )
    func `the standard's own examples`(bytes: [UInt8], text: String) throws {
        let inflater = try #require(Inflater())
        #expect(try inflater.inflate(ByteBuffer(bytes: bytes), limit: 5) == ByteBuffer(string: text))
    }

    @Test func `a bomb is stopped at the limit`() throws {
        let deflater = try #require(Deflater(windowBits: 15, level: 9))
        let inflater = try #require(Inflater())
        let bomb = try #require(deflater.deflate(ByteBuffer(repeating: 0, count: 64 << 20)))
        #expect(bomb.readableBytes < 70_000)
        #expect(throws: WebSocketViolation.messageTooBig) { try inflater.inflate(bomb, limit: 64 << 10) }
        let exact = try #require(deflater.deflate(ByteBuffer(repeating: 0, count: 64 << 10)))
        #expect(try inflater.inflate(exact, limit: 64 << 10).readableBytes == 64 << 10)
        #expect(throws: WebSocketViolation.messageTooBig) { try inflater.inflate(exact, limit: (64 << 10) - 1) }
    }

    @Test(
        arguments: [
            [0xFF, 0xFF], [0x07], [0x00, 0x05, 0x00, 0x00, 0x00, 0x48], [0x62], [0xF2, 0x48, 0xCD],
        ] as [[UInt8]]
    )
    func `what isn't deflated is refused`(bytes: [UInt8]) throws {
        let inflater = try #require(Inflater())
        #expect(throws: WebSocketViolation.badCompression) {
            try inflater.inflate(ByteBuffer(bytes: bytes), limit: 1_000)
        }
        // And harms nothing that comes after.
        #expect(try inflater.inflate(ByteBuffer(bytes: [0x00]), limit: 1) == ByteBuffer())
    }

    @Test func `noise never gives more than the limit, nor hangs`() throws {
        var generator = SeededGenerator(seed: 3)
        let inflater = try #require(Inflater())
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
            do throws(WebSocketViolation) {
                let inflated = try inflater.inflate(ByteBuffer(bytes: bytes), limit: 100)
                #expect(inflated.readableBytes <= 100)
            } catch {
                #expect(error == .badCompression || error == .messageTooBig)
            }
        }
    }

    @Test(arguments: [
        ("permessage-deflate", 15, ""),
        ("permessage-deflate; client_max_window_bits", 15, ""),
        ("permessage-deflate; client_max_window_bits=8", 15, ""),
        ("permessage-deflate;server_no_context_takeover;client_no_context_takeover", 15, ""),
        ("permessage-deflate; server_max_window_bits=10", 10, "; server_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=\"15\"", 15, "; server_max_window_bits=15"),
        ("x-other, permessage-deflate", 15, ""),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", 15, ""),
        ("permessage-deflate; nonsense, permessage-deflate; server_max_window_bits=9", 9, "; server_max_window_bits=9"),
    ])
    func `offers that are granted`(offer: String, windowBits: Int, answer: String) throws {
        let offers = try #require(ExtensionHeader.parse([offer]))
        let granted = try #require(DeflateAgreement.granting(offers))
        #expect(granted.windowBits == windowBits)
        let always = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(granted.answer == always + answer)
    }

    @Test(arguments: [
        "", "x-webkit-deflate-frame", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09", "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; unknown",
    ])
    func `offers that are declined`(offer: String) throws {
        let offers = try #require(ExtensionHeader.parse([offer]))
        #expect(DeflateAgreement.granting(offers) == nil)
    }

    @Test(arguments: [
        ("permessage-deflate; server_no_context_takeover", true),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", true),
        ("permessage-deflate; server_no_context_takeover; server_max_window_bits=9", true),
        ("permessage-deflate", false),
        ("permessage-deflate; server_no_context_takeover; client_max_window_bits=9", false),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", false),
        ("permessage-deflate; server_no_context_takeover; unknown", false), ("other", false),
    ])
    func `what a client takes for an answer`(answer: String, isTaken: Bool) throws {
        let header = try #require(ExtensionHeader.parse([answer])?.first)
        #expect((DeflateAgreement.accepting(header) != nil) == isTaken)
    }

    @Test(
        arguments: [
            ("a", [ExtensionHeader(name: "a", parameters: [])]), ("", []), (" , ,", []),
            (
                "A ; B = c;d , e",
                [
                    ExtensionHeader(
                        name: "a",
                        parameters: [.init(name: "b", value: "c"), .init(name: "d", value: nil)]
                    ),
                    ExtensionHeader(name: "e", parameters: []),
                ]
            ),
            ("a;b=\"c\\d\"", [ExtensionHeader(name: "a", parameters: [.init(name: "b", value: "cd")])]),
            (";", nil), ("a;", nil), ("a;=b", nil), ("a;b=", nil), ("a b", nil), ("a;b=\"c", nil), ("a;b=\"\"", nil),
            ("a;b=\"c d\"", nil), ("a/b", nil), ("ä", nil),
        ] as [(String, [ExtensionHeader]?)]
    )
    func `extension fields`(line: String, parsed: [ExtensionHeader]?) {
        #expect(ExtensionHeader.parse([line]) == parsed)
    }
}
