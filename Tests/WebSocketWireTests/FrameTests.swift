import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import WebSocketWire

/// Frames' bytes: what is written, masked and refused by the head alone.
struct FrameTests {
    @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 100_000], [nil, 0, 0x0102_0304, 0xFFEE_DDCC] as [UInt32?])
    func `NIO's decoder reads what is written`(length: Int, key: UInt32?) throws {
        let payload = ByteBuffer(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let frame = FrameWriter.frame(.binary, compressed: true, maskingKey: key, payload: payload)
        #expect(frame.readableBytes == length + FrameWriter.headBytes(length: length, isMasked: key != nil))
        if key == nil {
            #expect(FrameWriter.headBytes(ofUnmasked: frame.readableBytes) == frame.readableBytes - length)
        }
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20))
        )
        try channel.writeInbound(frame)
        let read = try #require(try channel.readInbound(as: WebSocketFrame.self))
        #expect(read.fin && read.rsv1 && !read.rsv2 && !read.rsv3 && read.opcode == .binary)
        #expect((read.maskKey != nil) == (key != nil))
        #expect(read.unmaskedData == payload)
    }

    @Test func `masking by words is masking by bytes`() {
        for length in 0..<70 {
            for offset in 0..<9 {
                let key: UInt32 = 0xA1B2_C3D4
                var bytes = (0..<(length + offset)).map { UInt8($0) }
                let expected = bytes.enumerated().map { index, byte in
                    index < offset ? byte : byte ^ [0xA1, 0xB2, 0xC3, 0xD4][(index - offset) % 4]
                }
                bytes.withUnsafeMutableBytes { room in
                    Masking.apply(key, to: UnsafeMutableRawBufferPointer(rebasing: room[offset...]))
                }
                #expect(bytes == expected)
            }
        }
    }

    /// Every first byte, masked or not, of each sender, with and without compression, short and long.
    @Test(arguments: [WebSocketRole.client, .server], [false, true])
    func `every head is taken or refused by the rules`(sender: WebSocketRole, compresses: Bool) {
        let rules = FrameRules(sender: sender, takesCompressed: compresses)
        for first in UInt8.min...UInt8.max {
            for isMasked in [false, true] {
                for length in [0, 125, 126] {
                    let head = FrameHead(
                        isFinal: first & 0x80 != 0,
                        rsv1: first & 0x40 != 0,
                        rsv2: first & 0x20 != 0,
                        rsv3: first & 0x10 != 0,
                        opcode: first & 0x0F,
                        isMasked: isMasked,
                        length: length
                    )
                    let opcode = first & 0x0F
                    let isControl = opcode >= 8
                    let isKnown = [0, 1, 2, 8, 9, 10].contains(opcode)
                    let mayCompress = compresses && (opcode == 1 || opcode == 2)
                    let isRight =
                        isKnown && isMasked == (sender == .client) && first & 0x30 == 0
                        && (first & 0x40 == 0 || mayCompress)
                        && (!isControl || (first & 0x80 != 0 && length <= 125))
                    var taken: Opcode?
                    do throws(WebSocketViolation) {
                        taken = try rules.check(head)
                    } catch {
                        #expect(error.code == .protocolError)
                    }
                    #expect(taken?.rawValue == (isRight ? opcode : nil))
                }
            }
        }
    }
}
