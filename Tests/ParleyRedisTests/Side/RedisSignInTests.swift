import Logging
import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("Accounts and sign-ins in Redis, cut between any two steps", .timeLimit(.minutes(15)))
struct RedisSignInTests {
    private let clock = ManualClock(tick: .zero)
    private let account = Account(
        email: EmailAddress(normalized: "{ada}%@example.org"),
        name: "Ada",
        department: nil,
        passwordHash: "old",
        createdAt: .example
    )

    private func session(_ number: UInt8) -> LoginSession {
        LoginSession(
            tokenHash: [UInt8](repeating: number, count: 32),
            email: account.email,
            createdAt: .example,
            expiresAt: clock.now() + .seconds(60)
        )
    }

    private func store(_ redis: any RedisCommanding) -> RedisStore {
        RedisStore(
            redis,
            clock: clock,
            ids: SequentialIDs(series: 1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs `body` with a store that is lost after each number of commands, until it is not lost any more.
    private func cuttingEverywhere(
        _ redis: RedisClient,
        prepare: (RedisStore) async throws -> Void,
        _ body: (RedisStore) async throws -> Void,
        check: (_ wasCut: Bool, RedisStore) async throws -> Void
    ) async throws {
        for commands in 0..<100 {
            _ = try await redis.send(["FLUSHALL"])
            let whole = store(redis)
            try await prepare(whole)
            let cut = CutRedis(redis, after: commands)
            do {
                try await body(store(cut))
            } catch {
                #expect(cut.isCut, "\(error)")
            }
            try await check(cut.isCut, whole)
            if !cut.isCut {
                #expect(commands > 0)
                return
            }
        }
        Issue.record("It never came to its end.")
    }

    @Test("A new password ends all sign-ins or none, and repeating it leaves nothing of them")
    func newPassword() async throws {
        try await LiveRedis.with { redis in
            try await redis.withClient { client in
                try await cuttingEverywhere(client) { store in
                    try await store.createAccount(account)
                    for number in 1...3 { try await store.createLoginSession(session(UInt8(number))) }
                } _: { store in
                    try await store.setPasswordHash("new", of: account.email)
                } check: { wasCut, store in
                    let isNew = try await store.account(account.email)?.passwordHash == "new"
                    #expect(isNew || wasCut)
                    for number in 1...3 {
                        let found = try await store.loginSession(session(UInt8(number)).tokenHash)
                        #expect((found == nil) == isNew)
                        if isNew {
                            #expect(try await store.deleteLoginSession(session(UInt8(number)).tokenHash) == nil)
                        }
                    }
                    try await store.setPasswordHash("newer", of: account.email)
                    #expect(try await client.send(["KEYS", "sign-in:*"]).elements.count == 0)
                    try await store.createLoginSession(session(9))
                    #expect(try await store.loginSession(session(9).tokenHash) != nil)
                }
            }
        }
    }

    @Test("A sign-in holds or is not there, and a new password finds it either way")
    func signIn() async throws {
        try await LiveRedis.with { redis in
            try await redis.withClient { client in
                try await cuttingEverywhere(client) { store in
                    try await store.createAccount(account)
                } _: { store in
                    try await store.createLoginSession(session(1))
                } check: { wasCut, store in
                    let found = try await store.loginSession(session(1).tokenHash)
                    #expect(found != nil || wasCut)
                    try await store.setPasswordHash("new", of: account.email)
                    #expect(try await store.loginSession(session(1).tokenHash) == nil)
                    #expect(try await client.send(["KEYS", "sign-in:*"]).elements.count == 0)
                }
            }
        }
    }

    @Test("What has ended by time goes with the next sign-in; what was put off stays")
    func expiry() async throws {
        try await LiveRedis.with { redis in
            try await redis.withClient { client in
                let store = store(client)
                try await store.createAccount(account)
                for number in 1...2 { try await store.createLoginSession(session(UInt8(number))) }
                try await store.extendLoginSession(session(2).tokenHash, until: clock.now() + .seconds(100))
                clock.advance(by: .seconds(61))
                try await store.createLoginSession(session(3))
                #expect(try await client.send(["KEYS", "sign-in:*"]).elements.count == 2)
                #expect(try await store.loginSession(session(2).tokenHash) != nil)
                let keys = [RedisArgument.string(SideKeys.signIns(of: account.email))]
                #expect(try await client.send(RedisCommand(["ZCARD"] + keys)).integer == 2)
            }
        }
    }
}
