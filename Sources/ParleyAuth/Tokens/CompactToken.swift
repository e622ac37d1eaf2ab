/// A token taken apart into its three parts (RFC 7515, section 7.1), before anything in it is believed.
struct CompactToken {
    /// A token in a header line: a real one has under 1 KiB, and servers in front of us stop at 8.
    static let maximumBytes = 8 * 1024

    /// The header, decoded.
    let header: [UInt8]
    /// The claims, decoded.
    let payload: [UInt8]
    /// The signature, decoded.
    let signature: [UInt8]
    /// What the signature is over: the first two parts as they stand in the token, with their dot.
    let signedBytes: [UInt8]

    init(_ token: String) throws(TokenFlaw) {
        // A foreign string could take long to count; the limit stands before any copy.
        guard token.utf8.count <= Self.maximumBytes else { throw .tooLong }
        let bytes = Array(token.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .notThreeParts }
        guard let header = Base64.url.decode(parts[0]), let payload = Base64.url.decode(parts[1]),
            let signature = Base64.url.decode(parts[2])
        else { throw .notCanonicalBase64 }
        self.header = header
        self.payload = payload
        self.signature = signature
        signedBytes = Array(bytes[..<parts[1].endIndex])
    }
}
