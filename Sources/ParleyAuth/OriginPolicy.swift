/// Says whether a request that changes something, and whose only credential is a cookie, comes from Parley's own pages.
///
/// A browser sends the cookie with what any page makes it send; `Origin` is what that page can't choose.
public struct OriginPolicy: Sendable {
    private let allowed: Set<WebOrigin>

    /// Makes a policy.
    ///
    /// `allowed` are origins beside the request's own host (`http.origins`), as `https://chat.example:8443`, with a
    /// slash at the end or without; what ``isOrigin(_:)`` doesn't take allows nothing.
    public init(allowed: [String] = []) {
        self.allowed = Set(allowed.compactMap(WebOrigin.init(configured:)))
    }

    /// Whether a text is an origin that `allowed` may hold: a scheme, a host, perhaps a port.
    public static func isOrigin(_ text: String) -> Bool {
        WebOrigin(configured: text) != nil
    }

    /// Whether the request may pass.
    ///
    /// So it is where the origin's host and port are those of `Host`, or where the origin is allowed. No origin,
    /// `null`, and everything that is not spelled as browsers spell it may not.
    public func allows(origin: String?, host: String?) -> Bool {
        guard let origin, let origin = WebOrigin(origin) else { return false }
        if allowed.contains(origin) { return true }
        guard let host, let own = WebOrigin(scheme: origin.scheme, authority: host) else { return false }
        return origin == own
    }
}

/// An origin (RFC 6454): lower case, and always with its port.
struct WebOrigin: Hashable, Sendable {
    /// The schemes that a page of ours can have.
    enum Scheme: String, Sendable, CaseIterable {
        case http
        case https

        var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    let scheme: Scheme
    private let host: String
    private let port: UInt16

    /// Reads the header's form.
    init?(_ text: String) {
        // Before lower case, which makes a `k` of the Kelvin sign.
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let text = text.lowercased()
        for scheme in Scheme.allCases where text.hasPrefix(scheme.rawValue + "://") {
            self.init(scheme: scheme, authority: String(text.dropFirst(scheme.rawValue.count + 3)))
            return
        }
        return nil
    }

    /// Reads what an operator wrote, who may have copied an address with its slash.
    init?(configured text: String) {
        self.init(text.hasSuffix("/") ? String(text.dropLast()) : text)
    }

    /// Reads a host with or without port.
    ///
    /// User information, paths and everything else are no part of it.
    init?(scheme: Scheme, authority: String) {
        guard authority.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let authority = authority.lowercased()
        let host: Substring
        let rest: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[...end]
            rest = authority[authority.index(after: end)...]
            guard host.count > 2, host.dropFirst().dropLast().utf8.allSatisfy(Self.isOfIPv6) else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
            guard !host.isEmpty, host.utf8.allSatisfy(Self.isOfName) else { return nil }
        }
        self.scheme = scheme
        self.host = String(host)
        if rest.isEmpty {
            port = scheme.defaultPort
        } else {
            let digits = rest.dropFirst()
            guard rest.first == ":", digits.utf8.allSatisfy(Self.isDigit), let number = UInt16(digits) else {
                return nil
            }
            port = number
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    private static func isOfIPv6(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte || byte == UInt8(ascii: ":")
            || byte == UInt8(ascii: ".")
    }
}
