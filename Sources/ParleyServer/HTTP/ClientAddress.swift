import HTTPTypes
import Hummingbird

extension Request {
    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")
    private static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")

    /// The address that limits are counted for.
    ///
    /// Behind a trusted proxy it is the last entry of `X-Forwarded-For` that no trusted proxy has: the one that the first of
    /// them wrote itself. From anywhere else the header is the client's own claim and is not believed.
    func clientAddress(in context: ServerContext) -> String {
        let peer = context.peer?.ipAddress ?? "unknown"
        guard context.proxies.contains(peer), let name = Self.forwardedFor else { return peer }
        let entries = headers[values: name].flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { String($0.filter { !$0.isWhitespace }) }
        guard let first = entries.last(where: { !context.proxies.contains($0) }) ?? entries.first, !first.isEmpty else {
            return peer
        }
        return first
    }

    /// Whether the browser reached us over TLS, by way of a trusted proxy.
    func isSecure(in context: ServerContext) -> Bool {
        guard let peer = context.peer?.ipAddress, context.proxies.contains(peer), let name = Self.forwardedProto else {
            return false
        }
        return headers[name]?.lowercased() == "https"
    }
}
