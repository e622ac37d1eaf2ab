internal import NIOHTTP1

/// A client's request, and what makes a server's answer one to it (RFC 6455, section 4.1).
struct ClientHandshake: Sendable {
    let head: HTTPRequestHead
    private let key: String
    private let subprotocols: [String]
    private let offersDeflate: Bool

    /// What was agreed on.
    struct Agreement: Sendable, Equatable {
        let subprotocol: String?
        let deflate: DeflateAgreement?
    }

    init(
        host: String,
        path: String,
        headers: [(name: String, value: String)],
        subprotocols: [String],
        offersDeflate: Bool,
        keyBytes: [UInt8] = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    ) throws(WebSocketError) {
        let texts = [host, path] + subprotocols + headers.flatMap { [$0.name, $0.value] }
        guard path.hasPrefix("/"), !path.utf8.contains(0x20),
            texts.allSatisfy({ text in text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } })
        else { throw WebSocketError(.invalidRequest, "the path or a header field can't stand in a request") }
        key = HandshakeKey.make(from: keyBytes)
        self.subprotocols = subprotocols
        self.offersDeflate = offersDeflate
        var fields: HTTPHeaders = [
            "Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
        ]
        if !subprotocols.isEmpty {
            fields.add(name: "Sec-WebSocket-Protocol", value: subprotocols.joined(separator: ", "))
        }
        if offersDeflate { fields.add(name: "Sec-WebSocket-Extensions", value: DeflateAgreement.offer) }
        for (name, value) in headers { fields.add(name: name, value: value) }
        head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: fields)
    }

    func agreement(_ answer: HTTPResponseHead) throws(WebSocketError) -> Agreement {
        guard answer.status == .switchingProtocols else {
            throw WebSocketError(.refused, "the server answered \(answer.status.code)", status: Int(answer.status.code))
        }
        func list(_ name: String) -> [String] {
            answer.headers[canonicalForm: name].map { $0.lowercased() }
        }
        guard list("Upgrade") == ["websocket"], list("Connection").contains("upgrade") else {
            throw WebSocketError(.invalidAnswer, "the server doesn't upgrade to a WebSocket")
        }
        guard answer.headers["Sec-WebSocket-Accept"] == [HandshakeKey.accept(key)] else {
            throw WebSocketError(.invalidAnswer, "Sec-WebSocket-Accept doesn't answer the key")
        }
        let chosen = answer.headers["Sec-WebSocket-Protocol"]
        guard chosen.count <= 1, chosen.allSatisfy(subprotocols.contains) else {
            throw WebSocketError(.invalidAnswer, "the server chose a subprotocol that was not offered")
        }
        guard let extensions = ExtensionHeader.parse(answer.headers["Sec-WebSocket-Extensions"]) else {
            throw WebSocketError(.invalidAnswer, "Sec-WebSocket-Extensions can't be read")
        }
        guard let granted = extensions.first else { return Agreement(subprotocol: chosen.first, deflate: nil) }
        guard offersDeflate, extensions.count == 1, let deflate = DeflateAgreement.accepting(granted) else {
            throw WebSocketError(.invalidAnswer, "the server chose an extension that was not offered")
        }
        return Agreement(subprotocol: chosen.first, deflate: deflate)
    }
}
