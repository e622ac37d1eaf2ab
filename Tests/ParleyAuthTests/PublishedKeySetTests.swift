import Foundation
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyAuth

@Suite("When a published key set is fetched")
struct FetchScheduleTests {
    /// Begins at each of some seconds, and ends at once; says when a fetch was allowed.
    private func fetches(_ asks: [(FetchSchedule.Occasion, Int)], broughtKeys: Bool) -> [Int] {
        var schedule = FetchSchedule()
        return asks.compactMap { occasion, second in
            let isAllowed = schedule.begin(occasion, at: .seconds(second))
            if isAllowed { schedule.end(broughtKeys: broughtKeys) }
            return isAllowed ? second : nil
        }
    }

    @Test("The first one at once, whoever asks; while keys come, one an hour")
    func calm() {
        #expect(fetches([(.time, 0), (.time, 30), (.time, 3599), (.time, 3600)], broughtKeys: true) == [0, 3600])
        #expect(fetches([(.unknownKey, 7)], broughtKeys: true) == [7])
    }

    @Test("A name that is not known is asked for, at most every 30 seconds")
    func unknown() {
        let flood = (0...100).map { (FetchSchedule.Occasion.unknownKey, $0) }
        #expect(fetches(flood, broughtKeys: true) == [0, 30, 60, 90])
        #expect(fetches(flood, broughtKeys: false) == [0, 30, 60, 90])
        #expect(fetches([(.time, 0), (.unknownKey, 29), (.unknownKey, 30)], broughtKeys: true) == [0, 30])
    }

    @Test("A failure is tried again after 30 seconds")
    func failure() {
        #expect(fetches([(.time, 0), (.time, 29), (.time, 30), (.time, 60)], broughtKeys: false) == [0, 30, 60])
    }

    @Test("One fetch at a time")
    func underWay() {
        var schedule = FetchSchedule()
        let first = schedule.begin(.time, at: .zero)
        let meanwhile = [
            schedule.begin(.time, at: .seconds(90_000)), schedule.begin(.unknownKey, at: .seconds(90_000)),
        ]
        schedule.end(broughtKeys: false)
        let second = schedule.begin(.unknownKey, at: .seconds(90_000))
        #expect(first && second)
        #expect(meanwhile == [false, false])
    }

    @Test("Keys hold for 24 hours after they were last seen, and expire once")
    func staleness() {
        var schedule = FetchSchedule()
        let never = schedule.expire(at: .seconds(1_000_000))
        for (second, broughtKeys) in [(100, true), (4000, false)] where schedule.begin(.time, at: .seconds(second)) {
            schedule.end(broughtKeys: broughtKeys)
        }
        let times = [86_499, 86_500, 86_501].map { schedule.expire(at: .seconds($0)) }
        #expect(!never)
        #expect(times == [false, true, false])
    }
}

@Suite("A published key set")
struct PublishedKeySetTests {
    /// A provider that answers as a test says, and counts.
    private final class FakeProvider: KeySetFetcher {
        enum Answer: Sendable {
            case keySet([UInt8])
            case failure
            /// Never answers.
            case silence
        }

        private let state: Mutex<(answer: Answer, fetches: Int)>

        init(_ answer: Answer) { state = Mutex((answer, 0)) }

        var fetches: Int { state.withLock { $0.fetches } }
        func answer(_ answer: Answer) { state.withLock { $0.answer = answer } }

        func fetch() async throws -> [UInt8] {
            let answer = state.withLock { state in
                state.fetches += 1
                return state.answer
            }
            switch answer {
            case .keySet(let bytes): return bytes
            case .failure: throw ParleyError.invalid("jwt.jwks", "The provider answers 503.")
            case .silence:
                let (stream, _) = AsyncStream<Never>.makeStream()
                for await _ in stream {}
                throw CancellationError()
            }
        }
    }

    /// A clock whose short waits, for an answer, and long ones, between two looks, are in a test's hands apart.
    private struct TwoClocks: Clock {
        let looks = TestClock()
        let answers = TestClock()

