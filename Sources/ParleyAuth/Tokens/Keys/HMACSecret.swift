public import ParleyCore

/// A secret that tokens are signed with (HS256).
///
/// It never shows itself: printed or dumped, it says only its `kid`.
public struct HMACSecret: Sendable {
    /// The name by which a token's header picks this secret; `nil` where it is the only one.
    public let kid: String?
    /// The secret itself.
    let bytes: [UInt8]

    /// The least length in bytes: that of the hash (RFC 7518, section 3.2).
    public static let minimumBytes = 32

    /// Takes a secret as it is.
    ///
    /// What uses it refuses it where ``check()`` would.
    public init(kid: String?, bytes: [UInt8]) {
        self.kid = kid
        self.bytes = bytes
    }

    /// Refuses a secret that is too short, or that stands in public documentation.
    public func check() throws(ParleyError) {
        let name = kid.map { "The secret '\($0)'" } ?? "The secret"
        guard bytes.count >= Self.minimumBytes else {
            throw .invalid(
                "jwt.secret",
                "\(name) is \(bytes.count) bytes long; HS256 needs at least \(Self.minimumBytes)."
            )
        }
        guard !Self.published.contains(where: { Array($0.utf8) == bytes }) else {
            throw .invalid("jwt.secret", "\(name) stands in public documentation: anyone could sign tokens with it.")
        }
        // What verifies the signatures of others is public by nature: whoever reads it could sign.
        guard !bytes.starts(with: "-----BEGIN".utf8), !isJSONWebKey else {
            throw .invalid(
                "jwt.secret",
                "\(name) is a key of another kind (PEM or JWK); public keys belong in jwt.jwks."
            )
        }
        if let kid, kid.isEmpty { throw .invalid("jwt.secrets", "A secret's kid must not be empty.") }
    }

    private var isJSONWebKey: Bool {
        guard let value = try? JSON(parsing: bytes) else { return false }
        return value["kty"] != nil || value["keys"] != nil
    }

    // Long enough to pass the length check, and copied into configurations from the pages they stand on.
    private static let published = [
        "a-string-secret-at-least-256-bits-long",  // jwt.io
        "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",  // jwt.io
        "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",  // tutorials
    ]
}

extension HMACSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The `kid`, without the secret.
    public var description: String { "HMACSecret(kid: \(kid ?? "none"))" }
    /// The `kid`, without the secret.
    public var debugDescription: String { description }
    /// The `kid`, without the secret.
    public var customMirror: Mirror { Mirror(self, children: ["kid": kid as Any]) }
}
