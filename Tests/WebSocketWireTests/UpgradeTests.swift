import NIOCore
import NIOHTTP1
import Testing

@testable import WebSocketWire

/// Requests that become sockets, and those that don't.
struct UpgradeTests {
    typealias Fields = [(String, String)]

    private static let right: Fields = [
        ("Host", "example.org"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]

    /// The right fields with one replaced, or left out.
    private static func with(_ name: String, _ values: String...) -> Fields {
        right.filter { $0.0 != name } + values.map { (name, $0) }
    }

    private static func upgrade(
        _ fields: Fields,
        method: HTTPMethod = .GET,
        version: HTTPVersion = .http1_1,
        deflate: Bool = false
    ) throws(WebSocketUpgradeRefusal) -> WebSocketUpgrade {
        let head = HTTPRequestHead(version: version, method: method, uri: "/", headers: HTTPHeaders(fields))
        return try WebSocketUpgrade(head, subprotocols: ["parley.v1", "other"], allowsDeflate: deflate)
    }

    @Test func `the standard's own example`() throws {
        let upgrade = try Self.upgrade(Self.right)
        #expect(
            upgrade.answer()
                == ByteBuffer(
                    string: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                )
        )
    }

    @Test(arguments: [
        with("Upgrade", "WebSocket"), with("Upgrade", "h2c, websocket"), with("Connection", "keep-alive, upgrade"),
        with("Connection", "keep-alive", "Upgrade"), with("Connection", "Upgrade ,close"),
    ])
    func `other ways to say it`(fields: Fields) throws {
        #expect(try Self.upgrade(fields).headers.count == 3)
    }

    @Test(
        arguments: [
            (with("Upgrade"), 426), (with("Upgrade", "h2c"), 426), (with("Upgrade", "websocket2"), 426),
            (with("Connection"), 426), (with("Connection", "close"), 426), (with("Connection", "upgraded"), 426),
            (with("Sec-WebSocket-Version"), 426), (with("Sec-WebSocket-Version", "8"), 426),
            (with("Sec-WebSocket-Version", "13", "13"), 426), (with("Sec-WebSocket-Version", "13, 8"), 426),
            (with("Sec-WebSocket-Key"), 400), (with("Sec-WebSocket-Key", ""), 400),
            (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ"), 400),
            (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR=="), 400),
            (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZTI="), 400),
            (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j!Q=="), 400),
            (with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="), 400),
            (right + [("Sec-WebSocket-Protocol", "a b")], 400), (right + [("Sec-WebSocket-Protocol", "a, a")], 400),
            (right + [("Sec-WebSocket-Extensions", "a;;b")], 400),
        ] as [(Fields, Int)]
    )
    func `requests that are refused`(fields: Fields, status: Int) {
        #expect { try Self.upgrade(fields) } throws: { error in
            let refusal = error as? WebSocketUpgradeRefusal
            let names = refusal?.headers.map(\.name) ?? []
            return refusal?.status == status && (status != 426 || names.contains("Sec-WebSocket-Version"))
        }
    }

    @Test func `only GET and HTTP 1.1`() {
        #expect(throws: WebSocketUpgradeRefusal.method) { try Self.upgrade(Self.right, method: .POST) }
        #expect(throws: WebSocketUpgradeRefusal.self) { try Self.upgrade(Self.right, version: .http1_0) }
    }

    @Test(
        arguments: [
            ([], [], nil), (["parley.v1"], ["parley.v1"], "parley.v1"),
            (["unknown, other, parley.v1"], ["unknown", "other", "parley.v1"], "other"),
            (["parley.v1, bearer.abc"], ["parley.v1", "bearer.abc"], "parley.v1"),
            (["unknown", "parley.v1"], ["unknown", "parley.v1"], "parley.v1"), (["PARLEY.V1"], ["PARLEY.V1"], nil),
        ] as [([String], [String], String?)]
    )
    func `subprotocols`(lines: [String], offered: [String], chosen: String?) throws {
        let upgrade = try Self.upgrade(Self.right + lines.map { ("Sec-WebSocket-Protocol", $0) })
        #expect(upgrade.offeredSubprotocols == offered)
        #expect(upgrade.subprotocol == chosen)
        #expect(upgrade.headers.last { $0.name == "Sec-WebSocket-Protocol" }?.value == chosen)
    }

    @Test func `compression is granted to who asks for it where it is allowed`() throws {
        let fields = Self.right + [("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=9")]
        #expect(try Self.upgrade(fields).deflate == nil)
        let upgrade = try Self.upgrade(fields, deflate: true)
        #expect(upgrade.deflate?.windowBits == 9)
        #expect(upgrade.headers.last?.value.contains("server_max_window_bits=9") == true)
        #expect(try Self.upgrade(Self.right, deflate: true).deflate == nil)
    }

    @Test func `whether it is asked for at all`() {
        #expect(WebSocketUpgrade.isAsked { $0 == "Upgrade" ? ["WebSocket"] : [] })
        #expect(!WebSocketUpgrade.isAsked { _ in [] })
    }
}
