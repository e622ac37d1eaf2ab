import Crypto
import Foundation
import NIOPosix
import ParleyCore
import Synchronization
import Testing

@testable import ParleyAuth

@Suite("Accounts")
struct AccountServiceTests {
    /// A service with everything round it that a test looks at.
    struct Fixture {
        let service: AccountService
        let store = FakeAccountStore()
        let clock = SetClock()
        let limiter: FakeLimiter
        let lines: RecordingLog.Lines

        init(pool: NIOThreadPool, signup: SignupPolicy = .open, attempts: Int = .max, depth: Int = 64) {
            limiter = FakeLimiter(budget: attempts)
            let (logger, lines) = RecordingLog.make()
            self.lines = lines
            service = AccountService(
                accounts: store,
                hasher: PasswordHasher(pool: pool, parameters: PasswordHasher.quick, width: 1, depth: depth),
                limiter: limiter,
                clock: clock,
                signup: signup,
                logger: logger
            )
        }

        func register(_ email: String = "ann@example.com") async throws -> SignIn {
            try await service.register(
                email: email,
                password: "correct horse",
                name: "Ann",
                department: "R&D",
                address: "192.0.2.1"
            )
        }

        func signIn(_ email: String, _ password: String, from address: String = "192.0.2.1") async throws -> SignIn {
            try await service.signIn(email: email, password: password, address: address)
        }
    }

    private func withFixture(
        signup: SignupPolicy = .open,
        attempts: Int = .max,
        _ body: (Fixture) async throws -> Void
    ) async throws {
        try await withThreadPool { try await body(Fixture(pool: $0, signup: signup, attempts: attempts)) }
    }

    @Test("Who registers is signed in, and can sign in again")
    func register() async throws {
        try await withFixture { fixture in
            let first = try await fixture.register(" Ann@Example.com")
            #expect(first.account.email.value == "ann@example.com")
            #expect(first.account.name == "Ann" && first.account.department == "R&D")
            #expect(first.expiresAt == fixture.clock.now() + Limits.sessionLifetime)
            let second = try await fixture.signIn("ANN@example.com ", "correct horse")
            #expect(second.token != first.token)
            for token in [first.token, second.token] {
                let signedIn = try await fixture.service.authenticate(token: token)
                #expect(signedIn.account == first.account)
                #expect(signedIn.identity == Identity(email: first.account.email, department: "R&D"))
                #expect(!signedIn.wasExtended && signedIn.expiresAt == first.expiresAt)
            }
        }
    }

    @Test("The store sees neither a password nor a token, but the hashes of both")
    func secrets() async throws {
        try await withFixture { fixture in
            let signIn = try await fixture.register()
            let state = fixture.store.state.withLock { $0 }
            #expect(signIn.token.count == 43)
            let bytes = try #require(Base64.url.decode(signIn.token.utf8))
            #expect(state.sessions.keys.first == Array(SHA256.hash(data: bytes)))
            #expect(state.accounts.values.first?.passwordHash.hasPrefix("$scrypt$") == true)
            #expect(!"\(state)".contains(signIn.token) && !"\(state)".contains("correct horse"))
        }
    }

    @Test("An unknown address and a wrong password get the same answer, after the same work")
    func sameAnswer() async throws {
        try await withFixture { fixture in
            _ = try await fixture.register()
            var answers: [ParleyError] = []
            for (email, password) in [
                ("ann@example.com", "wrong horse"), ("bob@example.com", "correct horse"), ("ann@example.com", "x"),
            ] {
                let error = await #expect(throws: ParleyError.self) { try await fixture.signIn(email, password) }
                answers.append(try #require(error))
            }
            #expect(answers.allSatisfy { $0.code == .unauthenticated && $0.parameter == nil && $0.cause == nil })
            #expect(Set(answers.map(\.message)).count == 1)
            #expect(!fixture.lines.text.contains("example.com"))
        }
        // Where no hashing can be done, both fail for that reason: neither answer is given without the work.
        try await withThreadPool { pool async throws -> Void in
            let fixture = Fixture(pool: pool)
            _ = try await fixture.register()
            try await pool.shutdownGracefully()
            for email in ["ann@example.com", "bob@example.com"] {
                let error = await #expect(throws: ParleyError.self) {
                    try await fixture.signIn(email, "whatever it is")
                }
                #expect(error?.code == .unavailable)
            }
        }
    }

