public import NIOCore
internal import Synchronization

/// A message made ready once, for any number of sockets.
///
/// A server's frames are not masked, so the same bytes go to every socket; they are made here, not per socket. The
/// compressed frame is made when the first socket asks for it, and kept. A client's frames are masked with a key of their
/// own, so there each send makes a copy.
public final class PreparedMessage: Sendable {
    /// Whether it is a text message; otherwise it is binary.
    public let isText: Bool
    /// The whole frame as a server sends it uncompressed.
    let plain: ByteBuffer
    /// By window size in bits: the frame as a server sends it compressed, or nil where that is no smaller.
    private let deflated = Mutex<[Int: ByteBuffer?]>([:])

    private init(isText: Bool, payload: ByteBuffer) {
        self.isText = isText
        plain = FrameWriter.frame(isText ? .text : .binary, payload: payload)
    }

    /// A text message.
    public convenience init(text: String) {
        self.init(isText: true, payload: ByteBuffer(string: text))
    }

    /// A text message; the bytes must be UTF-8, which is not looked at.
    public convenience init(text: ByteBuffer) {
        self.init(isText: true, payload: text)
    }

    /// A binary message.
    public convenience init(binary: ByteBuffer) {
        self.init(isText: false, payload: binary)
    }

    /// The bytes of the message.
    public var payload: ByteBuffer {
        var payload = plain
        payload.moveReaderIndex(to: plain.writerIndex - payloadBytes)
        return payload
    }

    /// Bytes of the message, uncompressed.
    public var payloadBytes: Int {
        plain.readableBytes - FrameWriter.headBytes(ofUnmasked: plain.readableBytes)
    }

    /// The compressed frame, made on first use; nil when it is no smaller than the plain one.
    ///
    /// Sockets of different event loops ask under one lock: the first one's work is all there is.
    func deflatedFrame(windowBits: Int, deflate: (ByteBuffer) -> ByteBuffer?) -> ByteBuffer? {
        deflated.withLock { frames in
            if let known = frames[windowBits] { return known }
            var made: ByteBuffer?
            if let payload = deflate(payload), payload.readableBytes < payloadBytes {
                made = FrameWriter.frame(isText ? .text : .binary, compressed: true, payload: payload)
            }
            frames[windowBits] = .some(made)
            return made
        }
    }
}
