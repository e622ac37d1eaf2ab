import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketWire

/// What a server makes of a client's bytes: the sections of Autobahn's suite, over the handlers in memory.
struct HandlerRulesTests {
    typealias Event = RecordingDelegate.Event

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let events: [Event]
        let answer: [UInt8]

        init(_ description: String, _ bytes: [UInt8], _ events: [Event], answer: [UInt8] = []) {
            testDescription = description
            self.bytes = bytes
            self.events = events
            self.answer = answer
        }

        /// The connection fails with a code; what came before is delivered.
        init(_ description: String, _ bytes: [UInt8], _ before: [Event] = [], fails violation: WebSocketViolation) {
            let end = WebSocketEnd(cause: .violation, code: violation.code, reason: violation.message)
            self.init(
                description,
                bytes,
                before + [.closed(end)],
                answer: serverClose(violation.code.rawValue, violation.message)
            )
        }

        /// The peer closes, and is answered.
        init(_ description: String, _ payload: [UInt8], closes code: UInt16?, reason: String = "") {
            let end = WebSocketEnd(cause: .peer, code: code.map(WebSocketCloseCode.init(rawValue:)), reason: reason)
            self.init(
                description,
                frame(0x88, payload),
                [.closed(end)],
                answer: code.map { serverClose($0) } ?? frame(0x88, mask: nil)
            )
        }
    }

    private static let long = [UInt8](repeating: 0x2A, count: 65_536)
    private static let longText = String(repeating: "*", count: 65_536)

    static let rows: [Row] =
        framing + pings + reserved + opcodes + fragments + utf8 + closing + codes + limits

    static let framing: [Row] = [
        Row("1.1.1 empty text", frame(0x81), [.text("")]),
        Row("1.1.2 text of 125", frame(0x81, Array(long[..<125])), [.text(String(longText.prefix(125)))]),
        Row("1.1.3 text of 126", frame(0x81, Array(long[..<126])), [.text(String(longText.prefix(126)))]),
        Row("1.1.6 text of 65 535", frame(0x81, Array(long[..<65_535])), [.text(String(longText.prefix(65_535)))]),
        Row("1.1.7 text of 65 536", frame(0x81, long), [.text(longText)]),
        Row("1.2.1 empty binary", frame(0x82), [.binary([])]),
        Row("1.2.7 binary of 65 536", frame(0x82, long), [.binary(long)]),
        Row("mask of zeros", frame(0x81, [0x61], mask: 0), [.text("a")]),
        Row("no mask", frame(0x81, [0x61], mask: nil), fails: .unmasked),
        Row("a ping without mask", frame(0x89, mask: nil), fails: .unmasked),
    ]

    static let pings: [Row] = [
        Row("2.1 empty ping", frame(0x89), [], answer: frame(0x8A, mask: nil)),
        Row("2.3 ping of bytes", frame(0x89, [0, 0xFF, 0xFE]), [], answer: frame(0x8A, [0, 0xFF, 0xFE], mask: nil)),
        Row(
            "2.4 ping of 125",
            frame(0x89, Array(long[..<125])),
            [],
            answer: frame(0x8A, Array(long[..<125]), mask: nil)
        ),
        Row("2.5 ping of 126", frame(0x89, Array(long[..<126])), fails: .longControl),
        Row("2.7 pong that nobody asked for", frame(0x8A, [1]) + frame(0x81, [0x61]), [.text("a")]),
        Row(
            "2.10 ten pings",
            (0..<10).flatMap { frame(0x89, [$0]) },
            [],
            answer: (0..<10).flatMap { frame(0x8A, [$0], mask: nil) }
        ),
    ]

    static let reserved: [Row] =
        (1...7).map { bits in
            Row("3.\(bits) reserved bits \(bits)", frame(0x81 | UInt8(bits) << 4, [0x61]), fails: .reservedBits)
        }
        + [
            Row("3.2 after a message", frame(0x81, [0x61]) + frame(0xA1, [0x62]), [.text("a")], fails: .reservedBits),
            Row("3.5 in a ping", frame(0xC9), fails: .reservedBits),
            Row("in a close", frame(0xC8), fails: .reservedBits),
        ]

    static let opcodes: [Row] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map { opcode in
        Row("4 opcode \(opcode)", frame(0x80 | UInt8(opcode)), fails: .reservedOpcode)
    }

    static let fragments: [Row] = [
        Row("5.1 ping in fragments", frame(0x09) + frame(0x80), fails: .fragmentedControl),
        Row("5.2 pong in fragments", frame(0x0A), fails: .fragmentedControl),
        Row("close in fragments", frame(0x08), fails: .fragmentedControl),
        Row("5.3 text in two", frame(0x01, [0x61]) + frame(0x80, [0x62]), [.text("ab")]),
        Row("binary in two", frame(0x02, [1]) + frame(0x80, [2]), [.binary([1, 2])]),
        Row(
            "5.6 ping between",
            frame(0x01, [0x61]) + frame(0x89, [7]) + frame(0x80, [0x62]),
            [.text("ab")],
            answer: frame(0x8A, [7], mask: nil)
        ),
        Row("5.9 nothing to continue", frame(0x80, [0x61]), fails: .nothingToContinue),
        Row("5.11 nothing to continue, not the last", frame(0x00, [0x61]), fails: .nothingToContinue),
        Row("5.15 after a message", frame(0x81, [0x61]) + frame(0x80), [.text("a")], fails: .nothingToContinue),
        Row("5.18 text within text", frame(0x01, [0x61]) + frame(0x81, [0x62]), fails: .messageUnderWay),
        Row("binary within text", frame(0x01, [0x61]) + frame(0x02, [0x62]), fails: .messageUnderWay),
        Row(
            "close between",
            frame(0x01, [0x61]) + frame(0x88),
            [.closed(WebSocketEnd(cause: .peer))],
            answer: frame(0x88, mask: nil)
        ),
    ]

    static let utf8: [Row] = [
        Row("6.2.1 text", frame(0x81, Array("Hello-µ@ßöäüàá-UTF-8!!".utf8)), [.text("Hello-µ@ßöäüàá-UTF-8!!")]),
        Row("6.2.3 a byte a frame", byteByByte("κόσμε😀"), [.text("κόσμε😀")]),
        Row("6.3.1 a surrogate", frame(0x81, [0xCE, 0xBA, 0xED, 0xA0, 0x80]), fails: .notUTF8),
        Row("6.4.1 wrong in the second", frame(0x01, [0x61]) + frame(0x00, [0xF4, 0x90]), fails: .notUTF8),
        Row("6.6 cut off", frame(0x81, [0xCE]), fails: .notUTF8),
        Row("cut off at the last", frame(0x01, [0xCE]) + frame(0x80), fails: .notUTF8),
        Row("6.12 above U+10FFFF", frame(0x81, [0xF4, 0x90, 0x80, 0x80]), fails: .notUTF8),
        Row("6.18 overlong", frame(0x81, [0xC0, 0xAF]), fails: .notUTF8),
        Row("binary is anything", frame(0x82, [0xC0, 0xAF]), [.binary([0xC0, 0xAF])]),
    ]

    static let closing: [Row] =
        [
            Row("7.3.1 empty", [], closes: nil),
            Row("7.3.2 one byte", frame(0x88, [0x03]), fails: .closeLength),
            Row("7.3.3 a code", [0x03, 0xE8], closes: 1000),
            Row("7.3.4 a reason", [0x03, 0xE8] + Array("Hello".utf8), closes: 1000, reason: "Hello"),
            Row(
                "7.3.5 a reason of 123",
                [0x03, 0xE8] + Array(long[..<123]),
                closes: 1000,
                reason: String(longText.prefix(123))
            ),
            Row("7.3.6 a reason of 124", frame(0x88, [0x03, 0xE8] + Array(long[..<124])), fails: .longControl),
            Row("7.5.1 a reason that isn't UTF-8", frame(0x88, [0x03, 0xE8, 0xFF]), fails: .closeReasonNotUTF8),
            Row(
                "7.1.3 nothing after close",
                frame(0x88) + frame(0x88) + frame(0x81, [0x61]) + frame(0x89),
                [.closed(WebSocketEnd(cause: .peer))],
                answer: frame(0x88, mask: nil)
            ),
        ]

    private static let rightCodes: [UInt16] = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ]
    private static let wrongCodes: [UInt16] = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535]

    static let codes: [Row] =
        rightCodes.map { code in
            Row("7.7 code \(code)", [UInt8(code >> 8), UInt8(code & 0xFF)], closes: code)
        }
        + wrongCodes.map { code in
            Row("7.9 code \(code)", frame(0x88, [UInt8(code >> 8), UInt8(code & 0xFF)]), fails: .closeCode)
        }

    static let limits: [Row] = [
        Row("a frame that says it is too big", frame(0x82, length: 65_537), fails: .messageTooBig),
        Row("a length beyond all numbers", [0x82, 0xFF] + [UInt8](repeating: 0xFF, count: 12), fails: .messageTooBig),
        Row("too big in fragments", frame(0x02, long) + frame(0x80, [0]), fails: .messageTooBig),
        Row(
            "256 fragments",
            frame(0x02, [0]) + (0..<254).flatMap { _ in frame(0x00, [0]) } + frame(0x80, [0]),
            [.binary([UInt8](repeating: 0, count: 256))]
        ),
        Row(
            "257 fragments",
            frame(0x02, [0]) + (0..<255).flatMap { _ in frame(0x00, [0]) } + frame(0x80, [0]),
            fails: .tooManyFragments
        ),
        Row("an empty fragment", frame(0x01) + frame(0x80, [0x61]), fails: .fragmentTooSmall),
    ]

    private static func byteByByte(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return bytes.enumerated().flatMap { index, byte in
            frame((index == 0 ? 0x01 : 0x00) | (index == bytes.count - 1 ? 0x80 : 0x00), [byte])
        }
    }

    @Test(arguments: rows)
    func `the rules of RFC 6455`(row: Row) throws {
        // However the bytes are cut; the long ones not byte by byte, for that takes long and shows no more.
        for step in row.bytes.count > 1_000 ? [0, 1_021] : [0, 1, 2, 3, 7] {
            let bench = try SocketBench()
            try bench.receive(row.bytes, step: step)
            #expect(try bench.sent() == row.answer)
            // After a violation the peer is waited for.
            if bench.flushes.isHalfClosed { bench.channel.close(promise: nil) }
            bench.eventLoop.run()
            #expect(bench.delegate.eventsSinceOpening == row.events)
        }
    }

    @Test func `a client refuses masked frames and takes others`() throws {
        let bench = try SocketBench(role: .client)
        try bench.receive(frame(0x81, [0x61], mask: nil) + frame(0x81, [0x62]))
        #expect(bench.flushes.isHalfClosed)
        bench.channel.close(promise: nil)
        bench.eventLoop.run()
        #expect(bench.delegate.eventsSinceOpening.first == .text("a"))
        let end = WebSocketEnd(cause: .violation, code: .protocolError, reason: WebSocketViolation.masked.message)
        #expect(bench.delegate.eventsSinceOpening.dropFirst() == [.closed(end)])
    }
}
