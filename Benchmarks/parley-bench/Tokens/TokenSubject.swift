import Crypto
import CryptoExtras
import Foundation
import ParleyAuth
import ParleyCore

/// A token of one algorithm, and the bare operation that its check can't do without.
struct TokenSubject: Sendable {
    let algorithm: String
    let token: String
    /// The public key as a key set holds it; none for the secret, which stays secret.
    let publicKey: JSON?
    /// Checks the signature, and nothing else; `false` where it doesn't match.
    let checkSignature: @Sendable () -> Bool

    /// The secret that the token of HS256 is signed with.
    static let secret = HMACSecret(kid: nil, bytes: Array(secretText.utf8))
    private static let secretText = "a secret for measuring, known to all"

    /// One of each algorithm that Parley takes; the keys are made anew.
    static func all() throws -> [TokenSubject] {
        [hs256(), try rs256(), try es256(), try eddsa()]
    }

    private static func hs256() -> TokenSubject {
        let key = SymmetricKey(data: Data(secretText.utf8))
        let message = message(["alg": "HS256"])
        let code = Data(HMAC<SHA256>.authenticationCode(for: message, using: key))
        return TokenSubject("HS256", nil, message, code) {
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: key)
        }
    }

    private static func rs256() throws -> TokenSubject {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let publicKey = key.publicKey
        let numbers = try publicKey.getKeyPrimitives()
        let message = message(["alg": "RS256", "kid": "RS256"])
        let signature = try key.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
        let jwk: JSON = [
            "kty": "RSA", "kid": "RS256", "n": base64(numbers.modulus), "e": base64(numbers.publicExponent),
        ]
        return TokenSubject("RS256", jwk, message, signature.rawRepresentation) {
            publicKey.isValidSignature(signature, for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
        }
    }

    private static func es256() throws -> TokenSubject {
        let key = P256.Signing.PrivateKey()
        let publicKey = key.publicKey
        let point = publicKey.rawRepresentation
        let message = message(["alg": "ES256", "kid": "ES256"])
        let signature = try key.signature(for: message)
        let jwk: JSON = [
            "kty": "EC", "crv": "P-256", "kid": "ES256", "x": base64(point.prefix(32)), "y": base64(point.suffix(32)),
        ]
        return TokenSubject("ES256", jwk, message, signature.rawRepresentation) {
            publicKey.isValidSignature(signature, for: message)
        }
    }

    private static func eddsa() throws -> TokenSubject {
        let key = Curve25519.Signing.PrivateKey()
        let publicKey = key.publicKey
        let message = message(["alg": "EdDSA", "kid": "EdDSA"])
        let signature = try key.signature(for: message)
        let jwk: JSON = [
            "kty": "OKP", "crv": "Ed25519", "kid": "EdDSA", "x": base64(publicKey.rawRepresentation),
        ]
        return TokenSubject("EdDSA", jwk, message, signature) { publicKey.isValidSignature(signature, for: message) }
    }

    private init(
        _ algorithm: String,
        _ publicKey: JSON?,
        _ message: Data,
        _ signature: Data,
        checkSignature: @escaping @Sendable () -> Bool
    ) {
        self.algorithm = algorithm
        self.publicKey = publicKey
        self.checkSignature = checkSignature
        token = String(decoding: message, as: UTF8.self) + "." + Self.text(signature)
    }

    /// What is signed: a header, and the claims that a provider's tokens have.
    private static func message(_ header: JSON) -> Data {
        let now = Int(SystemClock().now().microseconds / 1_000_000)
        let claims: JSON = [
            "iss": "parley", "aud": ["parley"], "sub": "248289761001", "email": "ada.lovelace@example.org",
            "dept": "Engineering", "sid": "0194f3c2-7b1e-7c55-9f1d-3d1f6a1e2b77",
            "iat": .number(JSONNumber(now)), "exp": .number(JSONNumber(now + 86_400)),
        ]
        return Data((text(header.serialized) + "." + text(claims.serialized)).utf8)
    }

    private static func base64(_ bytes: some Sequence<UInt8>) -> JSON { .string(text(bytes)) }

    private static func text(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
