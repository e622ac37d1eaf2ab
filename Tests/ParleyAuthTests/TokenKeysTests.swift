import ParleyCore
import Testing

@testable import ParleyAuth

@Suite("Token keys")
struct TokenKeysTests {
    private static let old = Array("the old secret, which is long enough".utf8)
    private static let new = Array("the new secret, which is long enough".utf8)
    private static let both = TokenSettings(keys: [
        HMACSecret(kid: "old", bytes: old), HMACSecret(kid: "new", bytes: new),
    ])

    private func header(_ kid: String) -> String { "{\"alg\":\"HS256\",\"kid\":\"\(kid)\"}" }

    @Test("While secrets rotate, tokens of both hold, each under its own name")
    func rotation() async throws {
        let verifier = try TokenVerifier(settings: Self.both, clock: SetClock())
        for (kid, secret) in [("old", Self.old), ("new", Self.new)] {
            let identity = try await verifier.identity(of: Forge.token(header: header(kid), secret: secret))
            #expect(identity.email.value == "ann@example.com")
        }
        for (kid, secret) in [("old", Self.new), ("new", Self.old), ("New", Self.new), ("older", Self.old)] {
            let token = Forge.token(header: header(kid), secret: secret)
            await #expect(throws: ParleyError.self) { try await verifier.identity(of: token) }
        }
    }

    @Test("Beside others a key must be named")
    func namelessToken() async throws {
        let verifier = try TokenVerifier(settings: Self.both, clock: SetClock())
        await #expect(throws: ParleyError.self) { try await verifier.identity(of: Forge.token(secret: Self.old)) }
    }

    @Test("A single key with a name takes tokens that name it, or none")
    func singleNamedKey() async throws {
        let settings = TokenSettings(keys: [HMACSecret(kid: "old", bytes: Self.old)])
        let verifier = try TokenVerifier(settings: settings, clock: SetClock())
        _ = try await verifier.identity(of: Forge.token(header: header("old"), secret: Self.old))
        _ = try await verifier.identity(of: Forge.token(secret: Self.old))
        await #expect(throws: ParleyError.self) {
            try await verifier.identity(of: Forge.token(header: header("new"), secret: Self.old))
        }
    }

    @Test("Names that only look alike are different names")
    func twinNames() async throws {
        let settings = TokenSettings(keys: [HMACSecret(kid: "\u{E9}", bytes: Self.old)])
        let verifier = try TokenVerifier(settings: settings, clock: SetClock())
        await #expect(throws: ParleyError.self) {
            try await verifier.identity(of: Forge.token(header: header("e\u{301}"), secret: Self.old))
        }
    }

    @Test(
        "Keys that can't be used are refused before anything starts",
        arguments: [
            ([], "jwt.secret"),
            ([HMACSecret(kid: nil, bytes: Array(repeating: 1, count: 31))], "jwt.secret"),
            ([HMACSecret(kid: nil, bytes: [])], "jwt.secret"),
            ([HMACSecret(kid: nil, bytes: Array("a-string-secret-at-least-256-bits-long".utf8))], "jwt.secret"),
            ([HMACSecret(kid: "", bytes: old)], "jwt.secrets"),
            ([HMACSecret(kid: "a", bytes: old), HMACSecret(kid: "a", bytes: new)], "jwt.secrets"),
            ([HMACSecret(kid: nil, bytes: old), HMACSecret(kid: "a", bytes: new)], "jwt.secrets"),
            ([HMACSecret(kid: nil, bytes: old), HMACSecret(kid: nil, bytes: new)], "jwt.secrets"),
        ]
    )
    func unusable(_ keys: [HMACSecret], _ parameter: String) {
        let error = #expect(throws: ParleyError.self) { try TokenVerifier(settings: TokenSettings(keys: keys)) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == parameter)
    }

    @Test("Issuer, audience and identity are as configured")
    func configured() async throws {
        let settings = TokenSettings(
            keys: [HMACSecret(kid: nil, bytes: Forge.secret)],
            issuer: "https://idp.example/",
            audience: "chat",
            identityClaim: .sub
        )
        let verifier = try TokenVerifier(settings: settings, clock: SetClock())
        let good: [String: String?] = [
            "iss": "\"https://idp.example/\"", "aud": "[\"x\",\"chat\"]", "sub": "\"Bob@example.com\"", "email": nil,
        ]
        #expect(
            try await verifier.identity(of: Forge.token(claims: Forge.claims(good))).email.value == "bob@example.com"
        )
        for change in [["iss": "\"https://idp.example\""], ["aud": "\"parley\""], ["sub": "\"bob\""]] {
            let claims = Forge.claims(good.merging(change.mapValues(Optional.some)) { $1 })
            await #expect(throws: ParleyError.self) { try await verifier.identity(of: Forge.token(claims: claims)) }
        }
        await #expect(throws: ParleyError.self) {
            try await verifier.identity(of: Forge.token(claims: Forge.claims(good.merging(["sub": nil]) { $1 })))
        }
    }

    @Test("Where no issuer or audience is asked for, any will do, but one must be there")
    func anyIssuer() async throws {
        let settings = TokenSettings(keys: [HMACSecret(kid: nil, bytes: Forge.secret)], issuer: nil, audience: nil)
        let verifier = try TokenVerifier(settings: settings, clock: SetClock())
        _ = try await verifier.identity(of: Forge.token(claims: Forge.claims(["iss": "\"a\"", "aud": "\"b\""])))
        for change: [String: String?] in [["iss": nil], ["aud": nil], ["aud": "[]"], ["aud": "[1]"]] {
            await #expect(throws: ParleyError.self) {
                try await verifier.identity(of: Forge.token(claims: Forge.claims(change)))
            }
        }
    }

    @Test("A secret never shows itself")
    func secretStaysSecret() {
        let secret = HMACSecret(kid: "k", bytes: Array("hunter2-hunter2-hunter2-hunter2-".utf8))
        var dumped = ""
        dump(TokenSettings(keys: [secret]), to: &dumped)
        for text in [
            "\(secret)", String(reflecting: secret), String(describing: TokenSettings(keys: [secret])), dumped,
        ] {
            #expect(text.contains("k"))
            #expect(!text.contains("hunter2") && !text.contains("104"))
        }
    }

    @Test("Many first tokens at once are all believed")
    func concurrentFirstUse() async throws {
        let verifier = try TokenVerifier(settings: Self.both, clock: SetClock())
        let token = Forge.token(header: header("new"), secret: Self.new)
        try await withThrowingTaskGroup(of: Identity.self) { group in
            for _ in 0..<64 { group.addTask { try await verifier.identity(of: token) } }
            for try await identity in group { #expect(identity.email.value == "ann@example.com") }
        }
    }
}
