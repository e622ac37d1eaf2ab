internal import Crypto
private import FoundationEssentials

/// The key of a handshake and the answer to it (RFC 6455, sections 4.1 and 4.2.2).
enum HandshakeKey {
    /// Whether it is the canonical base64 of 16 bytes.
    static func isValid(_ key: String) -> Bool {
        guard key.utf8.count == 24, let bytes = Data(base64Encoded: key), bytes.count == 16 else { return false }
        return bytes.base64EncodedString() == key
    }

    /// What `Sec-WebSocket-Accept` must be.
    static func accept(_ key: String) -> String {
        let digest = Insecure.SHA1.hash(data: Data((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
        return Data(digest).base64EncodedString()
    }

    /// A key from 16 bytes.
    static func make(from bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
    }
}
