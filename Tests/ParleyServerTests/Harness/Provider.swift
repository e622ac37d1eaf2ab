import Crypto
import Foundation
import ParleyCore

/// An identity provider with one key for ES256.
struct Provider: Sendable {
    let kid: String
    private let key = P256.Signing.PrivateKey()

    /// The public key, as a key set holds it.
    var publicKey: JSON {
        let point = key.publicKey.rawRepresentation
        return [
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": .string(kid),
            "x": .string(Self.base64(point.prefix(32))), "y": .string(Self.base64(point.suffix(32))),
        ]
    }

    /// The key set of several providers.
    static func keySet(of providers: Provider...) -> String {
        let keySet: JSON = ["keys": .array(providers.map(\.publicKey))]
        return keySet.text
    }

    /// A token for someone, good for ten minutes from `now`.
    func token(for email: String, now: Timestamp) throws -> String {
        let seconds = Int(now.microseconds / 1_000_000)
        let header: JSON = ["alg": "ES256", "kid": .string(kid)]
        let claims: JSON = [
            "iss": "parley", "aud": ["parley"], "email": .string(email), "dept": "tests",
            "iat": .number(JSONNumber(seconds)), "exp": .number(JSONNumber(seconds + 600)),
        ]
        let signed = Self.base64(header.serialized) + "." + Self.base64(claims.serialized)
        return signed + "." + Self.base64(try key.signature(for: Data(signed.utf8)).rawRepresentation)
    }

    private static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
