import Crypto
import CryptoExtras
import JWTKit
import ParleyCore
import Synchronization

/// A key that is good for exactly one algorithm.
///
/// A token's header may choose among keys; it can't make one do another's work.
final class SignatureKey: Sendable {
    /// The name by which a header picks the key.
    let kid: String?
    /// The only `alg` that this key is for.
    let algorithm: String
    /// How long each of its signatures is, in bytes.
    let signatureBytes: Int
    private let add: @Sendable (JWTKeyCollection) async -> Void
    private let made = Mutex<(any JWTAlgorithm)?>(nil)

    /// Takes a secret that ``HMACSecret/check()`` lets pass; jwt-kit asserts the length.
    init(_ secret: HMACSecret) throws(ParleyError) {
        try secret.check()
        let key = HMACKey(key: SymmetricKey(data: secret.bytes))
        (kid, algorithm, signatureBytes) = (secret.kid, "HS256", SHA256.byteCount)
        add = { await $0.add(hmac: key, digestAlgorithm: .sha256) }
    }

    /// Takes a public key; refuses one that is none, such as a point beside its curve.
    init(_ key: JSONWebKey) throws(JSONWebKey.Flaw) {
        (kid, algorithm) = (key.kid, key.algorithm)
        do {
            switch key.material {
            case .rsa(let modulus, let exponent):
                let rsa = try Insecure.RSA.PublicKey(backing: _RSA.Signing.PublicKey(n: modulus, e: exponent))
                signatureBytes = modulus.count
                add = { await $0.add(rsa: rsa, digestAlgorithm: .sha256) }
            case .p256(let x, let y):
                let ecdsa = try ES256PublicKey(backing: P256.Signing.PublicKey(rawRepresentation: x + y))
                signatureBytes = 64
                add = { await $0.add(ecdsa: ecdsa) }
            case .ed25519(let point):
                let eddsa = try EdDSA.PublicKey(backing: Curve25519.Signing.PublicKey(rawRepresentation: point))
                signatureBytes = 64
                add = { await $0.add(eddsa: eddsa) }
            }
        } catch {
            throw JSONWebKey.Flaw(reason: "is no key of its kind: \(key.material.requirement)")
        }
    }

    /// Whether the token is signed with this key.
    func signed(_ token: CompactToken) async throws -> Bool {
        // Also where a verifier would take another form: ES256 is r and s, 32 bytes each, never DER.
        guard token.signature.count == signatureBytes else { return false }
        return try await signer().verify(token.signature, signs: token.signedBytes)
    }

    /// Signs and checks.
    ///
    /// Asynchronous, since jwt-kit hands its signers out through an actor.
    func signer() async throws -> any JWTAlgorithm {
        if let signer = made.withLock({ $0 }) { return signer }
        // A collection of one: asked by name, jwt-kit would answer an unknown `kid` with its default key.
        let keys = JWTKeyCollection()
        await add(keys)
        let signer = try await keys.getKey()
        // Two first callers may both come here; their signers are equal.
        made.withLock { $0 = signer }
        return signer
    }
}

extension JSONWebKey.Material {
    /// What a key of this kind has to be beyond its form.
    fileprivate var requirement: String {
        switch self {
        case .rsa: "its modulus and exponent don't make an RSA key"
        case .p256: "its point does not lie on the curve"
        case .ed25519: "its bytes are no point"
        }
    }
}
