import ParleyCore
import Testing

@testable import ParleyAuth

@Suite("Token cache")
struct TokenCacheTests {
    private static let start = Timestamp(microseconds: Int64(SetClock.start) * 1_000_000)
    private static let settings = TokenSettings(keys: [HMACSecret(kid: nil, bytes: Forge.secret)])

    private func claims(lasting seconds: Int) throws -> VerifiedToken {
        let text = Forge.claims(["exp": "\(SetClock.start + seconds)"])
        return VerifiedToken(try TokenClaims(Array(text.utf8), settings: Self.settings, now: Self.start))
    }

    @Test("A token that was checked is believed for 60 seconds, and not a moment longer")
    func lifetime() throws {
        let (cache, key, claims) = (TokenCache(), CacheKey("a"), try claims(lasting: 600))
        #expect(cache.verified(key, now: Self.start) == nil)
        cache.keep(claims, of: key, now: Self.start)
        #expect(cache.verified(key, now: Self.start) == claims)
        #expect(cache.verified(key, now: Self.start + .milliseconds(59_999)) == claims)
        #expect(cache.verified(key, now: Self.start + .seconds(60)) == nil)
    }

    @Test("A token is never believed past its end")
    func expiry() throws {
        let (cache, key, claims) = (TokenCache(), CacheKey("a"), try claims(lasting: 5))
        cache.keep(claims, of: key, now: Self.start)
        #expect(cache.verified(key, now: Self.start + .milliseconds(4999)) == claims)
        #expect(cache.verified(key, now: Self.start + .seconds(5)) == nil)
    }

    @Test("A clock that was set back makes no token older than it is")
    func clockSetBack() throws {
        let (cache, key, claims) = (TokenCache(), CacheKey("a"), try claims(lasting: 600))
        cache.keep(claims, of: key, now: Self.start)
        #expect(cache.verified(key, now: Self.start + .seconds(-1)) == nil)
    }

    @Test("Another token is another entry, also where only its last character differs")
    func whole() throws {
        let cache = TokenCache()
        cache.keep(try claims(lasting: 600), of: CacheKey("token-a"), now: Self.start)
        #expect(cache.verified(CacheKey("token-b"), now: Self.start) == nil)
    }

    @Test("However many tokens there are, the cache stays within its bounds")
    func bounded() throws {
        let (cache, claims) = (TokenCache(), try claims(lasting: 600))
        for number in 0...TokenCache.capacity { cache.keep(claims, of: CacheKey("\(number)"), now: Self.start) }
        #expect(cache.count == 1)
        #expect(cache.verified(CacheKey("\(TokenCache.capacity)"), now: Self.start) == claims)
    }

    @Test("A token that the verifier has believed is refused once it has ended")
    func verifier() async throws {
        let clock = SetClock()
        let verifier = try TokenVerifier(settings: Self.settings, clock: clock)
        let token = Forge.token(claims: Forge.claims(["exp": "\(SetClock.start + 30)"]))
        #expect(try await verifier.identity(of: token) == verifier.identity(of: token))
        clock.advance(.seconds(30))
        let refusal = await #expect(throws: ParleyError.self) { try await verifier.identity(of: token) }
        #expect(refusal?.code == .unauthenticated)
    }

    @Test("A token that was refused is looked at again: it may begin to hold")
    func refused() async throws {
        let clock = SetClock()
        let verifier = try TokenVerifier(settings: Self.settings, clock: clock)
        let token = Forge.token(claims: Forge.claims(["nbf": "\(SetClock.start + 1)"]))
        let refusal = await #expect(throws: ParleyError.self) { try await verifier.identity(of: token) }
        #expect(refusal?.code == .unauthenticated)
        clock.advance(.seconds(1))
        #expect(try await verifier.identity(of: token).email == EmailAddress(normalized: "ann@example.com"))
    }
}
