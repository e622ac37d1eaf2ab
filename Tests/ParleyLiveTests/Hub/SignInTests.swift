import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("Sign-ins and tokens that end", .timeLimit(.minutes(15)))
struct SignInTests {
    static let one = [UInt8](repeating: 1, count: 32)
    static let two = [UInt8](repeating: 2, count: 32)

    /// Alice's account with two sign-ins, told of as in production.
    private func accounts(_ house: House) async throws -> PublishingAccountStore {
        let accounts = PublishingAccountStore(house.faulty.base.memory, bus: house.bus)
        let account = Account(
            email: Identity.alice.email,
            name: nil,
            department: nil,
            passwordHash: "hash",
            createdAt: .example
        )
        try await accounts.createAccount(account)
        for hash in [Self.one, Self.two] {
            let end = Timestamp.example + .seconds(1000)
            try await accounts.createLoginSession(
                LoginSession(tokenHash: hash, email: account.email, createdAt: .example, expiresAt: end)
            )
        }
        return accounts
    }

    @Test("Signing out closes that sign-in's connections, and no others", arguments: GroupKind.allCases)
    func signOut(kind: GroupKind) async throws {
        let house = House(kind)
        try await house.run {
            let accounts = try await accounts(house)
            let (_, conversation) = try await house.project()
            let first = LiveCredential.login(LoginKey(tokenHash: Self.one))
            let gone = [try await house.open(.alice, by: first), try await house.open(.alice, by: first)]
            let others = [
                try await house.open(.alice, by: .login(LoginKey(tokenHash: Self.two))),
                try await house.open(.alice),
                try await house.open(.bob, by: .login(LoginKey(high: 9, low: 9))),
            ]
            _ = try await accounts.deleteLoginSession(Self.one)
            for tab in gone { #expect(await tab.closing() == .signedOut) }
            let revision = try await house.say("After", in: conversation)
            for tab in others.prefix(2) { await tab.waits(for: revision, of: conversation) }
            for tab in others { #expect(tab.told.closings.isEmpty) }
            for tab in gone {
                await tab.fence()
                #expect(tab.told.types == ["ready"])
            }
        }
    }

    @Test("A new password closes all connections by sign-ins; tokens stay")
    func newPassword() async throws {
        let house = House()
        try await house.run {
            let accounts = try await accounts(house)
            let gone = [
                try await house.open(.alice, by: .login(LoginKey(tokenHash: Self.one))),
                try await house.open(.alice, by: .login(LoginKey(tokenHash: Self.two))),
            ]
            let token = try await house.open(.alice)
            try await accounts.setPasswordHash("another", of: Identity.alice.email)
            for tab in gone { #expect(await tab.closing() == .signedOut) }
            #expect(token.told.closings.isEmpty)
        }
    }

    @Test("A sign-in that ends while the connection is being made closes it when it is there")
    func signOutBeforeBeginning() async throws {
        let house = House()
        try await house.run {
            let accounts = try await accounts(house)
            let first = LiveCredential.login(LoginKey(tokenHash: Self.one))
            let open = try await house.open(.alice, by: first)
            let session = try house.hub.admit(.alice, by: first, greets: true)
            _ = try await accounts.deleteLoginSession(Self.one)
            #expect(await open.closing() == .signedOut)
            let tab = Tab(session, in: QueuedGroup())
            session.begin(tab)
            #expect(await tab.closing() == .signedOut)
            #expect(tab.told.frames.isEmpty)
        }
    }

    @Test("A sign-in that has ended before anybody listened for its end is found out")
    func signOutUnheard() async throws {
        let house = House()
        try await house.run {
            let ended = LiveCredential.login(LoginKey(tokenHash: Self.one)) {
                throw ParleyError(.unauthenticated, "Signed out.")
            }
            let tab = try house.connect(.alice, by: ended)
            #expect(await tab.closing() == .expired)
            let unknown = LiveCredential.login(LoginKey(tokenHash: Self.one)) { throw ParleyError.unavailable("Gone.") }
            let other = try house.connect(.alice, by: unknown)
            #expect(await other.closing() == .failure)
            for tab in [tab, other] { #expect(tab.told.frames.isEmpty) }
        }
    }

    @Test("What runs out closes the connection; what is extended doesn't")
    func expiry() async throws {
        let house = House()
        try await house.run {
            let end = Timestamp.example + .seconds(60)
            let over = LiveCredential(login: nil, expiresAt: end) { end }
            let refused = LiveCredential(login: nil, expiresAt: end) { throw ParleyError(.unauthenticated, "Over.") }
            let lost = LiveCredential(login: nil, expiresAt: end) { throw ParleyError.unavailable("Gone.") }
            let asked = Eventual<Void>()
            let extended = LiveCredential(login: nil, expiresAt: end) {
                asked.give(())
                return end + .seconds(60)
            }
            let tabs = [
                try await house.open(.alice, by: over), try await house.open(.alice, by: refused),
                try await house.open(.alice, by: lost),
            ]
            let stays = try await house.open(.alice, by: extended)
            house.clock.advance(by: .seconds(59))
            await house.advance(by: .seconds(1))
            // Once it has been looked, and those who look wait again.
            await house.stopwatch.sleepers(atLeast: 2)
            for tab in tabs { #expect(tab.told.closings.isEmpty) }
            house.clock.advance(by: .seconds(1))
            await house.advance(by: .seconds(1))
            for tab in tabs { #expect(await tab.closing() == .expired) }
            await asked.value()
            stays.sends(#"{"type":"ping"}"#)
            await stays.waits(for: "pong")
            #expect(stays.told.closings.isEmpty)
            house.clock.advance(by: .seconds(60))
            await house.advance(by: .seconds(1))
            #expect(await stays.closing() == .expired)
        }
    }

    @Test("Now and then it is looked whether one who stays may; what can't be found out is asked again")
    func revalidation() async throws {
        let house = House()
        try await house.run {
            let (first, second) = (Eventual<Void>(), Eventual<Void>())
            let count = Counter()
            let credential = LiveCredential(login: nil, expiresAt: .example + .seconds(1_000_000)) {
                guard count.next() == 1 else {
                    second.give(())
                    throw ParleyError(.unauthenticated, "Revoked.")
                }
                first.give(())
                throw ParleyError.unavailable("Gone.")
            }
            let tab = try await house.open(.alice, by: credential)
            house.clock.advance(by: Limits.socketRevalidation)
            await house.advance(by: .seconds(1))
            await first.value()
            tab.sends(#"{"type":"ping"}"#)
            await tab.waits(for: "pong")
            house.clock.advance(by: .seconds(1))
            await house.advance(by: .seconds(1))
            await second.value()
            #expect(await tab.closing() == .expired)
        }
    }

    @Test("However much a client asks for, what has run out is over")
    func busyClient() async throws {
        let house = House()
        try await house.run {
            let (_, conversation) = try await house.project()
            let (began, goesOn) = (Eventual<Void>(), Eventual<Void>())
            house.faulty.before { read in
                guard read == .changes else { return }
                began.give(())
                await goesOn.value()
            }
            let end = Timestamp.example + .seconds(60)
            let tab = try await house.open(.alice, by: LiveCredential(login: nil, expiresAt: end) { end })
            tab.subscribes(to: conversation, since: 0)
            await began.value()
            for _ in 0..<Limits.socketCommands { tab.subscribes(to: conversation, since: 0) }
            house.clock.advance(by: .seconds(60))
            await house.advance(by: .seconds(1))
            await house.stopwatch.sleepers(atLeast: 2)
            goesOn.give(())
            #expect(await tab.closing() == .expired)
            await tab.fence()
            #expect(tab.told.frames.count { $0.type == "subscribed" } <= 1)
        }
    }
}
