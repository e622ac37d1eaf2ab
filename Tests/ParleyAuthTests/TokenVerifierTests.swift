import Foundation
import ParleyCore
import Testing

@testable import ParleyAuth

@Suite("Token verifier")
struct TokenVerifierTests {
    private static let key = HMACSecret(kid: nil, bytes: Forge.secret)
    private static let other = Array("another secret of at least 32 bytes".utf8)

    private func verifier(_ settings: TokenSettings = TokenSettings(keys: [key])) throws -> TokenVerifier {
        try TokenVerifier(settings: settings, clock: SetClock())
    }

    @Test("A token that holds says who is calling")
    func valid() async throws {
        let claims = Forge.claims(["email": "\" Ann@Example.COM\"", "sid": "\"s-1\""])
        let identity = try await verifier().identity(of: Forge.token(claims: claims))
        #expect(
            identity
                == Identity(email: EmailAddress(normalized: "ann@example.com"), department: "R&D", sessionID: "s-1")
        )
    }

    @Test(
        "What may vary varies",
        arguments: [
            Forge.token(header: #"{"alg":"HS256"}"#),
            Forge.token(header: #"{"typ":"jwt","alg":"HS256"}"#),
            Forge.token(header: #"{"alg":"HS256","typ":"at+JWT"}"#),
            Forge.token(
                header:
                    #"{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"jku":"http://169.254.169.254/","x5u":"file:///"}"#
            ),
            Forge.token(claims: Forge.claims(["aud": #"["parley"]"#])),
            Forge.token(claims: Forge.claims(["aud": #"["other","parley"]"#])),
            Forge.token(claims: Forge.claims(["nbf": "\(SetClock.start)"])),
            Forge.token(claims: Forge.claims(["iat": "\(SetClock.start + 30)"])),
            Forge.token(claims: Forge.claims(["exp": "\(SetClock.start + 1)"])),
            Forge.token(claims: Forge.claims(["exp": "\(1 << 40 - 1)"])),
            Forge.token(claims: Forge.claims(["dept": "\"\(String(repeating: "d", count: 128))\""])),
            Forge.token(claims: Forge.claims(["extra": #"{"nested":[1,2,{"a":null}]}"#])),
            Forge.token(claims: Forge.claims(["sub": "12"])),
        ]
    )
    func accepted(_ token: String) async throws {
        #expect(try await verifier().identity(of: token).email.value == "ann@example.com")
    }

    /// A token that must not be believed, and what is wrong with it.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let flaw: TokenFlaw
        let token: String

        init(_ description: String, _ flaw: TokenFlaw, _ token: String) {
            testDescription = description
            self.flaw = flaw
            self.token = token
        }

        init(_ name: String, _ value: String?, _ flaw: TokenFlaw) {
            self.init("\(name): \(value ?? "missing")", flaw, Forge.token(claims: Forge.claims([name: value])))
        }

        init(header: String, _ flaw: TokenFlaw) {
            self.init("header \(header)", flaw, Forge.token(header: header))
        }
    }

    private static let parts = Forge.token().split(separator: ".").map(String.init)
    // The last of 43 characters carries four bits; the next one in the alphabet differs in the two that count for nothing.
    private static let respelled =
        String(Forge.token().dropLast()) + (Forge.token().last.map { String(next($0)) } ?? "")

    private static func next(_ character: Character) -> Character {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return alphabet.firstIndex(of: character).map { alphabet[$0 + 1] } ?? "A"
    }

    static let shapes: [Forgery] = [
        Forgery("empty", .notThreeParts, ""),
        Forgery("one part", .notThreeParts, parts[0]),
        Forgery("two parts", .notThreeParts, "\(parts[0]).\(parts[1])"),
        Forgery("four parts", .notThreeParts, Forge.token() + "."),
        Forgery("five parts", .notThreeParts, Forge.token() + ".AAAA.AAAA"),
        Forgery("two dots alone", .headerNotStrictJSON, ".."),
        Forgery("no header", .headerNotStrictJSON, ".\(parts[1]).\(parts[2])"),
        Forgery("no payload", .wrongSignature, "\(parts[0])..\(parts[2])"),
        Forgery("no signature", .wrongSignature, "\(parts[0]).\(parts[1])."),
        Forgery("padding", .notCanonicalBase64, Forge.token() + "="),
        Forgery("other alphabet", .notCanonicalBase64, "\(parts[0]).\(parts[1]).++//"),
        Forgery("line feed", .notCanonicalBase64, Forge.token() + "\n"),
        Forgery("space in front", .notCanonicalBase64, " " + Forge.token()),
        Forgery("NUL", .notCanonicalBase64, Forge.token() + "\0"),
        Forgery("another spelling of the signature", .notCanonicalBase64, respelled),
        Forgery("a character too many", .notCanonicalBase64, Forge.token() + "AA"),
        Forgery("a signature of 33 bytes", .wrongSignature, Forge.token() + "A"),
        Forgery("not ASCII", .notCanonicalBase64, "\(parts[0]).\(parts[1]).é"),
        Forgery(
            "payload of 200 KB",
            .tooLong,
            Forge.token(claims: Forge.claims(["x": "\"\(String(repeating: "x", count: 200_000))\""]))
        ),
        Forgery("8 KiB and a byte", .tooLong, String(repeating: "A", count: 8193)),
        Forgery("dots", .notThreeParts, String(repeating: ".", count: 8192)),
        Forgery("wrong secret", .wrongSignature, Forge.token(secret: other)),
        Forgery("empty secret", .wrongSignature, Forge.token(secret: [0])),
        Forgery(
            "changed payload",
            .wrongSignature,
            "\(parts[0]).\(Forge.base64(Forge.claims(["email": "\"eve@example.com\""]).utf8)).\(parts[2])"
        ),
        Forgery("changed header", .wrongSignature, "\(Forge.base64(#"{"alg":"HS256"}"#.utf8)).\(parts[1]).\(parts[2])"),
        Forgery("none, no signature", .wrongAlgorithm, Forge.base64(#"{"alg":"none"}"#.utf8) + ".\(parts[1])."),
    ]

    static let headers: [Forgery] = [
        Forgery(header: #"{"alg":"none"}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":"None"}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":"hs256"}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":"HS384"}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":"HS512"}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":"RS256"}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":"HS256 "}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":["HS256"]}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":null}"#, .wrongAlgorithm),
        Forgery(header: #"{"typ":"JWT"}"#, .wrongAlgorithm),
        Forgery(header: #"{"alg":"HS256","alg":"none"}"#, .headerNotStrictJSON),
        Forgery(header: #"{"alg":"none","\u0061lg":"HS256"}"#, .headerNotStrictJSON),
        Forgery(header: #"{"alg":"HS256",}"#, .headerNotStrictJSON),
        Forgery(header: #"{"alg":"HS256"}x"#, .headerNotStrictJSON),
        Forgery(header: "\u{FEFF}" + #"{"alg":"HS256"}"#, .headerNotStrictJSON),
        Forgery(header: #"["HS256"]"#, .headerNotStrictJSON),
        Forgery(header: "null", .headerNotStrictJSON),
        Forgery(header: String(repeating: "[", count: 3000), .headerNotStrictJSON),
        Forgery(header: #"{"alg":"HS256","crit":["exp"],"exp":1}"#, .criticalHeader),
        Forgery(header: #"{"alg":"HS256","crit":[]}"#, .criticalHeader),
        Forgery(header: #"{"alg":"HS256","crit":null}"#, .criticalHeader),
        Forgery(header: #"{"alg":"HS256","b64":false}"#, .criticalHeader),
        Forgery(header: #"{"alg":"HS256","b64":true}"#, .criticalHeader),
        Forgery(header: #"{"alg":"HS256","typ":"dpop+jwt"}"#, .wrongType),
        Forgery(header: #"{"alg":"HS256","typ":""}"#, .wrongType),
        Forgery(header: #"{"alg":"HS256","typ":1}"#, .wrongType),
        Forgery(header: #"{"alg":"HS256","typ":null}"#, .wrongType),
        Forgery(header: #"{"alg":"HS256","kid":"unknown"}"#, .unknownKey),
        Forgery(header: #"{"alg":"HS256","kid":""}"#, .unknownKey),
        Forgery(header: #"{"alg":"HS256","kid":"../../dev/null"}"#, .unknownKey),
        Forgery(header: #"{"alg":"HS256","kid":"' OR 1=1 --"}"#, .unknownKey),
        Forgery(header: #"{"alg":"HS256","kid":null}"#, .unknownKey),
        Forgery(header: #"{"alg":"HS256","kid":0}"#, .unknownKey),
        Forgery(header: #"{"alg":"HS256","kid":["unknown"]}"#, .unknownKey),
    ]

    private static let now = SetClock.start

    static let claims: [Forgery] = [
        Forgery("exp", nil, .expiry), Forgery("exp", "null", .expiry), Forgery("exp", "\"\(now + 600)\"", .expiry),
        Forgery("exp", "1e300", .expiry), Forgery("exp", "1e400", .expiry), Forgery("exp", "\(now + 600).0", .expiry),
        Forgery("exp", "\(now + 600).5", .expiry), Forgery("exp", "1.8e9", .expiry), Forgery("exp", "\(now)", .expiry),
        Forgery("exp", "\(now - 1)", .expiry), Forgery("exp", "-1", .expiry), Forgery("exp", "0", .expiry),
        Forgery("exp", "\(1 << 40)", .expiry), Forgery("exp", "99999999999999999999", .expiry),
        Forgery("exp", "[\(now + 600)]", .expiry), Forgery("exp", "true", .expiry),
        Forgery("iat", nil, .issuedAt), Forgery("iat", "\"\(now)\"", .issuedAt),
        Forgery("iat", "\(now + 31)", .issuedAt),
        Forgery("iat", "\(now).0", .issuedAt), Forgery("iat", "-1", .issuedAt), Forgery("iat", "null", .issuedAt),
        Forgery("nbf", "\(now + 1)", .notBefore), Forgery("nbf", "\"0\"", .notBefore),
        Forgery("nbf", "null", .notBefore),
        Forgery("nbf", "1e300", .notBefore), Forgery("nbf", "-5", .notBefore),
        Forgery("iss", nil, .issuer), Forgery("iss", "\"other\"", .issuer), Forgery("iss", "\"Parley\"", .issuer),
        Forgery("iss", "\"parley \"", .issuer), Forgery("iss", "[\"parley\"]", .issuer),
        Forgery("iss", "\"\"", .issuer),
        Forgery("aud", nil, .audience), Forgery("aud", "[]", .audience), Forgery("aud", "\"\"", .audience),
        Forgery("aud", "\"other\"", .audience), Forgery("aud", "[\"other\"]", .audience),
        Forgery("aud", "[[\"parley\"]]", .audience),
        Forgery("aud", "[\"parley\",1]", .audience), Forgery("aud", "[\"parley\",\"\"]", .audience),
        Forgery("aud", "{\"parley\":1}", .audience), Forgery("aud", "null", .audience),
        Forgery("aud", "\"parleyx\"", .audience),
        Forgery("email", nil, .identity), Forgery("email", "\"\"", .identity), Forgery("email", "\"ann\"", .identity),
        Forgery("email", #""ann@example.com\u0000""#, .identity), Forgery("email", #""ann@example.com\n""#, .identity),
        Forgery("email", "[\"ann@example.com\"]", .identity), Forgery("email", "null", .identity),
        Forgery("email", #""ann@example.com,eve@example.com""#, .identity),
        Forgery("email", #""a\u202e@b""#, .identity),
        Forgery("email", "\"\(String(repeating: "a", count: 300))@b\"", .identity),
        Forgery("dept", nil, .department), Forgery("dept", "\"\"", .department), Forgery("dept", "7", .department),
        Forgery("dept", "\"\(String(repeating: "d", count: 129))\"", .department),
        Forgery("dept", #""a\u0000""#, .department),
        Forgery("sid", "7", .sessionID), Forgery("sid", "\"\"", .sessionID), Forgery("sid", #""a\u0000""#, .sessionID),
        Forgery("sid", "null", .sessionID), Forgery("sid", "\"\(String(repeating: "s", count: 257))\"", .sessionID),
        Forgery("email twice", .claimsNotStrictJSON, doubled(#""email":"eve@example.com""#)),
        Forgery("email twice, escaped", .claimsNotStrictJSON, doubled(#""\u0065mail":"eve@example.com""#)),
        Forgery("exp twice", .claimsNotStrictJSON, doubled("\"exp\":\(now + 9999)")),
        Forgery(
            "claims with a comma too many",
            .claimsNotStrictJSON,
            doubled("")
        ),
        Forgery("claims in a list", .claimsNotStrictJSON, Forge.token(claims: "[\(Forge.claims([:]))]")),
        Forgery("no claims", .claimsNotStrictJSON, Forge.token(claims: "")),
        Forgery("claims that are a number", .claimsNotStrictJSON, Forge.token(claims: "1")),
        Forgery(
            "deep claims",
            .claimsNotStrictJSON,
            Forge.token(claims: Forge.claims(["x": String(repeating: "[", count: 2000)]))
        ),
        Forgery("half a surrogate", .claimsNotStrictJSON, Forge.token(claims: Forge.claims(["x": #""\ud800""#]))),
    ]

    private static func doubled(_ member: String) -> String {
        Forge.token(claims: String(Forge.claims([:]).dropLast()) + "," + member + "}")
    }

    @Test(
        "No forgery is believed, for the reason expected, and all look the same from outside",
        arguments: shapes + headers + claims
    )
    func refused(_ forgery: Forgery) async throws {
        let (logger, lines) = RecordingLog.make()
        let verifier = try TokenVerifier(settings: TokenSettings(keys: [Self.key]), clock: SetClock(), logger: logger)
        let error = await #expect(throws: ParleyError.self) { try await verifier.identity(of: forgery.token) }
        #expect(error?.code == .unauthenticated)
        #expect(error?.message == ParleyError.unauthenticated.message)
        #expect(error?.parameter == nil && error?.cause == nil)
        #expect(lines.text == "debug A token was refused [\"reason\": \(forgery.flaw.rawValue)]")
    }

    @Test("A claim in bytes that are not UTF-8 is refused")
    func notUTF8() async throws {
        let payload = Array(Forge.claims([:]).utf8).map { $0 == UInt8(ascii: "R") ? 0xFF : $0 }
        let signed = Forge.base64(Forge.header.utf8) + "." + Forge.base64(payload)
        await #expect(throws: ParleyError.self) { try await verifier().identity(of: signed + "." + Forge.sign(signed)) }
    }

    @Test("A token ends when its time is over")
    func expires() async throws {
        let clock = SetClock()
        let verifier = try TokenVerifier(settings: TokenSettings(keys: [Self.key]), clock: clock)
        clock.advance(.seconds(599))
        #expect(try await verifier.identity(of: Forge.token()).department == "R&D")
        clock.advance(.seconds(1))
        await #expect(throws: ParleyError.self) { try await verifier.identity(of: Forge.token()) }
    }

    @Test("Random changes of a good token are never believed, and stop nothing")
    func mutations() async throws {
        let verifier = try verifier()
        let token = Array(Forge.token().utf8)
        for _ in 0..<3000 {
            var bytes = token
            for _ in 0..<Int.random(in: 1...3) {
                let index = Int.random(in: 0..<bytes.count)
                switch Int.random(in: 0..<3) {
                case 0: bytes[index] = UInt8.random(in: 0...0x7F)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0x20...0x7F), at: index)
                }
            }
            guard bytes != token else { continue }
            await #expect(throws: ParleyError.self) {
                try await verifier.identity(of: String(decoding: bytes, as: UTF8.self))
            }
        }
    }
}
