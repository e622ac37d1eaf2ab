import Crypto
import CryptoExtras
import Foundation
import Testing

/// A private key of a provider that exists in tests only, with the public half as a key set shows it.
struct KeyForge: Sendable, CustomTestStringConvertible {
    let algorithm: String
    let kid: String
    /// The public key's members, as texts of their values, `kid` included.
    let members: [String: String]
    /// Signs, as the algorithm says.
    let sign: @Sendable ([UInt8]) throws -> [UInt8]

    var testDescription: String { algorithm }

    /// The public key, with some members replaced; `nil` leaves one out.
    func key(_ changes: [String: String?] = [:]) -> String {
        var members = members
        for (name, value) in changes { members[name] = value }
        return "{" + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    /// A header that holds.
    var header: String { "{\"alg\":\"\(algorithm)\",\"kid\":\"\(kid)\"}" }

    func token(header: String? = nil, claims: String = Forge.claims([:])) throws -> String {
        let signed = Forge.base64((header ?? self.header).utf8) + "." + Forge.base64(claims.utf8)
        return signed + "." + Forge.base64(try sign(Array(signed.utf8)))
    }

    /// The text of a key set.
    static func keySet(_ keys: String...) -> [UInt8] {
        Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8)
    }

    static let rs256: KeyForge = make {
        let key = try _RSA.Signing.PrivateKey(pemRepresentation: rsaKey)
        let numbers = try key.publicKey.getKeyPrimitives()
        return KeyForge(
            algorithm: "RS256",
            kid: "r",
            members: [
                "kty": "\"RSA\"", "kid": "\"r\"", "use": "\"sig\"", "alg": "\"RS256\"",
                "n": "\"\(Forge.base64(numbers.modulus))\"", "e": "\"\(Forge.base64(numbers.publicExponent))\"",
            ],
            sign: {
                Array(try key.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5).rawRepresentation)
            }
        )
    }

    static let es256: KeyForge = make {
        let key = try P256.Signing.PrivateKey(rawRepresentation: Data(repeating: 7, count: 32))
        let point = key.publicKey.rawRepresentation
        return KeyForge(
            algorithm: "ES256",
            kid: "e",
            members: [
                "kty": "\"EC\"", "crv": "\"P-256\"", "kid": "\"e\"", "use": "\"sig\"", "alg": "\"ES256\"",
                "x": "\"\(Forge.base64(point.prefix(32)))\"", "y": "\"\(Forge.base64(point.suffix(32)))\"",
            ],
            sign: { Array(try key.signature(for: $0).rawRepresentation) }
        )
    }

    static let eddsa: KeyForge = make {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: Data(repeating: 9, count: 32))
        return KeyForge(
            algorithm: "EdDSA",
            kid: "o",
            members: [
                "kty": "\"OKP\"", "crv": "\"Ed25519\"", "kid": "\"o\"", "use": "\"sig\"", "alg": "\"EdDSA\"",
                "x": "\"\(Forge.base64(key.publicKey.rawRepresentation))\"",
            ],
            sign: { Array(try key.signature(for: $0)) }
        )
    }

    static let all = [rs256, es256, eddsa]

    private static func make(_ forge: () throws -> KeyForge) -> KeyForge {
        do {
            return try forge()
        } catch {
            fatalError("A key of the tests can't be read: \(error)")
        }
    }

    /// Made for these tests, and used nowhere else.
    private static let rsaKey = """
        -----BEGIN RSA PRIVATE KEY-----
        MIIEowIBAAKCAQEAoS/GaO1emkvLqvJE9j8svaYcwAopm0bMYmUYbwrV32H1QzRm
        +ecM34R4s1/gGKCBbsxQrPnQWrGkvClw6Mb4h2vHNMZepDeco5GaIaZwpQj7/1tq
        9n3h482zNDu7+PisaxKD0ecBrE7IMY3IYQNJdV2txHiTy1P05/uZTYqh7OcQRaed
        tjzBgYp0IfvkrCgjT0oiB4Z9l3cGghyrXd7XCXi/hiBmNXOzRwt5XzhpfG51F0Qj
        oLsLWjW0V/yf/WpfRCIx4xYqU3vTWwZbu2fy2eWGxf333mmrNJc2Q3PWV89NuMO9
        CMFCsKqrh+G94cPKfasjG68fmsm+AAdLSSk5OwIDAQABAoIBAAs3+W98jfTfr6ZC
        d7BLIPPcmuwQb2lPGflpn4C8pVQhGK8u94So1mMio9ZmpudJf8vuM1mtILMfSB/C
        8DvgLvrl8n1NQHF3kwYDcIUR242kPKQ/Gm71JgK//DTd4q00FnQOKHFnynY4T+pU
        oiZQBad1Xk6daDpi3PN3thzVuFCpTBcCOXbplRoI+LGi/0kUCpBHOonSq7489vOU
        617c1Q1wBUjdcusNS75Mqh1J/I1tYpJG1/PAdMttNcBasKTJiipnH5k7Jv8cViel
        eASzgYohybUB3+UVHjQdR8gDn5T6Ov8sjbiDsVba+H6T1vkj/hkY1U6A7lz2aixc
        0ELQ/WkCgYEA2DqTaMtlzlT5gGpfiXEhfOatGUmPP0zd2qCrYqrP7O/kgsnIWd95
        6re7OGE2e45HJhp2E11tIHzDaOieZh/ABeKrnPkqfo6ybMOH2MzqX0OAlVRAeNty
        qZTGZAicBH55/XaHqbcn2fpWZ8P2mbTXtaJ0NkiSy/kjOB9tP3rWX6UCgYEAvtV2
        tbwTQk6EP+6VeAR6eX4CCynmuPtNMUheS2q0ROc4phASd7o1+FrCZXPQxkL+Jd5F
        6x7yhLGgEeZNRueRBI84k6i98LfQl5DWLvB+JYzkII3nYXWlaOOV1JfLPLUTt997
        s9l4+mNoHNdaHzcdtu9SW51/7iT1FnOoAhsv318CgYEAouNtjLI83TSSSDTaB5Xb
        3lV/7N7HNK5ZKouC0G9Q93K4N/Z+IYYCN9l1BkHlYyqJWqDwdiIZRTH3mx4xxUkB
        xO0+zp+9bV1d+CVMPvwPSvh08wlnECRwumNDGLSLo68Lgu85v5YkRUcatEyhhqT/
        IutglEwTmejyqSKzj/CfcakCgYAI5gtTDiIXxXGFSarOnebYI3gU7S9FEPLYiXdc
        LO2bCO0rUTSLQLOjkRffgzcJB7ayLVs1S4wjg+Ti8MpJtCKfA86vk/7HasrfRnG2
        XqCDP76jhfp0IPhFm9cwwqNHgWoZ+OHb0RhDFL+WGLSrH/bSwPYmL4H3qOGE2n/L
        GVlyIQKBgBN/6KWPEK9Ckmhiev41QqPGPWZJdd57RVp6XlspUxQ6T9xnVl84fINw
        FFMVOqq1YMa3ZttrDyD1Q2WoLsL5QZHq4hLTFt29Vsypa3IdrCuA8sqLbYK9Qm2K
        WqBVdJXAczu72EltifzNhBEw1Iyyiu8GBWtphJ4OvMnHoqPINr1F
        -----END RSA PRIVATE KEY-----
        """
}

/// A folder of its own for one test.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parley-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer {
        // A folder left behind in the temporary directory hurts nobody.
        try? FileManager.default.removeItem(at: folder)
    }
    try await body(folder.path)
}
