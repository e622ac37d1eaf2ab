internal import NIOCore

/// Puts fragments together to messages, and holds text to UTF-8 as it comes (RFC 6455, sections 5.4 and 8.1).
struct MessageAssembly {
    /// The bounds of one message.
    struct Limits: Equatable {
        var messageBytes: Int
        var fragments: Int
        /// Of every fragment but the last.
        var minFragmentBytes: Int
    }

    /// A whole message.
    enum Message: Equatable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        /// To be inflated, and only then held to UTF-8.
        case compressed(ByteBuffer, isText: Bool)
    }

    private struct Partial {
        let isText: Bool
        let isCompressed: Bool
        var bytes: ByteBuffer
        var fragments: Int
        var utf8 = UTF8Validator()
    }

    /// Made anew for each fragmented message, so that a socket on which nothing is under way holds nothing.
    private final class Box {
        var partial: Partial
        init(_ partial: Partial) { self.partial = partial }
    }

    private var box: Box?

    /// Takes a data frame whose head is in order; the message, when it is the last of one.
    mutating func take(
        _ opcode: Opcode,
        isFinal: Bool,
        isCompressed: Bool,
        payload: ByteBuffer,
        limits: Limits
    ) throws(WebSocketViolation) -> Message? {
        let length = payload.readableBytes
        if !isFinal && length < limits.minFragmentBytes { throw .fragmentTooSmall }
        if opcode == .continuation {
            guard let box else { throw .nothingToContinue }
            guard length <= limits.messageBytes - box.partial.bytes.readableBytes else { throw .messageTooBig }
            guard box.partial.fragments < limits.fragments else { throw .tooManyFragments }
            box.partial.fragments += 1
            try Self.validate(payload, isLast: isFinal, in: &box.partial)
            box.partial.bytes.writeImmutableBuffer(payload)
            guard isFinal else { return nil }
            self.box = nil
            return Self.message(box.partial)
        }
        guard box == nil else { throw .messageUnderWay }
        guard length <= limits.messageBytes else { throw .messageTooBig }
        var partial = Partial(isText: opcode == .text, isCompressed: isCompressed, bytes: payload, fragments: 1)
        try Self.validate(payload, isLast: isFinal, in: &partial)
        if isFinal { return Self.message(partial) }
        box = Box(partial)
        return nil
    }

    private static func validate(_ payload: ByteBuffer, isLast: Bool, in partial: inout Partial)
        throws(WebSocketViolation)
    {
        guard partial.isText, !partial.isCompressed else { return }
        guard partial.utf8.take(payload), !isLast || partial.utf8.isComplete else { throw .notUTF8 }
    }

    private static func message(_ whole: Partial) -> Message {
        if whole.isCompressed { return .compressed(whole.bytes, isText: whole.isText) }
        return whole.isText ? .text(whole.bytes) : .binary(whole.bytes)
    }
}

extension UTF8Validator {
    mutating func take(_ bytes: ByteBuffer) -> Bool {
        bytes.withUnsafeReadableBytes { take($0) }
    }
}
