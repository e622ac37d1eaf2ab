import Foundation
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyAuth

@Suite("Key set's changes")
struct KeySetWatchTests {
    private static let secrets = [HMACSecret(kid: "s", bytes: Forge.secret)]
    private static let first = KeyForge.keySet(KeyForge.es256.key())
    private static let second = KeyForge.keySet(KeyForge.eddsa.key())

    private func watch() -> KeySetWatch { KeySetWatch(secrets: Self.secrets, content: Self.first) }

    /// What a look has brought, in a word.
    private func word(_ finding: KeySetWatch.Finding) -> String {
        switch finding {
        case .nothingNew: "nothing"
        case .keys: "keys"
        case .refusal(let error): error.parameter ?? "?"
        }
    }

    private func words(_ looks: [Result<[UInt8], ParleyError>]) -> [String] {
        var watch = watch()
        return looks.map { word(watch.see($0)) }
    }

    @Test("What was known changes nothing, what is new does, once")
    func changes() {
        #expect(words([.success(Self.first), .success(Self.first)]) == ["nothing", "nothing"])
        #expect(
            words([.success(Self.second), .success(Self.second), .success(Self.first)]) == ["keys", "nothing", "keys"]
        )
    }

    @Test("Of half a file nothing is believed, at whichever byte it was cut")
    func halves() {
        for length in 0..<Self.second.count {
            #expect(words([.success(Array(Self.second.prefix(length)))]) == ["jwt.jwks"], "\(length)")
        }
    }

    @Test("A bad file is complained of once, and again when it is bad in another way or anew")
    func complaints() {
        let (missing, bad) = (ParleyError.invalid("jwt.jwks", "Gone."), Array("{}".utf8))
        #expect(words([.failure(missing), .failure(missing)]) == ["jwt.jwks", "nothing"])
        #expect(words([.failure(missing), .success(bad), .success(bad)]) == ["jwt.jwks", "jwt.jwks", "nothing"])
        #expect(
            words([.success(bad), .success(Self.first), .success(bad)]) == ["jwt.jwks", "nothing", "jwt.jwks"]
        )
        #expect(words([.success(bad), .success(Self.second), .success(bad)]) == ["jwt.jwks", "keys", "jwt.jwks"])
    }

    @Test("A name that a secret bears is bad here too")
    func nameOfSecret() {
        let keySet = KeyForge.keySet(KeyForge.eddsa.key(["kid": "\"s\""]))
        #expect(words([.success(keySet)]) == ["jwt.jwks"])
    }

    /// A gate over a file that follows it, and what a test does with them.
    private struct Followed {
        let verifier: TokenVerifier
        let stopwatch: TestClock
        let path: String
        let lines: RecordingLog.Lines

        func write(_ keySet: [UInt8]) throws {
            try Data(keySet).write(to: URL(fileURLWithPath: path), options: .atomic)
        }

        /// Lets one look pass.
        func look() async {
            await stopwatch.sleepers(atLeast: 1)
            stopwatch.advance(by: Limits.keySetRecheck)
            await stopwatch.sleepers(atLeast: 1)
        }

        func believes(_ token: String) async -> Bool {
            do {
                return try await verifier.identity(of: token).email.value == "ann@example.com"
            } catch {
                return false
            }
        }
    }

    private func following(_ test: @Sendable @escaping (Followed) async throws -> Void) async throws {
        try await withFolder { folder in
            let path = folder + "/keys.json"
            try Data(Self.first).write(to: URL(fileURLWithPath: path))
            let (logger, lines) = RecordingLog.make()
            let settings = TokenSettings(keys: Self.secrets, keySet: .file(path))
            let (clock, stopwatch) = (SetClock(), TestClock())
            let verifier = try TokenVerifier(settings: settings, clock: clock, logger: logger, stopwatch: stopwatch)
            try await withThreadPool(1) { pool in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await verifier.followKeySet(on: pool) }
                    try await test(Followed(verifier: verifier, stopwatch: stopwatch, path: path, lines: lines))
                    group.cancelAll()
                }
            }
        }
    }

    @Test("Keys rotate while the server runs: a token that was believed a moment ago goes with its key")
    func rotation() async throws {
        try await following { gate in
            let (old, new) = (try KeyForge.es256.token(), try KeyForge.eddsa.token())
            let own = Forge.token(header: #"{"alg":"HS256","kid":"s"}"#)
            #expect(await gate.believes(old))
            #expect(await !gate.believes(new))
            try gate.write(Self.second)
            // Not before the look: until then the old keys hold, and the cache with them.
            #expect(await gate.believes(old))
            await gate.look()
            #expect(await !gate.believes(old))
            #expect(await gate.believes(new))
            #expect(await gate.believes(own))
            #expect(gate.lines.text.contains("notice The key set has changed"))
        }
    }

    @Test("A bad file keeps the former keys, with one warning; a good one after it counts")
    func badFile() async throws {
        try await following { gate in
            let (old, new) = (try KeyForge.es256.token(), try KeyForge.eddsa.token())
            try gate.write(Array(Self.second.dropLast()))
            await gate.look()
            await gate.look()
            #expect(await gate.believes(old))
            #expect(gate.lines.text.components(separatedBy: "warning The key set's former keys stay").count == 2)
            try FileManager.default.removeItem(atPath: gate.path)
            await gate.look()
            #expect(await gate.believes(old))
            #expect(gate.lines.text.contains("can't be opened"))
            try gate.write(Self.second)
            await gate.look()
            #expect(await !gate.believes(old))
            #expect(await gate.believes(new))
        }
    }

    @Test("Where there is no key set there is nothing to follow")
    func nothingToFollow() async throws {
        let verifier = try TokenVerifier(settings: TokenSettings(keys: Self.secrets), clock: SetClock())
        try await withThreadPool(1) { await verifier.followKeySet(on: $0) }
    }

    @Test("A file that can't be had at the start is a fault of the configuration")
    func unusableFile() async throws {
        try await withFolder { folder in
            func message(_ path: String) -> String? {
                let settings = TokenSettings(keySet: .file(path))
                let error = #expect(throws: ParleyError.self) { try TokenVerifier(settings: settings) }
                #expect(error?.parameter == "jwt.jwks")
                return error?.message
            }
            let path = folder + "/keys.json"
            #expect(message(path)?.hasPrefix("The key set '\(path)' can't be opened: ") == true)
            #expect(message(folder) == "The key set '\(folder)' is not a regular file.")
            try Data(count: 65_537).write(to: URL(fileURLWithPath: path))
            #expect(message(path) == "The key set '\(path)' is larger than 65536 bytes.")
            try Data(Self.first).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
            #expect(message(path) == "The key set '\(path)' can be written by anyone; run: chmod o-w '\(path)'.")
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            #expect(message(folder + "/pipe") == "The key set '\(folder)/pipe' is not a regular file.")
        }
    }

    @Test("Forgotten tokens are looked at again")
    func forgotten() async throws {
        let keys = TrustedKeys(try KeyRing(Self.secrets))
        let (key, settings) = (CacheKey("token"), TokenSettings(keys: Self.secrets))
        let now = SetClock().now()
        let claims = VerifiedToken(try TokenClaims(Array(Forge.claims([:]).utf8), settings: settings, now: now))
        let before = keys.current
        before.cache.keep(claims, of: key, now: now)
        #expect(keys.current.cache.verified(key, now: now) == claims)
        keys.forgetTokens()
        #expect(keys.current.cache.verified(key, now: now) == nil)
        // A check that was under way keeps what it found where nobody asks.
        before.cache.keep(claims, of: key, now: now)
        #expect(keys.current.cache.verified(key, now: now) == nil)
        try await keys.current.ring.check(CompactToken(Forge.token(header: #"{"alg":"HS256","kid":"s"}"#)))
    }
}
