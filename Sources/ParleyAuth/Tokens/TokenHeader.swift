import ParleyCore

/// The part of a token that says how it was signed.
///
/// It chooses a key by name; it never brings one.
///
/// `jwk`, `jku`, `x5u` and `x5c` are not read at all.
struct TokenHeader {
    /// The algorithm, as it is written.
    let algorithm: String
    /// The key's name.
    let kid: String?

    init(_ bytes: [UInt8]) throws(TokenFlaw) {
        let header: JSON
        do {
            header = try JSON(parsing: bytes, refusingDuplicateNames: true)
        } catch {
            throw .headerNotStrictJSON
        }
        guard header.objectValue != nil else { throw .headerNotStrictJSON }
        guard let algorithm = header["alg"]?.stringValue else { throw .wrongAlgorithm }
        self.algorithm = algorithm
        // Parley understands no critical extension, and `b64` changes what the signature is over (RFC 7797).
        guard header["crit"] == nil, header["b64"] == nil else { throw .criticalHeader }
        if let type = header["typ"] {
            guard let name = type.stringValue?.lowercased(), name == "jwt" || name == "at+jwt" else { throw .wrongType }
        }
        if let kid = header["kid"] {
            guard let name = kid.stringValue else { throw .unknownKey }
            self.kid = name
        } else {
            kid = nil
        }
    }
}
