import NIOCore
import Testing

@testable import WebSocketWire

struct MessageAssemblyTests {
    private static let limits = MessageAssembly.Limits(messageBytes: 8, fragments: 3, minFragmentBytes: 1)

    struct Fragment {
        let opcode: Opcode
        let isFinal: Bool
        var isCompressed = false
        let bytes: [UInt8]
    }

    private static func begin(_ text: String, _ opcode: Opcode = .text, compressed: Bool = false) -> Fragment {
        Fragment(opcode: opcode, isFinal: false, isCompressed: compressed, bytes: Array(text.utf8))
    }
    private static func more(_ bytes: [UInt8]) -> Fragment {
        Fragment(opcode: .continuation, isFinal: false, bytes: bytes)
    }
    private static func last(_ text: String) -> Fragment {
        Fragment(opcode: .continuation, isFinal: true, bytes: Array(text.utf8))
    }
    private static func whole(_ bytes: [UInt8], _ opcode: Opcode = .text, compressed: Bool = false) -> Fragment {
        Fragment(opcode: opcode, isFinal: true, isCompressed: compressed, bytes: bytes)
    }

    @Test(
        arguments: [
            ([whole([])], [.text(ByteBuffer(string: ""))]),
            ([whole(Array("12345678".utf8))], [.text(ByteBuffer(string: "12345678"))]),
            ([whole([0xFF], .binary)], [.binary(ByteBuffer(bytes: [0xFF]))]),
            ([begin("ab"), last("")], [.text(ByteBuffer(string: "ab"))]),
            ([begin("ab"), more([0xC3]), last2([0xA4])], [.text(ByteBuffer(string: "abä"))]),
            (
                [begin("ab", .binary), last("cd"), whole([0x65])],
                [.binary(ByteBuffer(string: "abcd")), .text(ByteBuffer(string: "e"))]
            ),
            ([whole([0xFF], compressed: true)], [.compressed(ByteBuffer(bytes: [0xFF]), isText: true)]),
            (
                [begin("\u{1}", .binary, compressed: true), more([0xFF]), last("\u{2}")],
                [.compressed(ByteBuffer(bytes: [1, 0xFF, 2]), isText: false)]
            ),
        ] as [([Fragment], [MessageAssembly.Message])]
    )
    func `messages come whole`(fragments: [Fragment], messages: [MessageAssembly.Message]) throws {
        #expect(try Self.run(fragments) == messages)
    }

    @Test(
        arguments: [
            ([last("a")], .nothingToContinue), ([more([0x61])], .nothingToContinue),
            ([whole([0x61]), last("b")], .nothingToContinue),
            ([begin("a"), whole([0x62])], .messageUnderWay), ([begin("a"), begin("b", .binary)], .messageUnderWay),
            ([whole(Array("123456789".utf8))], .messageTooBig), ([begin("12345"), last("6789")], .messageTooBig),
            ([begin("a"), more([0x62]), more([0x63]), last("d")], .tooManyFragments),
            ([begin("")], .fragmentTooSmall), ([begin("a"), more([])], .fragmentTooSmall),
            ([whole([0xC3])], .notUTF8), ([whole([0xFF])], .notUTF8), ([begin("a"), more([0xFF])], .notUTF8),
            ([begin("a"), more([0xC3]), last("")], .notUTF8), ([begin("a"), more([0xC3]), last("b")], .notUTF8),
        ] as [([Fragment], WebSocketViolation)]
    )
    func `what breaks a rule is refused with the frame that breaks it`(
        fragments: [Fragment],
        violation: WebSocketViolation
    ) throws {
        #expect(throws: Never.self) { try Self.run(fragments.dropLast()) }
        #expect(throws: violation) { try Self.run(fragments) }
    }

    private static func last2(_ bytes: [UInt8]) -> Fragment {
        Fragment(opcode: .continuation, isFinal: true, bytes: bytes)
    }

    @discardableResult
    private static func run(_ fragments: [Fragment]) throws -> [MessageAssembly.Message] {
        var assembly = MessageAssembly()
        var messages: [MessageAssembly.Message] = []
        for fragment in fragments {
            let message = try assembly.take(
                fragment.opcode,
                isFinal: fragment.isFinal,
                isCompressed: fragment.isCompressed,
                payload: ByteBuffer(bytes: fragment.bytes),
                limits: limits
            )
            if let message { messages.append(message) }
        }
        return messages
    }
}
