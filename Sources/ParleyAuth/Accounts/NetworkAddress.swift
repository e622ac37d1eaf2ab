#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What counts as one place that attempts come from.
package enum NetworkAddress {
    /// The address itself; of IPv6 the first 64 bits, since whoever has one address of a network has 2^64.
    ///
    /// An IPv4 address in IPv6 clothes is the IPv4 address. What is no address is taken as it stands.
    package static func network(of text: String) -> String {
        // The zone (`%eth0`) is the host's own affair.
        let plain = text.prefix { $0 != "%" }
        var address = in6_addr()
        guard inet_pton(AF_INET6, String(plain), &address) == 1 else { return text }
        let bytes = withUnsafeBytes(of: address) { Array($0) }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes[12...].map { String($0) }.joined(separator: ".")
        }
        return bytes[..<8].map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined() + "/64"
    }
}
