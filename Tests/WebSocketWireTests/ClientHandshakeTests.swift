import NIOHTTP1
import Testing

@testable import WebSocketWire

struct ClientHandshakeTests {
    typealias Fields = [(String, String)]

    private static func handshake(_ path: String = "/", headers: Fields = [], subprotocols: [String] = ["a", "b"])
        throws(WebSocketError) -> ClientHandshake
    {
        try ClientHandshake(
            host: "example.org",
            path: path,
            headers: headers.map { (name: $0.0, value: $0.1) },
            subprotocols: subprotocols,
            offersDeflate: true,
            keyBytes: Array("the sample nonce".utf8)
        )
    }

    private static let right: Fields = [
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ]

    private static func with(_ name: String, _ values: String...) -> Fields {
        right.filter { $0.0 != name } + values.map { (name, $0) }
    }

    @Test func `the request`() throws {
        let head = try Self.handshake("/ws?x=1", headers: [("Cookie", "a=b")]).head
        #expect(head.method == .GET && head.uri == "/ws?x=1")
        #expect(head.headers["Sec-WebSocket-Key"] == ["dGhlIHNhbXBsZSBub25jZQ=="])
        #expect(head.headers["Sec-WebSocket-Protocol"] == ["a, b"])
        #expect(head.headers["Cookie"] == ["a=b"])
        let upgrade = try WebSocketUpgrade(head, subprotocols: ["b"], allowsDeflate: true)
        #expect(upgrade.subprotocol == "b" && upgrade.deflate != nil)
    }

    @Test(arguments: ["", "ws", "/a b", "/a\r\nX: y", "/\u{7F}"])
    func `paths that can't stand in a request`(path: String) {
        #expect { try Self.handshake(path) } throws: { ($0 as? WebSocketError)?.code == .invalidRequest }
    }

    @Test func `fields that can't stand in a request`() {
        #expect { try Self.handshake(headers: [("X", "a\r\nb")]) } throws: {
            ($0 as? WebSocketError)?.code == .invalidRequest
        }
    }

    @Test func `answers that are taken`() throws {
        let plain = try Self.agree(Self.right)
        #expect(plain == ClientHandshake.Agreement(subprotocol: nil, deflate: nil))
        #expect(try Self.agree(Self.right + [("Sec-WebSocket-Protocol", "b")]).subprotocol == "b")
        let deflate = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(try Self.agree(Self.right + [("Sec-WebSocket-Extensions", deflate)]).deflate?.windowBits == 15)
    }

    @Test(arguments: [
        with("Upgrade"), with("Upgrade", "h2c"), with("Connection"), with("Connection", "close"),
        with("Sec-WebSocket-Accept"), with("Sec-WebSocket-Accept", "dGhlIHNhbXBsZSBub25jZQ=="),
        right + [("Sec-WebSocket-Protocol", "c")],
        right + [("Sec-WebSocket-Protocol", "a"), ("Sec-WebSocket-Protocol", "b")],
        right + [("Sec-WebSocket-Extensions", "x-other")],
        right + [("Sec-WebSocket-Extensions", "permessage-deflate")],
        right + [("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover, x-other")],
        right + [("Sec-WebSocket-Extensions", ";")],
    ])
    func `answers that are none`(fields: Fields) {
        #expect { try Self.agree(fields) } throws: { ($0 as? WebSocketError)?.code == .invalidAnswer }
    }

    @Test func `a server that refuses`() {
        #expect { try Self.agree(Self.right, .unauthorized) } throws: { error in
            let error = error as? WebSocketError
            return error?.code == .refused && error?.status == 401
        }
    }

    @discardableResult
    private static func agree(_ fields: Fields, _ status: HTTPResponseStatus = .switchingProtocols) throws
        -> ClientHandshake.Agreement
    {
        try handshake().agreement(HTTPResponseHead(version: .http1_1, status: status, headers: HTTPHeaders(fields)))
    }
}
