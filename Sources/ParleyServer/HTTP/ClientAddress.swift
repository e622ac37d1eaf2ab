import HTTPTypes
import Hummingbird

extension Request {
    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")
    private static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")

    /// The address that limits are counted for.
    ///
    /// Behind a proxy on this machine it is the last entry of `X-Forwarded-For`, the one that proxy wrote itself; from
    /// anywhere else the header is the client's own claim and is not believed.
    func clientAddress(in context: ServerContext) -> String {
        let peer = context.peer?.ipAddress ?? "unknown"
        guard Self.isLoopback(peer), let name = Self.forwardedFor, let forwarded = headers[name],
            let last = forwarded.split(separator: ",").last
        else { return peer }
        return last.filter { !$0.isWhitespace }
    }

    /// Whether the browser reached us over TLS, by way of a proxy on this machine.
    func isSecure(in context: ServerContext) -> Bool {
        guard let peer = context.peer?.ipAddress, Self.isLoopback(peer), let name = Self.forwardedProto else {
            return false
        }
        return headers[name]?.lowercased() == "https"
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    }
}
