import NIOCore
import Testing

@testable import WebSocketWire

struct ClosePayloadTests {
    @Test func `codes that may be sent are those of RFC 6455`() {
        var allowed: [ClosedRange<Int>] = [1000...1003, 1007...1011, 3000...4999]
        for code in UInt16.min...UInt16.max {
            let isAllowed = allowed.first?.contains(Int(code)) ?? false
            #expect(WebSocketCloseCode(rawValue: code).mayBeSent == isAllowed)
            if Int(code) == allowed.first?.upperBound { allowed.removeFirst() }
        }
    }

    @Test func `nothing is no code`() throws {
        #expect(try ClosePayload(ByteBuffer()) == ClosePayload(code: nil))
        #expect(ClosePayload(code: nil, reason: "unsaid").bytes() == ByteBuffer())
    }

    @Test func `a code and a reason come through`() throws {
        let payload = ClosePayload(code: .goingAway, reason: "schön")
        #expect(try ClosePayload(payload.bytes()) == payload)
        #expect(payload.bytes().getInteger(at: 0, as: UInt16.self) == 1001)
    }

    @Test(arguments: [
        ([0x03], WebSocketViolation.closeLength), ([0x00, 0x00], .closeCode), ([0x03, 0xED], .closeCode),
        ([0x03, 0xEE], .closeCode), ([0x03, 0xF7], .closeCode), ([0x13, 0x88], .closeCode),
        ([0x03, 0xE8, 0xC3], .closeReasonNotUTF8), ([0x03, 0xE8, 0xED, 0xA0, 0x80], .closeReasonNotUTF8),
    ])
    func `what may not be there is refused`(bytes: [UInt8], violation: WebSocketViolation) {
        #expect(throws: violation) { try ClosePayload(ByteBuffer(bytes: bytes)) }
    }

    @Test func `a long reason is cut between characters`() throws {
        for before in 0..<4 {
            let reason = String(repeating: "x", count: before) + String(repeating: "😀", count: 40)
            let bytes = ClosePayload(code: .normal, reason: reason).bytes()
            #expect(bytes.readableBytes <= 125)
            #expect(bytes.readableBytes > 125 - 4)
            #expect(reason.hasPrefix(try ClosePayload(bytes).reason))
        }
    }
}
