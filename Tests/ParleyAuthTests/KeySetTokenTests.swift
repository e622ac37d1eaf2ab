import Crypto
import Foundation
import ParleyCore
import Testing

@testable import ParleyAuth

/// Tokens of a provider's keys, beside a secret: odd ones by hand, for each of the three algorithms.
@Suite("Tokens of a key set")
struct KeySetTokenTests {
    private static let keys = KeyForge.all
    private static let keySet = KeyForge.keySet(KeyForge.rs256.key(), KeyForge.es256.key(), KeyForge.eddsa.key())

    private func check(
        _ token: String,
        secrets: [HMACSecret] = [HMACSecret(kid: nil, bytes: Forge.secret)],
        keySet: [UInt8] = keySet
    ) async throws {
        try await KeyRing(secrets, keySet: keySet).check(CompactToken(token))
    }

    @Test("A token holds under the key that it names, and its claims say who is calling", arguments: keys)
    func valid(_ forge: KeyForge) async throws {
        try await withFolder { folder in
            try Data(Self.keySet).write(to: URL(fileURLWithPath: folder + "/keys.json"))
            let settings = TokenSettings(keySet: .file(folder + "/keys.json"))
            let verifier = try TokenVerifier(settings: settings, clock: SetClock())
            let expected = Identity(email: EmailAddress(normalized: "ann@example.com"), department: "R&D")
            #expect(try await verifier.identity(of: forge.token()) == expected)
            let empty = try forge.token(claims: Forge.claims(["aud": "[]"]))
            let refusal = await #expect(throws: ParleyError.self) { try await verifier.identity(of: empty) }
            #expect(refusal?.code == .unauthenticated)
        }
    }

    @Test("A secret stands beside a key set: who names neither is known by the algorithm where there is one key")
    func besideSecret() async throws {
        try await check(Forge.token())
        for forge in Self.keys {
            try await check(forge.token())
            let nameless = try forge.token(header: "{\"alg\":\"\(forge.algorithm)\"}")
            await #expect(throws: TokenFlaw.unknownKey) { try await check(nameless) }
            try await check(nameless, keySet: KeyForge.keySet(forge.key()))
        }
    }

    @Test("A key set alone takes no token of a secret")
    func alone() async throws {
        await #expect(throws: TokenFlaw.wrongAlgorithm) { try await check(Forge.token(), secrets: []) }
    }