    @Test("Attempts are counted for the account and for the address, before any work is done")
    func limits() async throws {
        try await withFixture(attempts: 2) { fixture in
            for _ in 0..<2 {
                await #expect(throws: ParleyError.self) { try await fixture.signIn("ann@example.com", "wrong horse") }
            }
            let lookups = fixture.store.state.withLock { $0.lookups }
            // The address is known by now; then the account, from elsewhere; then neither.
            for (email, address) in [("bob@example.com", "192.0.2.1"), ("ANN@example.com", "192.0.2.2")] {
                let error = await #expect(throws: ParleyError.self) {
                    try await fixture.signIn(email, "wrong horse", from: address)
                }
                #expect(error?.code == .rateLimited)
                #expect(error?.retryAfter == .seconds(7))
            }
            #expect(fixture.store.state.withLock { $0.lookups } == lookups)
            let error = await #expect(throws: ParleyError.self) {
                try await fixture.signIn("bob@example.com", "wrong horse", from: "192.0.2.3")
            }
            #expect(error?.code == .unauthenticated)
        }
    }

    @Test("An attempt that the address may not make does not count against the account")
    func addressFirst() async throws {
        try await withFixture(attempts: 1) { fixture in
            for email in ["a@example.com", "b@example.com"] {
                await #expect(throws: ParleyError.self) { try await fixture.signIn(email, "wrong horse") }
            }
            #expect(fixture.limiter.keys == ["address:192.0.2.1": 1, "account:a@example.com": 1])
        }
    }

    @Test("Registering is limited by address too")
    func registrationLimit() async throws {
        try await withFixture(attempts: 1) { fixture in
            _ = try await fixture.register("a@example.com")
            let error = await #expect(throws: ParleyError.self) { try await fixture.register("b@example.com") }
            #expect(error?.code == .rateLimited)
            #expect(fixture.store.state.withLock { $0.accounts.count } == 1)
        }
    }

    @Test("A taken address is a conflict that names the field")
    func conflict() async throws {
        try await withFixture { fixture in
            let first = try await fixture.register()
            let error = await #expect(throws: ParleyError.self) { try await fixture.register("ANN@EXAMPLE.COM") }
            #expect(error?.code == .conflict)
            #expect(error?.parameter == "email")
            #expect(try await fixture.service.authenticate(token: first.token).account == first.account)
        }
    }

    @Test("Closed sign-up lets nobody register, but the operator may add users")
    func closedSignup() async throws {
        try await withFixture(signup: .closed, attempts: 1) { fixture in
            let error = await #expect(throws: ParleyError.self) { try await fixture.register() }
            #expect(error?.code == .forbidden)
            #expect(fixture.store.state.withLock { $0.accounts.isEmpty })
            let account = try await fixture.service.addUser(email: "Ann@example.com", password: "correct horse")
            #expect(account.name == nil && account.department == nil)
            #expect(account.createdAt == fixture.clock.now())
            let signIn = try await fixture.signIn("ann@example.com", "correct horse")
            #expect(try await fixture.service.authenticate(token: signIn.token).identity.department == nil)
            let again = await #expect(throws: ParleyError.self) {
                try await fixture.service.addUser(email: "ann@example.com", password: "correct horse")
            }
            #expect(again?.code == .conflict)
        }
    }

    @Test(
        "Fields that break a rule are named, and cost no attempt",
        arguments: [
            ("ann", "correct horse", "Ann", "R&D", "email"), ("", "correct horse", "Ann", "R&D", "email"),
            ("a@b@c", "correct horse", "Ann", "R&D", "email"), ("ann@example.com", "short", "Ann", "R&D", "password"),
            ("ann@example.com", String(repeating: "x", count: 1025), "Ann", "R&D", "password"),
            ("ann@example.com", "correct horse", "a\nb", "R&D", "name"),
            ("ann@example.com", "correct horse", "Ann", String(repeating: "d", count: 129), "dept"),
        ]
    )
    func fields(_ email: String, _ password: String, _ name: String, _ department: String, _ field: String) async throws
    {
        try await withFixture { fixture in
            let error = await #expect(throws: ParleyError.self) {
                try await fixture.service.register(
                    email: email,
                    password: password,
                    name: name,
                    department: department,
                    address: "192.0.2.1"
                )
            }
            #expect(error?.code == .invalidRequest)
            #expect(error?.parameter == field)
            #expect(fixture.limiter.keys.isEmpty)
        }
    }

    @Test(
        "At sign-in a password that can't be one is not hashed, whoever it is for",
        arguments: ["", String(repeating: "x", count: 1025)]
    )
    func impossiblePasswords(_ password: String) async throws {
        try await withFixture { fixture in
            let error = await #expect(throws: ParleyError.self) {
                try await fixture.signIn("ann@example.com", password)
            }
            #expect(error?.parameter == "password")
            let malformed = await #expect(throws: ParleyError.self) { try await fixture.signIn("ann", "correct horse") }
            #expect(malformed?.parameter == "email")
        }
    }

    @Test("Empty names and departments count as none")
    func emptyFields() async throws {
        try await withFixture { fixture in
            let signIn = try await fixture.service.register(
                email: "ann@example.com",
                password: "correct horse",
                name: " ",
                department: "",
                address: "192.0.2.1"
            )
            #expect(signIn.account.name == nil && signIn.account.department == nil)
        }
    }

    @Test("Signing out ends that sign-in everywhere, and no other")
    func signOut() async throws {
        try await withFixture { fixture in
            let first = try await fixture.register()
            let second = try await fixture.signIn("ann@example.com", "correct horse")
            try await fixture.service.signOut(token: first.token)
            let error = await #expect(throws: ParleyError.self) {
                try await fixture.service.authenticate(token: first.token)
            }
            #expect(error?.code == .unauthenticated)
            #expect(try await fixture.service.authenticate(token: second.token).account == second.account)
            try await fixture.service.signOut(token: first.token)
            try await fixture.service.signOut(token: "nonsense")
        }
    }

    @Test("A sign-in in use is put off when less than half is left, and one out of use ends")
    func sliding() async throws {
        try await withFixture { fixture in
            let signIn = try await fixture.register()
            fixture.clock.advance(Limits.sessionLifetime / 2)
            #expect(try await !fixture.service.authenticate(token: signIn.token).wasExtended)
            fixture.clock.advance(.seconds(1))
            let extended = try await fixture.service.authenticate(token: signIn.token)
            #expect(extended.wasExtended)
            #expect(extended.expiresAt == fixture.clock.now() + Limits.sessionLifetime)
            fixture.clock.advance(Limits.sessionLifetime - .seconds(1))
            #expect(try await fixture.service.authenticate(token: signIn.token).wasExtended)
            fixture.clock.advance(Limits.sessionLifetime)
            await #expect(throws: ParleyError.self) { try await fixture.service.authenticate(token: signIn.token) }
        }
    }

    @Test("A store that can't put a sign-in off does not sign anyone out")
    func readOnlyStore() async throws {
        try await withFixture { fixture in
            let signIn = try await fixture.register()
            fixture.store.state.withLock { $0.failsToExtend = true }
            fixture.clock.advance(Limits.sessionLifetime / 2 + .seconds(1))
            let signedIn = try await fixture.service.authenticate(token: signIn.token)
            #expect(!signedIn.wasExtended && signedIn.expiresAt == signIn.expiresAt)
            #expect(fixture.lines.text.contains("warning"))
            #expect(!fixture.lines.text.contains(signIn.token))
        }
    }

    @Test(
        "What is no token of ours is refused without asking the store",
        arguments: [
            "", "x", String(repeating: "A", count: 42), String(repeating: "A", count: 44),
            String(repeating: "A", count: 42) + "B",
            String(repeating: "A", count: 42) + "=", String(repeating: "é", count: 43),
            String(repeating: "A", count: 1_000_000),
        ]
    )
    func malformedTokens(_ token: String) async throws {
        try await withFixture { fixture in
            let error = await #expect(throws: ParleyError.self) { try await fixture.service.authenticate(token: token) }
            #expect(error?.code == .unauthenticated)
            #expect(fixture.store.state.withLock { $0.lookups } == 0)
        }
    }

    @Test("A store that is out of reach is not the same as not being signed in")
    func unavailable() async throws {
        struct Cut: Error {}
        try await withFixture { fixture in
            let signIn = try await fixture.register()
            for failure: any Error in [ParleyError.unavailable("The store is away."), Cut()] {
                fixture.store.state.withLock { $0.failure = failure }
                let error = await #expect(throws: ParleyError.self) {
                    try await fixture.service.authenticate(token: signIn.token)
                }
                #expect(error?.code == .unavailable)
            }
        }
    }

    @Test("Every sign-in has a token of its own")
    func tokens() {
        let tokens = (0..<1000).map { _ in SessionToken() }
        #expect(Set(tokens.map(\.text)).count == 1000)
        for token in tokens.prefix(20) { #expect(SessionToken(token.text)?.hash == token.hash) }
    }
}

@Suite("Network addresses")
struct NetworkAddressTests {
    @Test(
        "Addresses that one attacker has are one place",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "20010db800010002/64"),
            ("2001:DB8:1:2::1", "20010db800010002/64"), ("fe80::1%eth0", "fe80000000000000/64"),
            ("::1", "0000000000000000/64"),
            ("unknown", "unknown"), ("", ""),
        ]
    )
    func networks(_ address: String, _ network: String) {
        #expect(NetworkAddress.network(of: address) == network)
    }

    @Test("Neighbouring networks are two places")
    func neighbours() {
        #expect(NetworkAddress.network(of: "2001:db8:1:2::1") != NetworkAddress.network(of: "2001:db8:1:3::1"))
        #expect(NetworkAddress.network(of: "192.0.2.1") != NetworkAddress.network(of: "192.0.2.2"))
    }
}
