import Foundation
import ParleyCore
import Testing

@testable import ParleyAuth

@Suite("Key set")
struct KeySetTests {
    /// A key set that must not be used, and what is said of it.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: String
        let keySet: [UInt8]

        init(_ reason: String, _ keySet: [UInt8]) {
            testDescription = "\(reason): \(String(decoding: keySet.prefix(80), as: UTF8.self))"
            self.reason = reason
            self.keySet = keySet
        }

        init(_ reason: String, text: String) {
            self.init(reason, Array(text.utf8))
        }

        /// One key, some of whose members are others.
        init(_ forge: KeyForge, _ changes: [String: String?], _ reason: String) {
            self.init("keys[0] (kid '\(forge.kid)') \(reason)", KeyForge.keySet(forge.key(changes)))
        }
    }

    private static let (rsa, ec, ed) = (KeyForge.rs256, KeyForge.es256, KeyForge.eddsa)

    /// The text of a number of so many bits, all ones.
    private static func number(bits: Int) -> String {
        let full = [UInt8](repeating: 0xFF, count: bits / 8)
        return quoted(bits % 8 == 0 ? full : [UInt8(1 << (bits % 8) - 1)] + full)
    }

    private static func quoted(_ bytes: [UInt8]) -> String { "\"\(Forge.base64(bytes))\"" }

    /// A modulus of two primes made as the flawed library made them: k * M + 65537^a mod M, M the product of 126 primes.
    private static let rocaModulus =
        "xyyEo_LDNK17j5CEX0wiji08Ex9g9jUFfq0TP0JJhkneSPRdULBnnCyUoYkpSrtpxPhEGNp3-N25qWoRSp0bHV0fW3AErZGrQD16"
        + "cczuApAQ-H0sfmZsIT8ADxc4yvPBgrTgvtI6BrgDfCsrUGWfNa0GWtw3gRHZobiyzmansiYTPGXjKW63IikTu5_SFfRs0-gMr88c"
        + "5jj-TZF9E8fWEExyNYI0f3BWzfSEVi8FtoVNLl0B-z2TMeKbwmnvhQp-SVViyEAIZfB1GQ2G6R--DTqWlWjVU_jVKFQX0jNWb1VV"
        + "QsJV27scX-A_59_VxL8XV9sPhtks42J1DnT4RDo-Pw"

    static let sets: [Refusal] = [
        Refusal("it is not strict JSON", text: ""),
        Refusal("it is not strict JSON", text: "{\"keys\":[\(ec.key()),]}"),
        Refusal("it is not strict JSON", text: "{\"keys\":[\(ec.key())],\"keys\":[\(ed.key())]}"),
        Refusal("it is not strict JSON", text: String("{\"keys\":[\(ec.key())]}".dropLast())),
        Refusal("it is not strict JSON", KeyForge.keySet(String(ec.key().dropLast()) + ",\"kid\":\"other\"}")),
        Refusal("it is not strict JSON", text: String(repeating: "[", count: 5000)),
        Refusal("it has no list named keys", text: "[]"),
        Refusal("it has no list named keys", text: "{}"),
        Refusal("it has no list named keys", text: ec.key()),
        Refusal("it has no list named keys", text: "{\"keys\":{}}"),
        Refusal("it holds no key", text: "{\"keys\":[]}"),
        Refusal(
            "it is larger than 65536 bytes",
            text: "{\"keys\":[\(ec.key())]}" + String(repeating: " ", count: 65_536)
        ),
        Refusal(
            "it holds 33 keys, more than 32",
            text: "{\"keys\":[\((0..<33).map { ec.key(["kid": "\"\($0)\""]) }.joined(separator: ","))]}"
        ),
        Refusal("keys[0] is not an object", text: "{\"keys\":[1]}"),
        Refusal("keys[0] has no kty", text: "{\"keys\":[{}]}"),
        Refusal("keys[1] (kid 'e') bears the kid of a key before it", KeyForge.keySet(ec.key(), ec.key())),
        Refusal("keys[1] (kid 'e') bears the kid of", KeyForge.keySet(ec.key(), rsa.key(["kid": "\"\\u0065\""]))),
        Refusal("keys[1] has no kid, which beside other keys", KeyForge.keySet(ec.key(), rsa.key(["kid": nil]))),
        Refusal("keys[0] has no kid, which beside other keys", KeyForge.keySet(ec.key(["kid": nil]), rsa.key())),
        Refusal(
            "keys[1] (kid 'e2') is not for",
            KeyForge.keySet(ec.key(), ec.key(["kid": "\"e2\"", "use": "\"encryption\""]))
        ),
        Refusal(
            "it holds no key for signatures",
            KeyForge.keySet(ec.key(["use": "\"enc\""]), rsa.key(["use": "\"enc\""]))
        ),
        Refusal("keys[0] has a kid that is not text", KeyForge.keySet(ec.key(["kid": "7"]))),
        Refusal("keys[0] has a kid that is not text", KeyForge.keySet(ec.key(["kid": "null"]))),
        Refusal("keys[0] has a kid that is not text", KeyForge.keySet(ec.key(["kid": "\"\""]))),
        Refusal("keys[0] has a kid that is not text", KeyForge.keySet(ec.key(["kid": "\"a\\nb\""]))),
        Refusal(
            "keys[0] has a kid that is not text",
            KeyForge.keySet(ec.key(["kid": "\"\(String(repeating: "k", count: 257))\""]))
        ),
    ]

    static let uses: [Refusal] = all.flatMap { forge in
        [
            Refusal(forge, ["use": "\"tls\""], "is not for signatures"),
            Refusal(forge, ["use": "\"SIG\""], "is not for signatures"),
            Refusal(forge, ["use": "null"], "is not for signatures"),
            Refusal(forge, ["use": "[\"sig\"]"], "is not for signatures"),
            Refusal(forge, ["key_ops": "[\"encrypt\"]"], "is not for verifying alone"),
            Refusal(forge, ["key_ops": "[\"verify\",\"encrypt\"]"], "is not for verifying alone"),
            Refusal(forge, ["key_ops": "[\"sign\",\"verify\"]"], "is not for verifying alone"),
            Refusal(forge, ["key_ops": "[]"], "is not for verifying alone"),
            Refusal(forge, ["key_ops": "\"verify\""], "is not for verifying alone"),
            Refusal(forge, ["alg": "\"HS256\""], "has an alg other than \(forge.algorithm)"),
            Refusal(forge, ["alg": "\"none\""], "has an alg other than \(forge.algorithm)"),
            Refusal(forge, ["alg": "\"\(forge.algorithm.lowercased())\""], "has an alg other than \(forge.algorithm)"),
            Refusal(forge, ["alg": "null"], "has an alg other than \(forge.algorithm)"),
            Refusal(forge, ["d": "\"AQ\""], "holds 'd', a part of a private key"),
            Refusal(forge, ["p": "\"AQ\""], "holds 'p', a part of a private key"),
            Refusal(forge, ["k": "\"AQ\""], "holds 'k', a part of a private key"),
            Refusal(forge, ["kty": "\"oct\"", "k": "\"AQ\""], "is symmetric"),
            Refusal(forge, ["kty": "\"AKP\""], "has a kty other than"),
            Refusal(forge, ["kty": "7"], "has no kty"),
        ]
    }

    static let materials: [Refusal] = [
        Refusal(rsa, ["alg": "\"RS384\""], "has an alg other than RS256"),
        Refusal(rsa, ["alg": "\"PS256\""], "has an alg other than RS256"),
        Refusal(rsa, ["alg": "\"RSA-OAEP\""], "has an alg other than RS256"),
        Refusal(rsa, ["alg": "\"ES256\""], "has an alg other than RS256"),
        Refusal(rsa, ["n": nil], "has no n"), Refusal(rsa, ["e": nil], "has no e"),
        Refusal(rsa, ["n": "7"], "has no n"),
        Refusal(rsa, ["e": "\"AQAB=\""], "has an e that is not canonical"),
        Refusal(rsa, ["e": "\"AQ+B\""], "has an e that is not canonical"),
        Refusal(rsa, ["e": "\"AR\""], "has an e that is not canonical"),
        Refusal(rsa, ["n": "\"\""], "has an n or e that is empty"),
        Refusal(rsa, ["e": "\"\""], "has an n or e that is empty"),
        Refusal(rsa, ["e": "\"AAEAAQ\""], "has an n or e that is empty or begins with zero"),
        Refusal(rsa, ["n": number(bits: 1024)], "has a modulus of 1024 bits"),
        Refusal(rsa, ["n": number(bits: 2047)], "has a modulus of 2047 bits"),
        Refusal(rsa, ["n": number(bits: 8193)], "has a modulus of 8193 bits"),
        Refusal(rsa, ["n": quoted([UInt8](repeating: 0xFE, count: 256))], "has an even modulus"),
        Refusal(rsa, ["e": quoted([1])], "has an exponent that is even or below 3"),
        Refusal(rsa, ["e": quoted([2])], "has an exponent that is even or below 3"),
        Refusal(rsa, ["e": quoted([1, 0, 0])], "has an exponent that is even or below 3"),
        // Beyond what a verifier takes: it would only cost time.
        Refusal(rsa, ["e": quoted([UInt8](repeating: 0xFF, count: 64))], "is no key of its kind"),
        Refusal(rsa, ["n": "\"\(rocaModulus)\""], "has a modulus that can be factored"),
        Refusal(ec, ["alg": "\"ES384\""], "has an alg other than ES256"),
        Refusal(ec, ["alg": "\"RS256\""], "has an alg other than ES256"),
        Refusal(ec, ["crv": "\"P-384\""], "is on a curve other than P-256"),
        Refusal(ec, ["crv": "\"P-521\""], "is on a curve other than P-256"),
        Refusal(ec, ["crv": "\"secp256k1\""], "is on a curve other than P-256"),
        Refusal(ec, ["crv": "\"Ed25519\""], "is on a curve other than P-256"),
        Refusal(ec, ["crv": nil], "is on a curve other than P-256"),
        Refusal(ec, ["x": nil], "has no x"), Refusal(ec, ["y": nil], "has no y"),
        Refusal(ec, ["x": quoted([2] + [UInt8](repeating: 7, count: 32))], "has a coordinate that is not 32 bytes"),
        Refusal(ec, ["y": "\"\""], "has a coordinate that is not 32 bytes"),
        Refusal(ec, ["y": quoted([UInt8](repeating: 7, count: 31))], "has a coordinate that is not 32 bytes"),
        Refusal(
            ec,
            ["y": quoted([UInt8](repeating: 7, count: 32))],
            "is no key of its kind: its point does not lie on"
        ),
        Refusal(ec, ["x": quoted(zeros), "y": quoted(zeros)], "is no key of its kind: its point does not lie on"),
        Refusal(ec, ["x": number(bits: 256)], "is no key of its kind: its point does not lie on"),
        Refusal(ed, ["alg": "\"ES256\""], "has an alg other than EdDSA"),
        Refusal(ed, ["crv": "\"X25519\""], "is on a curve other than Ed25519"),
        Refusal(ed, ["crv": "\"Ed448\""], "is on a curve other than Ed25519"),
        Refusal(ed, ["crv": "\"P-256\""], "is on a curve other than Ed25519"),
        Refusal(ed, ["x": nil], "has no x"),
        Refusal(ed, ["x": quoted([UInt8](repeating: 7, count: 31))], "has an x that is not 32 bytes"),
        Refusal(ed, ["x": quoted([UInt8](repeating: 7, count: 33))], "has an x that is not 32 bytes"),
        Refusal(ed, ["x": quoted(zeros)], "is a point of small order"),
        Refusal(ed, ["x": quoted([1] + zeros.dropFirst())], "is a point of small order"),
        Refusal(ed, ["x": quoted([1] + zeros.dropFirst(2) + [0x80])], "is a point of small order"),
    ]

    private static let all = KeyForge.all
    private static let zeros = [UInt8](repeating: 0, count: 32)

    @Test("What can't be trusted is refused at load, with the key and the reason", arguments: sets + uses + materials)
    func refused(_ refusal: Refusal) {
        let error = #expect(throws: ParleyError.self) { try KeyRing([], keySet: refusal.keySet) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == "jwt.jwks")
        #expect(
            error?.message.hasPrefix("The key set can't be used: \(refusal.reason)") == true,
            "\(error?.message ?? "")"
        )
    }

    @Test(
        "What a provider may leave out or add is no reason to refuse",
        arguments: all,
        [
            ["use": nil, "alg": nil], ["use": nil, "key_ops": "[\"verify\"]"], ["kid": nil],
            ["x5c": "[\"MIIB\"]", "x5t": "\"7\"", "x5t#S256": "7", "x5u": "\"http://169.254.169.254/\"", "iat": "1"],
        ] as [[String: String?]]
    )
    func accepted(_ forge: KeyForge, _ changes: [String: String?]) async throws {
        let ring = try KeyRing([], keySet: KeyForge.keySet(forge.key(changes)))
        let header = changes.keys.contains("kid") ? "{\"alg\":\"\(forge.algorithm)\"}" : forge.header
        try await ring.check(CompactToken(forge.token(header: header)))
    }

    @Test("A key that says it is for encryption is passed over, and verifies nothing", arguments: all)
    func encryption(_ forge: KeyForge) async throws {
        let other = KeyForge.all.first { $0.algorithm != forge.algorithm } ?? forge
        let set = KeyForge.keySet(
            forge.key(["kid": nil, "use": "\"enc\"", "alg": "\"RSA-OAEP\""]),
            other.key(["kid": nil])
        )
        let ring = try KeyRing([], keySet: set)
        try await ring.check(CompactToken(other.token(header: "{\"alg\":\"\(other.algorithm)\"}")))
        await #expect(throws: TokenFlaw.self) {
            try await ring.check(CompactToken(forge.token(header: "{\"alg\":\"\(forge.algorithm)\"}")))
        }
    }

    @Test("Moduli at both ends of what is taken are taken", arguments: [2048, 8192])
    func modulusSizes(bits: Int) throws {
        _ = try KeyRing([], keySet: KeyForge.keySet(KeyForge.rs256.key(["n": Self.number(bits: bits)])))
    }

    @Test("A key set may be full")
    func full() throws {
        let keys = (0..<32).map { Self.ec.key(["kid": "\"\($0)\""]) }.joined(separator: ",")
        let text = "{\"keys\":[\(keys)]}"
        let padding = String(repeating: " ", count: Limits.keySetBytes - text.utf8.count)
        _ = try KeyRing([], keySet: Array((text + padding).utf8))
    }

    @Test("A name that a secret bears is taken")
    func nameOfSecret() throws {
        let secrets = [HMACSecret(kid: "e", bytes: Forge.secret), HMACSecret(kid: "f", bytes: Forge.secret)]
        let error = #expect(throws: ParleyError.self) { try KeyRing(secrets, keySet: KeyForge.keySet(Self.ec.key())) }
        #expect(error?.parameter == "jwt.jwks")
        #expect(error?.message.contains("keys[0] (kid 'e') bears the kid of one of jwt.secrets") == true)
    }

    @Test("A kid that is no name is not repeated in the error")
    func quoting() {
        let key = Self.ec.key(["kid": "\"\\u001b[31mcanary\""])
        let error = #expect(throws: ParleyError.self) { try KeyRing([], keySet: KeyForge.keySet(key)) }
        #expect(error?.message.contains("canary") == false)
    }
}