        var now: TestClock.Instant { looks.now }
        var minimumResolution: Duration { looks.minimumResolution }

        func sleep(until deadline: TestClock.Instant, tolerance: Duration?) async throws {
            let wait = looks.now.duration(to: deadline)
            guard wait <= Limits.keySetTimeout else { return try await looks.sleep(until: deadline) }
            try await answers.sleep(for: wait)
        }
    }

    /// A gate before a provider, with both its clocks in a test's hands.
    private struct Gate {
        let provider: FakeProvider
        let verifier: TokenVerifier
        let stopwatch = TwoClocks()
        let lines: RecordingLog.Lines

        init(_ answer: FakeProvider.Answer, secrets: [HMACSecret] = []) throws {
            provider = FakeProvider(answer)
            let (logger, lines) = RecordingLog.make()
            self.lines = lines
            let settings = TokenSettings(keys: secrets, keySet: .published(provider))
            verifier = try TokenVerifier(settings: settings, clock: SetClock(), logger: logger, stopwatch: stopwatch)
        }

        func believes(_ token: String) async -> Bool {
            do {
                return try await verifier.identity(of: token).email.value == "ann@example.com"
            } catch {
                return false
            }
        }

        /// Follows the key set while a test runs.
        func following(_ test: () async throws -> Void) async throws {
            try await withThreadPool(1) { pool in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await verifier.followKeySet(on: pool) }
                    await stopwatch.looks.sleepers(atLeast: 1)
                    try await test()
                    group.cancelAll()
                }
            }
        }

        /// Lets time pass as the follower sees it, a look at a time.
        func pass(_ looks: Int) async {
            for _ in 0..<looks {
                stopwatch.looks.advance(by: Limits.keySetRecheck)
                await stopwatch.looks.sleepers(atLeast: 1)
            }
        }
    }

    private static let first = KeyForge.keySet(KeyForge.es256.key())
    private static let both = KeyForge.keySet(KeyForge.es256.key(), KeyForge.eddsa.key())

    @Test("The keys are fetched at the start, and again when an hour has passed")
    func hourly() async throws {
        let gate = try Gate(.keySet(Self.first))
        try await gate.following {
            let token = try KeyForge.es256.token()
            #expect(await gate.believes(token))
            #expect(gate.provider.fetches == 1)
            gate.provider.answer(.keySet(KeyForge.keySet(KeyForge.eddsa.key())))
            await gate.pass(119)
            #expect(gate.provider.fetches == 1)
            #expect(await gate.believes(token))
            await gate.pass(1)
            #expect(gate.provider.fetches == 2)
            #expect(await !gate.believes(token))
        }
    }

    @Test(
        "A token of a key that has only just been published holds at once; made-up names cost one fetch in 30 seconds"
    )
    func unknownKey() async throws {
        let gate = try Gate(.keySet(Self.first))
        #expect(try await gate.believes(KeyForge.es256.token()))
        #expect(gate.provider.fetches == 1)
        gate.provider.answer(.keySet(Self.both))
        let new = try KeyForge.eddsa.token()
        #expect(await !gate.believes(new))
        gate.stopwatch.looks.advance(by: Limits.keySetRecheck)
        #expect(await gate.believes(new))
        #expect(gate.provider.fetches == 2)
        for number in 0..<100 {
            let madeUp = try KeyForge.eddsa.token(header: "{\"alg\":\"EdDSA\",\"kid\":\"\(number)\"}")
            #expect(await !gate.believes(madeUp))
        }
        #expect(gate.provider.fetches == 2)
        gate.stopwatch.looks.advance(by: Limits.keySetRecheck)
        #expect(try await !gate.believes(KeyForge.eddsa.token(header: #"{"alg":"EdDSA","kid":"made up"}"#)))
        #expect(gate.provider.fetches == 3)
        #expect(await gate.believes(new))
    }

    @Test("Only a name can make the gate fetch: nothing else of a bad token does")
    func otherFlaws() async throws {
        let gate = try Gate(.keySet(Self.first))
        #expect(try await gate.believes(KeyForge.es256.token()))
        gate.stopwatch.looks.advance(by: Limits.keySetRecheck)
        let good = try KeyForge.es256.token()
        for token in [
            "", "..", good + "A", String(good.dropLast(2)) + "AA",
            try KeyForge.eddsa.token(header: KeyForge.es256.header),
            try KeyForge.es256.token(header: #"{"alg":"none","kid":"e"}"#),
            try KeyForge.es256.token(header: #"{"alg":"ES256","kid":"x","jku":"https://evil.example/","crit":[]}"#),
        ] {
            #expect(await !gate.believes(token))
        }
        #expect(gate.provider.fetches == 1)
    }

    @Test("A provider that is down ends nothing for a day, then its keys go, and come back with it")
    func outage() async throws {
        let secret = HMACSecret(kid: nil, bytes: Forge.secret)
        let gate = try Gate(.keySet(Self.first), secrets: [secret])
        try await gate.following {
            let token = try KeyForge.es256.token()
            #expect(await gate.believes(token))
            gate.provider.answer(.failure)
            await gate.pass(2879)
            #expect(await gate.believes(token))
            // From the hour on, each look is a try; the log is told once.
            #expect(gate.provider.fetches == 1 + 2879 - 119)
            #expect(gate.lines.text.components(separatedBy: "The provider answers 503.").count == 2)
            await gate.pass(1)
            #expect(await !gate.believes(token))
            #expect(gate.lines.text.contains("error The key set's keys are too old and hold no longer"))
            #expect(await gate.believes(Forge.token()))
            gate.provider.answer(.keySet(Self.first))
            await gate.pass(1)
            #expect(await gate.believes(token))
        }
    }

    @Test("A provider that does not answer is waited for one second")
    func silence() async throws {
        let gate = try Gate(.silence)
        let token = try KeyForge.es256.token()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await gate.believes(token) }
            await gate.stopwatch.answers.sleepers(atLeast: 1)
            // Meanwhile nobody else waits, nor fetches.
            #expect(await !gate.believes(token))
            #expect(gate.provider.fetches == 1)
            gate.stopwatch.answers.advance(by: Limits.keySetTimeout)
            #expect(await group.next() == false)
        }
        #expect(gate.lines.text.contains("The key set did not come within"))
    }

    @Test("Who leaves while the keys are fetched for them leaves nothing behind")
    func leaving() async throws {
        let gate = try Gate(.silence)
        let token = try KeyForge.es256.token()
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await gate.believes(token) }
            await gate.stopwatch.answers.sleepers(atLeast: 1)
            group.cancelAll()
            #expect(await group.next() == false)
        }
        #expect(!gate.lines.text.contains("warning"))
        gate.provider.answer(.keySet(Self.first))
        gate.stopwatch.looks.advance(by: Limits.keySetRecheck)
        #expect(await gate.believes(token))
    }

    @Test("What is no key set is not taken for one", arguments: ["", "<html>", "{}", "{\"keys\":[]}"])
    func nonsense(_ text: String) async throws {
        let gate = try Gate(.keySet(Self.first))
        let token = try KeyForge.es256.token()
        #expect(await gate.believes(token))
        gate.provider.answer(.keySet(Array(text.utf8)))
        gate.stopwatch.looks.advance(by: Limits.keySetRecheck)
        #expect(try await !gate.believes(KeyForge.eddsa.token()))
        #expect(gate.provider.fetches == 2)
        #expect(await gate.believes(token))
        #expect(gate.lines.text.contains("warning The key set's former keys stay"))
    }

    @Test("Without any key the gate is closed, and says nothing is wrong with the configuration")
    func closed() async throws {
        let gate = try Gate(.failure)
        #expect(try await !gate.believes(KeyForge.es256.token()))
        #expect(await !gate.believes(Forge.token()))
    }
}
