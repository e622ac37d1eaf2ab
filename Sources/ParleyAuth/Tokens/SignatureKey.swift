import Crypto
import JWTKit
import ParleyCore
import Synchronization

/// A key that is good for exactly one algorithm.
///
/// A token's header may choose among keys; it can't make one do another's work.
protocol SignatureKey: Sendable {
    /// The name by which a header picks the key.
    var kid: String? { get }
    /// The only `alg` that this key is for.
    var algorithm: String { get }
    /// Signs and checks. Asynchronous, since jwt-kit hands its signers out through an actor.
    func signer() async throws -> any JWTAlgorithm
}

/// A secret for HS256.
final class HMACSignatureKey: SignatureKey {
    let kid: String?
    let algorithm = "HS256"
    private let secret: HMACKey
    private let made = Mutex<(any JWTAlgorithm)?>(nil)

    /// Takes a secret that ``HMACSecret/check()`` lets pass; jwt-kit asserts the length.
    init(_ secret: HMACSecret) throws(ParleyError) {
        try secret.check()
        kid = secret.kid
        self.secret = HMACKey(key: SymmetricKey(data: secret.bytes))
    }

    func signer() async throws -> any JWTAlgorithm {
        if let signer = made.withLock({ $0 }) { return signer }
        // A collection of one: asked by name, jwt-kit would answer an unknown `kid` with its default key.
        let keys = JWTKeyCollection()
        await keys.add(hmac: secret, digestAlgorithm: .sha256)
        let signer = try await keys.getKey()
        // Two first callers may both come here; their signers are equal.
        made.withLock { $0 = signer }
        return signer
    }
}
