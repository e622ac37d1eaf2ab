#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The proxies whose word about their clients is believed: by default those on this machine.
public struct TrustedProxies: Hashable, Sendable {
    /// Addresses that begin with the same bits.
    private struct Network: Hashable, Sendable {
        let bytes: [UInt8]
        let bits: Int

        func contains(_ address: [UInt8]) -> Bool {
            guard address.count == bytes.count else { return false }
            return zip(bytes, address).enumerated()
                .allSatisfy { index, pair in
                    let considered = min(8, max(0, bits - index * 8))
                    return (pair.0 ^ pair.1) >> (8 - considered) == 0
                }
        }
    }

    private var networks: [Network]

    /// Loopback addresses: a proxy on this machine.
    public static let loopback = Self(networks: [
        Network(bytes: [127, 0, 0, 0], bits: 8), Network(bytes: Array(repeating: 0, count: 15) + [1], bits: 128),
    ])

    private init(networks: [Network]) {
        self.networks = networks
    }

    /// Believes further proxies beside those on this machine.
    ///
    /// - Parameter text: An address, or a network as `10.1.0.0/16`.
    /// - Returns: Whether it is one.
    public mutating func add(_ text: String) -> Bool {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = Self.bytes(of: String(halves[0])) else { return false }
        guard halves.count == 2 else {
            networks.append(Network(bytes: bytes, bits: bytes.count * 8))
            return true
        }
        guard let bits = Int(halves[1]), halves[1].allSatisfy(\.isNumber), 0...bytes.count * 8 ~= bits else {
            return false
        }
        networks.append(Network(bytes: bytes, bits: bits))
        return true
    }

    /// Whether an address is one of theirs.
    func contains(_ address: String) -> Bool {
        guard let bytes = Self.bytes(of: address) else { return false }
        return networks.contains { $0.contains(bytes) }
    }

    /// An address's bytes; of an IPv4 address written as one of IPv6, the 4 that count.
    private static func bytes(of text: String) -> [UInt8]? {
        if let bytes = bytes(of: text, AF_INET, count: 4) { return bytes }
        guard let bytes = bytes(of: text, AF_INET6, count: 16) else { return nil }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10...11].allSatisfy { $0 == 0xFF }
        return isMapped ? Array(bytes[12...]) : bytes
    }

    private static func bytes(of text: String, _ family: Int32, count: Int) -> [UInt8]? {
        // A NUL would end the text for inet_pton alone.
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
