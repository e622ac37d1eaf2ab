public import NIOCore
public import NIOHTTP1

/// A request that may become a WebSocket, by RFC 6455, section 4.2.1, and what is answered to it.
///
/// Says nothing about who asks, nor from which origin: that is decided before.
public struct WebSocketUpgrade: Sendable {
    /// The subprotocols that the client offers, the best first.
    public let offeredSubprotocols: [String]
    /// The one that is answered; nil for none.
    public let subprotocol: String?
    /// What was agreed on about compression; nil for none.
    public let deflate: DeflateAgreement?
    private let accept: String

    /// Checks a request.
    ///
    /// - Parameters:
    ///   - method: as it stands in the request.
    ///   - subprotocols: those that the server speaks. The answer is the first of the client's that is among them; with none
    ///     among them there is a connection without one, which the client ends if it needs one.
    ///   - allowsDeflate: whether permessage-deflate is granted to who offers it.
    ///   - values: the lines of a header field, by its name in any case.
    /// - Throws: what to answer instead.
    public init(
        method: String,
        subprotocols: [String] = [],
        allowsDeflate: Bool = false,
        values: (String) -> [String]
    ) throws(WebSocketUpgradeRefusal) {
        guard method == "GET" else { throw .method }
        guard Self.tokens(values("Upgrade")).contains("websocket"),
            Self.tokens(values("Connection")).contains("upgrade")
        else { throw .upgradeRequired }
        guard values("Sec-WebSocket-Version") == ["13"] else { throw .upgradeRequired }
        let keys = values("Sec-WebSocket-Key")
        guard keys.count == 1, HandshakeKey.isValid(keys[0]) else {
            throw .badRequest("Sec-WebSocket-Key must be the base64 of 16 bytes")
        }
        guard let offered = TokenScanner.tokens(of: values("Sec-WebSocket-Protocol")),
            Set(offered).count == offered.count
        else { throw .badRequest("Sec-WebSocket-Protocol must be a list of different tokens") }
        guard let extensions = ExtensionHeader.parse(values("Sec-WebSocket-Extensions")) else {
            throw .badRequest("Sec-WebSocket-Extensions can't be read")
        }
        offeredSubprotocols = offered
        subprotocol = offered.first { subprotocols.contains($0) }
        deflate = allowsDeflate ? DeflateAgreement.granting(extensions) : nil
        accept = HandshakeKey.accept(keys[0])
    }

    /// Checks a request of NIO's HTTP server.
    public init(_ head: HTTPRequestHead, subprotocols: [String] = [], allowsDeflate: Bool = false)
        throws(WebSocketUpgradeRefusal)
    {
        guard head.version.major == 1, head.version.minor >= 1 else { throw .badRequest("a WebSocket needs HTTP/1.1") }
        try self.init(
            method: head.method.rawValue,
            subprotocols: subprotocols,
            allowsDeflate: allowsDeflate,
            values: { head.headers[$0] }
        )
    }

    /// Whether the request asks for a WebSocket at all, by its `Upgrade` field.
    public static func isAsked(values: (String) -> [String]) -> Bool {
        tokens(values("Upgrade")).contains("websocket")
    }

    /// The fields of the answer.
    public var headers: [(name: String, value: String)] {
        var headers = [
            (name: "Upgrade", value: "websocket"), (name: "Connection", value: "Upgrade"),
            (name: "Sec-WebSocket-Accept", value: accept),
        ]
        if let subprotocol { headers.append((name: "Sec-WebSocket-Protocol", value: subprotocol)) }
        if let deflate { headers.append((name: "Sec-WebSocket-Extensions", value: deflate.answer)) }
        return headers
    }

    /// The whole answer, to be written below the HTTP encoder.
    ///
    /// - Parameter additional: more fields; neither names nor values may have line breaks.
    /// - Returns: the bytes of the answer's head, which is all there is of it.
    public func answer(additional: [(name: String, value: String)] = []) -> ByteBuffer {
        var bytes = ByteBuffer(string: "HTTP/1.1 101 Switching Protocols\r\n")
        for (name, value) in headers + additional {
            precondition(!name.contains(where: \.isNewline) && !value.contains(where: \.isNewline))
            bytes.writeString("\(name): \(value)\r\n")
        }
        bytes.writeString("\r\n")
        return bytes
    }

    private static func tokens(_ lines: [String]) -> [String] {
        lines.flatMap { $0.split(separator: ",") }.map { element in
            element.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased()
        }
    }
}
