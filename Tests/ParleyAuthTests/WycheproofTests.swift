import Foundation
import ParleyCore
import Testing

@testable import ParleyAuth

/// The JSON Web Signature vectors of C2SP/wycheproof, where the key is one for HS256.
@Suite("Wycheproof JWS vectors")
struct WycheproofTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let secret: HMACSecret
        let token: String
        let isValid: Bool
    }

    static let vectors: [Vector] = {
        guard let file = Bundle.module.url(forResource: "Fixtures/json_web_signature_test", withExtension: "json"),
            // A file that can't be read leaves nothing, which the count below tells.
            let bytes = try? Data(contentsOf: file), let document = try? JSON(parsing: bytes)
        else { return [] }
        return (document["testGroups"]?.arrayValue ?? []).flatMap(vectors(of:))
    }()

    /// Vectors whose verdict in the file can't be followed.
    ///
    /// 367 and 370 should bear padding, but lost it: they are the bytes of a valid token. 372 and 373 bear a `?` that the
    /// file lets a lenient decoder skip; RFC 7515 has no such character, and Parley takes one spelling of a token only.
    private static let misjudged: Set = [367, 370, 372, 373]

    private static func vectors(of group: JSON) -> [Vector] {
        guard let key = group["private"], key["alg"]?.stringValue == "HS256", let text = key["k"]?.stringValue,
            let bytes = Base64.url.decode(text.utf8)
        else { return [] }
        let secret = HMACSecret(kid: key["kid"]?.stringValue, bytes: bytes)
        return (group["tests"]?.arrayValue ?? []).compactMap { test in
            guard let id = test["tcId"]?.intValue, let comment = test["comment"]?.stringValue else { return nil }
            return Vector(
                testDescription: "\(id) \(comment)",
                secret: secret,
                token: test["jws"]?.stringValue ?? test["jws"]?.text ?? "",
                isValid: (test["result"]?.stringValue == "valid") != misjudged.contains(id)
            )
        }
    }

    @Test("All vectors for HS256 are there")
    func count() {
        #expect(Self.vectors.count == 40)
    }

    @Test("Valid signatures hold, and nothing else does", arguments: vectors)
    func vector(_ vector: Vector) async throws {
        let ring = try KeyRing([vector.secret])
        if vector.isValid {
            try await ring.check(CompactToken(vector.token))
        } else {
            await #expect(throws: TokenFlaw.self) { try await ring.check(CompactToken(vector.token)) }
        }
    }
}
