/// How the other end broke the protocol or a limit, and with which code the connection fails.
struct WebSocketViolation: Error, Equatable {
    let code: WebSocketCloseCode
    /// For the Close frame's reason: names the rule, never the peer's bytes.
    let message: String

    static func protocolError(_ message: String) -> Self {
        Self(code: .protocolError, message: message)
    }

    static let unmasked = protocolError("a client's frames must be masked")
    static let masked = protocolError("a server's frames must not be masked")
    static let reservedBits = protocolError("a reserved bit is set")
    static let reservedOpcode = protocolError("the opcode is reserved")
    static let fragmentedControl = protocolError("a control frame must not be fragmented")
    static let longControl = protocolError("a control frame holds at most 125 bytes")
    static let compressedControl = protocolError("a control frame must not be compressed")
    static let compressedContinuation = protocolError("only a message's first frame says that it is compressed")
    static let nothingToContinue = protocolError("there is no message to continue")
    static let messageUnderWay = protocolError("a fragmented message is under way")
    static let closeLength = protocolError("a close frame holds nothing or a code of two bytes")
    static let closeCode = protocolError("the close code may not be sent")
    static let badCompression = Self(code: .invalidPayload, message: "the compressed data can't be read")
    static let notUTF8 = Self(code: .invalidPayload, message: "text must be UTF-8")
    static let closeReasonNotUTF8 = Self(code: .invalidPayload, message: "the close reason must be UTF-8")
    static let messageTooBig = Self(code: .messageTooBig, message: "the message is too big")
    static let tooManyFragments = Self(code: .messageTooBig, message: "the message has too many fragments")
    static let fragmentTooSmall = Self(code: .policyViolation, message: "a fragment is too small")
}
