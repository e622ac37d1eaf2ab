import ArgumentParser
import NIOCore

/// Whom the load goes to.
enum Dialect: String, CaseIterable, ExpressibleByArgument, Sendable {
    case parley
    /// `parley-load serve-bare`: who opens a socket at a path hears what the others at that path send.
    case bare
    /// A NATS server, with a WebSocket.
    case nats
}

/// One socket that is to be opened.
struct SocketPlan: Sendable {
    let dialect: Dialect
    let endpoint: Endpoint
    /// What it hears of: a path of the bare server, a subject of NATS.
    ///
    /// Parley's sockets hear of what their person may see.
    var room = "all"
    /// Whether it only sends, where that has to be said.
    var isDeaf = false
    /// Parley wants to know who it is.
    var token: String?

    /// The request that opens it.
    var request: ByteBuffer {
        let path =
            switch dialect {
            case .parley: "/api/ws"
            case .bare: "/" + room
            case .nats: "/"
            }
        var text = """
            GET \(path) HTTP/1.1\r\nHost: \(endpoint.host):\(endpoint.port)\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n
            """
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        return ByteBuffer(string: text + "\r\n")
    }

    /// What is sent once it is open; it is ready when that is answered.
    var greeting: ByteBuffer? {
        guard dialect == .nats else { return nil }
        let subscription = isDeaf ? "" : "SUB \(room) 1\r\n"
        return MaskedFrame.binary("CONNECT {\"verbose\":false,\"pedantic\":false}\r\n\(subscription)PING\r\n")
    }

    /// What a sender sends over and over, where it sends over a socket.
    func message(bytes: Int, conversation: String = "") -> ByteBuffer {
        let filler = String(repeating: "x", count: bytes)
        return switch dialect {
        case .parley: MaskedFrame.text("{\"type\":\"typing\",\"conversation_id\":\"\(conversation)\"}")
        case .bare: MaskedFrame.text(filler)
        case .nats: MaskedFrame.binary("PUB \(room) \(bytes)\r\n\(filler)\r\n")
        }
    }
}
