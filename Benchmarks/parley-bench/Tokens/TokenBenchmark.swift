import Crypto
import Foundation
import Histogram
import Logging
import ParleyAuth
import ParleyCore

/// Measures the gate for bearer tokens beside the bare operation that it can't do without.
///
/// Cold: a token that has not been seen; its ceiling is the check of its signature alone. Cached: one that was believed a
/// moment ago; its ceiling is the hash that it is known by.
struct TokenBenchmark {
    /// Between two looks at the clock that ends a round.
    private static let batch = 64

    let comparison: Comparison
    private let verifier: TokenVerifier
    private let subjects: [TokenSubject]

    /// Makes keys, and writes the public ones to a file as a provider would.
    init(comparison: Comparison, keySetPath: String, logger: Logger) throws {
        self.comparison = comparison
        subjects = try TokenSubject.all()
        let keySet: JSON = ["keys": .array(subjects.compactMap(\.publicKey))]
        try Data(keySet.serialized).write(to: URL(fileURLWithPath: keySetPath))
        let settings = TokenSettings(keys: [TokenSubject.secret], keySet: .file(keySetPath))
        verifier = try TokenVerifier(settings: settings, logger: logger)
    }

    /// Measures all there is, and hands each figure out when it is there.
    func run(_ report: (Figure) -> Void) async throws {
        for subject in subjects {
            let figure = try await comparison.measure(
                name: "tokens.\(subject.algorithm).cold",
                unit: "tokens/s",
                parley: { try await round(for: $0, before: verifier.forgetTokens) { try await check(subject) } },
                bare: { try await round(for: $0) { precondition(subject.checkSignature()) } }
            )
            report(figure)
        }
        let subject = subjects[0]
        let known = Self.hash(of: subject)
        let figure = try await comparison.measure(
            name: "tokens.cached",
            unit: "tokens/s",
            parley: { try await round(for: $0) { try await check(subject) } },
            bare: { try await round(for: $0) { precondition(Self.hash(of: subject) == known) } }
        )
        report(figure)
    }

    private func check(_ subject: TokenSubject) async throws {
        let identity = try await verifier.identity(of: subject.token)
        precondition(identity.department == "Engineering")
    }

    private static func hash(of subject: TokenSubject) -> SHA256Digest {
        SHA256.hash(data: Array(subject.token.utf8))
    }

    /// Does one thing over and over; what comes `before` each is not in its latency.
    private func round(
        for duration: Duration,
        before: () -> Void = {},
        _ work: () async throws -> Void
    ) async throws -> LoadResult {
        var result = LoadResult()
        let process = ProcessorTime.ofProcess()
        let (clock, start) = (ContinuousClock(), ContinuousClock.now)
        while start.duration(to: clock.now) < duration {
            for _ in 0..<Self.batch {
                before()
                let begin = clock.now
                try await work()
                result.latencies.record(begin.duration(to: clock.now))
            }
        }
        result.elapsed = start.duration(to: clock.now)
        result.process = ProcessorTime.ofProcess() - process
        return result
    }
}
