import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("An address has one account", arguments: StoreFactory.all)
    func accounts(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let account = Self.account(.alice)
            #expect(try await t.accounts.account(account.email) == nil)
            try await t.accounts.createAccount(account)
            #expect(try await t.accounts.account(account.email) == account)
            await expectError(.conflict) { try await t.accounts.createAccount(account) }
            let bare = Account(
                email: Identity.bob.email,
                name: nil,
                department: nil,
                passwordHash: "$scrypt$x",
                createdAt: .example
            )
            try await t.accounts.createAccount(bare)
            #expect(try await t.accounts.account(bare.email) == bare)
        }
    }

    @Test("Of accounts made at the same time for one address one is made", arguments: StoreFactory.all)
    func accountRace(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let made = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        do {
                            try await t.accounts.createAccount(Self.account(.alice))
                            return true
                        } catch {
                            #expect((error as? ParleyError)?.code == .conflict)
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 1)
        }
    }

    @Test("A sign-in holds until its time has come", arguments: StoreFactory.all)
    func loginSessions(_ factory: StoreFactory) async throws {
        try await factory.withStore(tick: .zero) { t in
            let account = Self.account(.alice)
            try await t.accounts.createAccount(account)
            let session = Self.session(1, of: .alice, until: t.clock.now() + .seconds(60))
            try await t.accounts.createLoginSession(session)
            let found = try #require(try await t.accounts.loginSession(session.tokenHash))
            #expect(found.session == session)
            #expect(found.account == account)
            #expect(try await t.accounts.loginSession([UInt8](repeating: 9, count: 32)) == nil)

            t.clock.advance(by: .seconds(59))
            let later = t.clock.now() + .seconds(60)
            try await t.accounts.extendLoginSession(session.tokenHash, until: later)
            t.clock.advance(by: .seconds(59))
            #expect(try await t.accounts.loginSession(session.tokenHash)?.session.expiresAt == later)
            t.clock.advance(by: .seconds(1))
            #expect(try await t.accounts.loginSession(session.tokenHash) == nil)
            // What has ended is not brought back.
            try await t.accounts.extendLoginSession(session.tokenHash, until: later + .seconds(60))
            #expect(try await t.accounts.loginSession(session.tokenHash) == nil)
        }
    }

    @Test("A sign-in that is ended is ended at once, the others go on", arguments: StoreFactory.all)
    func signOut(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            try await t.accounts.createAccount(Self.account(.alice))
            let expiry = t.clock.now() + .seconds(60)
            let first = Self.session(1, of: .alice, until: expiry)
            let second = Self.session(2, of: .alice, until: expiry)
            try await t.accounts.createLoginSession(first)
            try await t.accounts.createLoginSession(second)
            #expect(try await t.accounts.deleteLoginSession(first.tokenHash) == Identity.alice.email)
            #expect(try await t.accounts.deleteLoginSession(first.tokenHash) == nil)
            #expect(try await t.accounts.loginSession(first.tokenHash) == nil)
            #expect(try await t.accounts.loginSession(second.tokenHash) != nil)
            try await t.accounts.extendLoginSession(first.tokenHash, until: expiry + .seconds(1))
            #expect(try await t.accounts.loginSession(first.tokenHash) == nil)
        }
    }

    @Test("A new password ends all sign-ins of its account", arguments: StoreFactory.all)
    func newPassword(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let expiry = t.clock.now() + .seconds(60)
            for (number, person) in [Identity.alice, .alice, .bob].enumerated() {
                if number != 1 { try await t.accounts.createAccount(Self.account(person)) }
                try await t.accounts.createLoginSession(Self.session(UInt8(number), of: person, until: expiry))
            }
            try await t.accounts.setPasswordHash("$scrypt$new", of: Identity.alice.email)
            let account = try #require(try await t.accounts.account(Identity.alice.email))
            #expect(account.passwordHash == "$scrypt$new")
            #expect(account.name == "alice" && account.department == "birds")
            #expect(try await t.accounts.loginSession([UInt8](repeating: 0, count: 32)) == nil)
            #expect(try await t.accounts.loginSession([UInt8](repeating: 1, count: 32)) == nil)
            #expect(try await t.accounts.loginSession([UInt8](repeating: 2, count: 32)) != nil)
            await expectError(.notFound) { try await t.accounts.setPasswordHash("x", of: Identity.nobody.email) }
            await expectError(.notFound) {
                try await t.accounts.createLoginSession(Self.session(7, of: .nobody, until: expiry))
            }
        }
    }

    @Test("The query log keeps each turn's line, oldest first", arguments: StoreFactory.all)
    func queryLog(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            func line(_ seconds: Int, _ status: MessageStatus, tokens: TokenUsage?) -> QueryLogEntry {
                QueryLogEntry(
                    time: .example + .seconds(seconds),
                    email: Identity.alice.email,
                    department: tokens == nil ? nil : "birds",
                    sessionID: tokens == nil ? nil : "sid",
                    conversationID: t.id(),
                    messageID: t.id(),
                    model: tokens == nil ? nil : "gull-2",
                    latencyMilliseconds: 12,
                    firstTokenMilliseconds: tokens == nil ? nil : 5,
                    tokensUsed: tokens,
                    status: status
                )
            }
            let usage = TokenUsage(prompt: 3, completion: 4)
            let lines = [
                line(1, .delivered, tokens: usage), line(2, .failed, tokens: nil),
                line(3, .interrupted, tokens: usage),
            ]
            for index in [2, 0, 1] { try await t.queryLog.record(lines[index]) }
            #expect(try await t.queryLog.entries(since: .example, limit: 10) == lines)
            #expect(try await t.queryLog.entries(since: .example, limit: 2) == Array(lines.prefix(2)))
            #expect(try await t.queryLog.entries(since: lines[1].time, limit: 10) == Array(lines.dropFirst()))
            #expect(try await t.queryLog.entries(since: lines[2].time + .microseconds(1), limit: 10).isEmpty)
        }
    }

    private static func account(_ identity: Identity) -> Account {
        Account(
            email: identity.email,
            name: identity.email.value.split(separator: "@").first.map(String.init),
            department: "birds",
            passwordHash: "$scrypt$ln=15,r=8,p=1$c2FsdA$aGFzaA",
            createdAt: .example
        )
    }

    private static func session(_ number: UInt8, of identity: Identity, until expiry: Timestamp) -> LoginSession {
        LoginSession(
            tokenHash: [UInt8](repeating: number, count: 32),
            email: identity.email,
            createdAt: .example,
            expiresAt: expiry
        )
    }
}