    /// A header that may not stand on a token, however well signed; `KID` and `ALG` are those of the key.
    private static let headers: [(String, TokenFlaw)] = [
        (#"{"alg":"none","kid":"KID"}"#, .wrongAlgorithm), (#"{"alg":"","kid":"KID"}"#, .wrongAlgorithm),
        (#"{"alg":"None","kid":"KID"}"#, .wrongAlgorithm), (#"{"alg":"HS256","kid":"KID"}"#, .wrongAlgorithm),
        (#"{"alg":"HS512","kid":"KID"}"#, .wrongAlgorithm), (#"{"alg":"RS512","kid":"KID"}"#, .wrongAlgorithm),
        (#"{"alg":"PS256","kid":"KID"}"#, .wrongAlgorithm), (#"{"alg":"ES384","kid":"KID"}"#, .wrongAlgorithm),
        (#"{"alg":"ES256K","kid":"KID"}"#, .wrongAlgorithm), (#"{"alg":"Ed25519","kid":"KID"}"#, .wrongAlgorithm),
        (#"{"alg":["ALG"],"kid":"KID"}"#, .wrongAlgorithm), (#"{"kid":"KID"}"#, .wrongAlgorithm),
        (#"{"alg":"ALG ","kid":"KID"}"#, .wrongAlgorithm), (#"{"alg":"ALG\u0000","kid":"KID"}"#, .wrongAlgorithm),
        (#"{"alg":"ALG","alg":"none","kid":"KID"}"#, .headerNotStrictJSON),
        (#"{"alg":"ALG","kid":"KID","\u006bid":"other"}"#, .headerNotStrictJSON),
        (#"{"alg":"ALG","kid":"KID",}"#, .headerNotStrictJSON),
        (#"{"alg":"ALG","kid":"unknown"}"#, .unknownKey), (#"{"alg":"ALG","kid":"KID "}"#, .unknownKey),
        (#"{"alg":"ALG","kid":"./KID"}"#, .unknownKey), (#"{"alg":"ALG","kid":"../../dev/null"}"#, .unknownKey),
        (#"{"alg":"ALG","kid":"/etc/passwd"}"#, .unknownKey), (#"{"alg":"ALG","kid":"KID' OR '1'='1"}"#, .unknownKey),
        (#"{"alg":"ALG","kid":"http://127.0.0.1/KID"}"#, .unknownKey),
        (#"{"alg":"ALG","kid":"KID\u0000"}"#, .unknownKey),
        (#"{"alg":"ALG","kid":0}"#, .unknownKey), (#"{"alg":"ALG","kid":null}"#, .unknownKey),
        (#"{"alg":"ALG","kid":["KID"]}"#, .unknownKey), (#"{"alg":"ALG"}"#, .unknownKey),
        (#"{"alg":"ALG","kid":"KID","crit":["exp"]}"#, .criticalHeader),
        (#"{"alg":"ALG","kid":"KID","crit":["b64"],"b64":false}"#, .criticalHeader),
        (#"{"alg":"ALG","kid":"KID","b64":true}"#, .criticalHeader),
        (#"{"alg":"ALG","kid":"KID","typ":"logout+jwt"}"#, .wrongType),
    ]

    @Test("No odd header is taken, however well its token is signed", arguments: keys, headers)
    func oddHeader(_ forge: KeyForge, _ header: (text: String, flaw: TokenFlaw)) async throws {
        let text = header.text.replacing("KID", with: forge.kid).replacing("ALG", with: forge.algorithm)
        // HS256 by the name of a published key is a key of another algorithm; by no name, it would be the secret.
        await #expect(throws: header.flaw) { try await check(forge.token(header: text)) }
    }

    @Test("Nobody signs with what is public: no form of a public key is a secret", arguments: keys)
    func keyConfusion(_ forge: KeyForge) async throws {
        let bytes = forge.members.values.compactMap { Base64.url.decode($0.dropFirst().dropLast().utf8) }
        let pem = forge.key()
        for secret in bytes + [Self.keySet, Array(pem.utf8), Array(forge.kid.utf8)] where !secret.isEmpty {
            for (name, flaw) in [("\"\(forge.kid)\"", TokenFlaw.wrongAlgorithm), (nil, .wrongSignature)] {
                let header = "{\"alg\":\"HS256\"" + (name.map { ",\"kid\":\($0)" } ?? "") + "}"
                await #expect(throws: flaw) { try await check(Forge.token(header: header, secret: secret)) }
            }
            let header = "{\"alg\":\"HS256\"}"
            await #expect(throws: TokenFlaw.wrongAlgorithm) {
                try await check(Forge.token(header: header, secret: secret), secrets: [])
            }
        }
    }

    @Test("A key that a token brings along counts for nothing", arguments: keys)
    func embeddedKeys(_ forge: KeyForge) async throws {
        let stranger = P256.Signing.PrivateKey()
        let point = stranger.publicKey.rawRepresentation
        let jwk = KeyForge.es256.key([
            "x": "\"\(Forge.base64(point.prefix(32)))\"", "y": "\"\(Forge.base64(point.suffix(32)))\"",
        ])
        for member in [
            "\"jwk\":\(jwk)", "\"jku\":\"https://evil.example/keys\"", "\"x5c\":[\"MIIB\"]", "\"x5u\":\"file:///etc\"",
        ] {
            let header = "{\"alg\":\"\(forge.algorithm)\",\"kid\":\"\(forge.kid)\",\(member)}"
            try await check(forge.token(header: header))
            let signed = Forge.base64(header.utf8) + "." + Forge.base64(Forge.claims([:]).utf8)
            let forged = signed + "." + Forge.base64(try stranger.signature(for: Data(signed.utf8)).rawRepresentation)
            await #expect(throws: TokenFlaw.wrongSignature) { try await check(forged) }
        }
    }

    @Test("A signature under one key is none under another, whatever the header calls it", arguments: keys, keys)
    func swapped(_ signer: KeyForge, _ named: KeyForge) async throws {
        guard signer.algorithm != named.algorithm else { return try await check(signer.token()) }
        await #expect(throws: TokenFlaw.wrongSignature) { try await check(signer.token(header: named.header)) }
        let mixed = "{\"alg\":\"\(signer.algorithm)\",\"kid\":\"\(named.kid)\"}"
        await #expect(throws: TokenFlaw.wrongAlgorithm) { try await check(signer.token(header: mixed)) }
    }

    @Test("A signature of another length or form is none", arguments: keys)
    func forms(_ forge: KeyForge) async throws {
        let signed = Forge.base64(forge.header.utf8) + "." + Forge.base64(Forge.claims([:]).utf8)
        let good = try forge.sign(Array(signed.utf8))
        var forms = [
            [], [0], Array(good.dropLast()), Array(good.dropFirst()), good + [0], [0] + good, good + good,
            [UInt8](repeating: 0, count: good.count), [UInt8](repeating: 0xFF, count: good.count),
            Array(good.reversed()),
        ]
        if forge.algorithm == "ES256" {
            let (r, s) = (Array(good.prefix(32)), Array(good.suffix(32)))
            let (zero, order) = ([UInt8](repeating: 0, count: 32), Self.p256Order)
            forms.append(Array(try P256.Signing.ECDSASignature(rawRepresentation: good).derRepresentation))
            forms += [zero + s, r + zero, zero + zero, order + s, r + order, order + order, s + r]
            forms.append([UInt8](repeating: 0, count: 31) + [1] + [UInt8](repeating: 0, count: 31) + [1])
        }
        for form in forms {
            await #expect(throws: TokenFlaw.wrongSignature) { try await check(signed + "." + Forge.base64(form)) }
        }
        try await check(signed + "." + Forge.base64(good))
    }

    static let p256Order: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
    ]

    @Test("A change of the claims undoes the signature", arguments: keys)
    func changedClaims(_ forge: KeyForge) async throws {
        let parts = try forge.token().split(separator: ".")
        let claims = Forge.base64(Forge.claims(["email": "\"eve@example.com\""]).utf8)
        await #expect(throws: TokenFlaw.wrongSignature) { try await check("\(parts[0]).\(claims).\(parts[2])") }
    }
}
