import ParleyCore

/// One public key of a key set (RFC 7517), for exactly one algorithm, decoded but not yet in a verifier's hands.
///
/// Only what signs tokens that Parley takes gets here: RSA for RS256, P-256 for ES256, Ed25519 for EdDSA.
struct JSONWebKey: Sendable {
    /// Why a key is not taken, as the end of a sentence that begins with the key.
    struct Flaw: Error {
        let reason: String
    }

    /// The key itself.
    enum Material: Sendable {
        /// Modulus and exponent, big-endian, without leading zeros.
        case rsa(modulus: [UInt8], exponent: [UInt8])
        /// The coordinates of a point that claims to lie on P-256, 32 bytes each.
        case p256(x: [UInt8], y: [UInt8])
        /// A compressed point of 32 bytes.
        case ed25519([UInt8])
    }

    /// The sizes of RSA moduli in bits: smaller ones are too weak, larger ones only cost time.
    static let modulusBits = 2048...8192
    /// A `kid` in bytes: thumbprints have 43.
    private static let kidBytes = 1...256

    /// The name by which a token's header picks the key.
    let kid: String?
    /// The key itself.
    let material: Material

    /// The only `alg` that the key is for.
    var algorithm: String {
        switch material {
        case .rsa: "RS256"
        case .p256: "ES256"
        case .ed25519: "EdDSA"
        }
    }

    /// Takes a key to pieces.
    ///
    /// Members that RFC 7517 and RFC 7518 don't give a meaning here, certificates included, are passed over.
    init(_ key: JSON) throws(Flaw) {
        kid = try Self.kid(of: key)
        guard let type = key["kty"]?.stringValue else { throw Flaw(reason: "has no kty") }
        guard type != "oct" else {
            throw Flaw(reason: "is symmetric (kty oct); a secret belongs in jwt.secret")
        }
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] where key[name] != nil {
            throw Flaw(reason: "holds '\(name)', a part of a private key; whoever reads it can sign: make a new key")
        }
        try Self.checkUse(of: key)
        switch type {
        case "RSA": material = try Self.rsa(key)
        case "EC": material = try Self.p256(key)
        case "OKP": material = try Self.ed25519(key)
        default: throw Flaw(reason: "has a kty other than RSA, EC and OKP")
        }
        if let claimed = key["alg"] {
            guard claimed.stringValue?.hasSameBytes(as: algorithm) == true else {
                throw Flaw(reason: "has an alg other than \(algorithm), which is the only one here for its kind")
            }
        }
    }

    private static func kid(of key: JSON) throws(Flaw) -> String? {
        guard key.objectValue != nil else { throw Flaw(reason: "is not an object") }
        guard let member = key["kid"] else { return nil }
        guard let kid = member.stringValue, kid.isPrintable(bytes: kidBytes) else {
            throw Flaw(reason: "has a kid that is not text of \(kidBytes.lowerBound) to \(kidBytes.upperBound) bytes")
        }
        return kid
    }

    /// A key that also encrypts, or that is not for verifying, must not decide who is calling.
    private static func checkUse(of key: JSON) throws(Flaw) {
        if let use = key["use"] {
            guard use.stringValue == "sig" else { throw Flaw(reason: "is not for signatures: its use is not sig") }
        }
        if let operations = key["key_ops"] {
            guard operations == ["verify"] else {
                throw Flaw(reason: "is not for verifying alone: its key_ops are not [\"verify\"]")
            }
        }
    }

    private static func rsa(_ key: JSON) throws(Flaw) -> Material {
        let (modulus, exponent) = (try bytes("n", of: key), try bytes("e", of: key))
        guard let first = modulus.first, first != 0, let highest = exponent.first, highest != 0 else {
            throw Flaw(reason: "has an n or e that is empty or begins with zero")
        }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        guard modulusBits ~= bits else {
            let (least, most) = (modulusBits.lowerBound, modulusBits.upperBound)
            throw Flaw(reason: "has a modulus of \(bits) bits; it must have \(least) to \(most)")
        }
        guard modulus.last.map({ $0 & 1 == 1 }) == true else { throw Flaw(reason: "has an even modulus") }
        guard exponent.last.map({ $0 & 1 == 1 }) == true, exponent != [1] else {
            throw Flaw(reason: "has an exponent that is even or below 3")
        }
        guard !WeakKeys.isROCA(modulus: modulus) else {
            throw Flaw(reason: "has a modulus that can be factored (ROCA, CVE-2017-15361)")
        }
        return .rsa(modulus: modulus, exponent: exponent)
    }

    private static func p256(_ key: JSON) throws(Flaw) -> Material {
        guard key["crv"]?.stringValue == "P-256" else { throw Flaw(reason: "is on a curve other than P-256") }
        let (x, y) = (try bytes("x", of: key), try bytes("y", of: key))
        guard x.count == 32, y.count == 32 else { throw Flaw(reason: "has a coordinate that is not 32 bytes long") }
        return .p256(x: x, y: y)
    }

    private static func ed25519(_ key: JSON) throws(Flaw) -> Material {
        guard key["crv"]?.stringValue == "Ed25519" else { throw Flaw(reason: "is on a curve other than Ed25519") }
        let point = try bytes("x", of: key)
        guard point.count == 32 else { throw Flaw(reason: "has an x that is not 32 bytes long") }
        guard !WeakKeys.isSmallOrder(ed25519: point) else {
            throw Flaw(reason: "is a point of small order, for which anyone can make signatures")
        }
        return .ed25519(point)
    }

    private static func bytes(_ name: String, of key: JSON) throws(Flaw) -> [UInt8] {
        guard let text = key[name]?.stringValue else { throw Flaw(reason: "has no \(name)") }
        guard let bytes = Base64.url.decode(text.utf8) else {
            throw Flaw(reason: "has an \(name) that is not canonical base64url")
        }
        return bytes
    }
}
