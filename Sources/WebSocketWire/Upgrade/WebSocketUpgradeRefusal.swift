/// Why a request can't become a WebSocket, as an HTTP answer.
public struct WebSocketUpgradeRefusal: Error, Sendable, Equatable {
    /// 400, 405 or 426.
    public let status: Int
    /// Fields that the answer must have.
    public let headers: [Header]
    /// One sentence for the client.
    public let message: String

    /// One field of the answer.
    public struct Header: Sendable, Equatable {
        /// The field's name.
        public let name: String
        /// The field's value.
        public let value: String
    }

    static func badRequest(_ message: String) -> Self {
        Self(status: 400, headers: [], message: message)
    }

    static let method = Self(
        status: 405,
        headers: [Header(name: "Allow", value: "GET")],
        message: "a WebSocket begins with GET"
    )

    /// RFC 6455, section 4.4: the answer names the version that is spoken; RFC 9110, section 15.5.22: and the protocol.
    static let upgradeRequired = Self(
        status: 426,
        headers: [
            Header(name: "Upgrade", value: "websocket"),
            Header(name: "Connection", value: "Upgrade"),
            Header(name: "Sec-WebSocket-Version", value: "13"),
        ],
        message: "this takes a WebSocket of version 13"
    )
}
