import ParleyAuth
import ParleyCore
import Testing

@Suite("Token issuer")
struct TokenIssuerTests {
    private let ann = Identity(
        email: EmailAddress(normalized: "ann@example.com"),
        department: "R&D \"é\"",
        sessionID: "s"
    )

    @Test("A token that Parley made is believed by Parley, for its lifetime", arguments: [nil, "2026"])
    func roundTrip(_ kid: String?) async throws {
        let clock = SetClock()
        let secret = HMACSecret(kid: kid, bytes: Forge.secret)
        let token = try await TokenIssuer(secret: secret, clock: clock).token(for: ann, lifetime: .seconds(60))
        let verifier = try TokenVerifier(settings: TokenSettings(keys: [secret]), clock: clock)
        #expect(try await verifier.identity(of: token) == ann)
        clock.advance(.seconds(60))
        await #expect(throws: ParleyError.self) { try await verifier.identity(of: token) }
    }

    @Test("A token can be made for other settings, with the address as its sub")
    func otherSettings() async throws {
        let clock = SetClock()
        let secret = HMACSecret(kid: nil, bytes: Forge.secret)
        let settings = TokenSettings(keys: [secret], issuer: "i", audience: "a", identityClaim: .sub)
        let token = try await TokenIssuer(secret: secret, settings: settings, clock: clock)
            .token(for: ann, lifetime: .seconds(60))
        #expect(try await TokenVerifier(settings: settings, clock: clock).identity(of: token) == ann)
        let plain = try TokenVerifier(settings: TokenSettings(keys: [secret]), clock: clock)
        await #expect(throws: ParleyError.self) { try await plain.identity(of: token) }
    }

    @Test("The signature is HMAC-SHA256 over the first two parts")
    func signature() async throws {
        let secret = HMACSecret(kid: nil, bytes: Forge.secret)
        let token = try await TokenIssuer(secret: secret).token(for: ann, lifetime: .seconds(60))
        let signed = token.split(separator: ".").prefix(2).joined(separator: ".")
        #expect(token == signed + "." + Forge.sign(signed))
    }

    @Test("A token that no verifier would take is not made")
    func refused() async throws {
        let issuer = try TokenIssuer(secret: HMACSecret(kid: nil, bytes: Forge.secret))
        let nobody = Identity(email: ann.email)
        var error = await #expect(throws: ParleyError.self) {
            try await issuer.token(for: nobody, lifetime: .seconds(60))
        }
        #expect(error?.parameter == "dept")
        error = await #expect(throws: ParleyError.self) {
            try await issuer.token(for: ann, lifetime: .milliseconds(999))
        }
        #expect(error?.parameter == "lifetime")
        error = #expect(throws: ParleyError.self) { try TokenIssuer(secret: HMACSecret(kid: nil, bytes: [1])) }
        #expect(error?.parameter == "jwt.secret")
    }
}