@Suite("Weak keys")
struct WeakKeysTests {
    @Test("The powers of 65537 are found, and a number beside them is not")
    func fingerprint() {
        // 65537 to the power of 0 and of 1.
        #expect(WeakKeys.isROCA(modulus: [1]))
        #expect(WeakKeys.isROCA(modulus: [1, 0, 1]))
        #expect(!WeakKeys.isROCA(modulus: [3]))
        #expect(!WeakKeys.isROCA(modulus: [1, 0, 3]))
        #expect(!WeakKeys.isROCA(modulus: [UInt8](repeating: 0xFF, count: 256)))
    }

    @Test("All points whose order divides 8 are known, in each of their spellings")
    func smallOrder() {
        var points = Set<[UInt8]>()
        for first: UInt8 in 0...255 {
            for last: UInt8 in [0, 0x7F, 0x80, 0xFF] {
                let middle = [UInt8](repeating: last & 0x7F == 0 ? 0 : 0xFF, count: 30)
                let point = [first] + middle + [last]
                if WeakKeys.isSmallOrder(ed25519: point) { points.insert(point) }
            }
        }
        // 0 and 1, and p - 1, p and p + 1, with either sign; the points of order 8 are not of this form.
        #expect(points.count == 10)
        #expect(Set(points.map { $0[0] }) == [0, 1, 0xEC, 0xED, 0xEE])
    }
}
