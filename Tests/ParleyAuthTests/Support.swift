import Crypto
import Foundation
import Logging
import NIOPosix
import ParleyAuth
import ParleyCore
import Synchronization

/// A clock that a test sets.
final class SetClock: WallClock {
    static let start = 1_795_252_440
    private let time = Mutex(Timestamp(microseconds: Int64(start) * 1_000_000))

    func now() -> Timestamp { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// Signs whatever a test writes, well-formed or not.
struct Forge {
    static let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    static let header = #"{"alg":"HS256","typ":"JWT"}"#

    /// Claims that hold, as texts of their values.
    static let claims = [
        "iss": "\"parley\"", "aud": "\"parley\"", "email": "\"ann@example.com\"", "dept": "\"R&D\"",
        "iat": "\(SetClock.start)", "exp": "\(SetClock.start + 600)",
    ]

    /// The text of the claims with some replaced; `nil` leaves one out.
    static func claims(_ changes: [String: String?]) -> String {
        var claims = claims
        for (name, value) in changes { claims[name] = value }
        return "{" + claims.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    static func base64(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func sign(_ signed: String, secret: [UInt8] = secret) -> String {
        base64(HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: SymmetricKey(data: secret)))
    }

    static func token(header: String = header, claims: String = claims([:]), secret: [UInt8] = secret) -> String {
        let signed = base64(header.utf8) + "." + base64(claims.utf8)
        return signed + "." + sign(signed, secret: secret)
    }
}

/// Keeps accounts for one test, and counts what it is asked.
final class FakeAccountStore: AccountStore {
    struct State {
        var accounts: [EmailAddress: Account] = [:]
        var sessions: [[UInt8]: LoginSession] = [:]
        var lookups = 0
        var failsToExtend = false
        var failure: (any Error)?
    }

    let state = Mutex(State())

    private func use<Value>(_ body: (inout State) throws -> Value) throws -> Value {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }

    func createAccount(_ account: Account) async throws {
        try use { state in
            guard state.accounts[account.email] == nil else { throw ParleyError(.conflict, "There is one.") }
            state.accounts[account.email] = account
        }
    }

    func account(_ email: EmailAddress) async throws -> Account? {
        try use { state in
            state.lookups += 1
            return state.accounts[email]
        }
    }

    func setPasswordHash(_ hash: String, of email: EmailAddress) async throws {
        throw ParleyError.notFound
    }

    func createLoginSession(_ session: LoginSession) async throws {
        try use { $0.sessions[session.tokenHash] = session }
    }

    func loginSession(_ tokenHash: [UInt8]) async throws -> (session: LoginSession, account: Account)? {
        try use { state in
            state.lookups += 1
            guard let session = state.sessions[tokenHash], let account = state.accounts[session.email] else {
                return nil
            }
            return (session, account)
        }
    }

    func extendLoginSession(_ tokenHash: [UInt8], until expiry: Timestamp) async throws {
        try use { state in
            guard !state.failsToExtend else { throw ParleyError.unavailable("Read only.") }
            guard let session = state.sessions[tokenHash] else { return }
            state.sessions[tokenHash] = LoginSession(
                tokenHash: tokenHash,
                email: session.email,
                createdAt: session.createdAt,
                expiresAt: expiry
            )
        }
    }

    func deleteLoginSession(_ tokenHash: [UInt8]) async throws -> EmailAddress? {
        try use { $0.sessions.removeValue(forKey: tokenHash)?.email }
    }
}

/// Lets every key pass so many times, and remembers which were asked for.
final class FakeLimiter: RateLimiter {
    private let budget: Int
    private let taken = Mutex<[String: Int]>([:])

    init(budget: Int = .max) { self.budget = budget }

    var keys: [String: Int] { taken.withLock { $0 } }

    func take(_ key: String, from limit: RateLimit) async -> Duration? {
        taken.withLock { taken in
            guard taken[key, default: 0] < budget else { return .seconds(7) }
            taken[key, default: 0] += 1
            return [.signIns, .registrations].contains(limit) ? nil : .seconds(999)
        }
    }
}

/// Keeps what is logged.
struct RecordingLog: LogHandler {
    final class Lines: Sendable {
        let all = Mutex<[String]>([])
        var text: String { all.withLock { $0.joined(separator: "\n") } }
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.all.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }

    static func make() -> (logger: Logger, lines: Lines) {
        let lines = Lines()
        return (Logger(label: "test") { _ in RecordingLog(lines: lines) }, lines)
    }
}

/// Lends a started pool for the time of a test.
func withThreadPool<Value>(_ threads: Int = 2, _ body: (NIOThreadPool) async throws -> Value) async throws -> Value {
    let pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    do {
        let value = try await body(pool)
        try await pool.shutdownGracefully()
        return value
    } catch {
        try await pool.shutdownGracefully()
        throw error
    }
}

extension PasswordHasher {
    /// So little work that a test may hash often.
    static let quick = ScryptParameters(logRounds: 4, blockSize: 1, parallelism: 1) ?? .standard
}

/// A value that a test's tasks share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    var current: Value { value.withLock { $0 } }
    func update(_ change: @Sendable (inout sending Value) -> Void) { value.withLock { change(&$0) } }
}
