import Foundation
import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyAuth

/// Changes good tokens in every way an attacker without a key might, from a seed, and looks for one that is believed.
///
/// A believed one must say byte for byte what the good one said. Its signature may differ: of ES256 there are two for each
/// message, r and s, and r and n - s.
@Suite("Token fuzzing")
struct TokenFuzzTests {
    private static let rounds = 20_000
    private static let seed: UInt64 = 0x7061_726C_6579

    struct Subject: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let token: String
        /// Whether there is a second signature for what the token says.
        var hasTwin = false
    }

    private static let keySet = KeyForge.keySet(KeyForge.rs256.key(), KeyForge.es256.key(), KeyForge.eddsa.key())
    // Given in full, since a signature of ES256 is another one each time it is made.
    private static let es256Signature =
        "-cnWhBzKwqleyHxbkhfYHMjpd7dNd5JHjXAYee1tamlCwIWWpilHRWnEuppODTgbCEcuCvvSheSV7kqTYmC5Bw"

    static let subjects: [Subject] = [
        Subject(testDescription: "HS256", token: Forge.token(claims: claims)),
        Subject(testDescription: "RS256", token: signed(KeyForge.rs256)),
        Subject(testDescription: "ES256", token: signed(KeyForge.es256, es256Signature), hasTwin: true),
        Subject(testDescription: "EdDSA", token: signed(KeyForge.eddsa)),
    ]

    private static let claims = Forge.claims(["sid": "\"s-1\"", "aud": "[\"parley\"]", "nbf": "0"])

    private static func signed(_ forge: KeyForge, _ signature: String? = nil) -> String {
        let text = Forge.base64(forge.header.utf8) + "." + Forge.base64(claims.utf8)
        // Without its signature the good token is refused, which the test begins with.
        return text + "." + (signature ?? (try? forge.sign(Array(text.utf8))).map(Forge.base64) ?? "")
    }

    private func verifier() async throws -> TokenVerifier {
        var verifier: TokenVerifier?
        try await withFolder { folder in
            let path = folder + "/keys.json"
            try Data(Self.keySet).write(to: URL(fileURLWithPath: path))
            let settings = TokenSettings(keys: [HMACSecret(kid: nil, bytes: Forge.secret)], keySet: .file(path))
            verifier = try TokenVerifier(settings: settings, clock: SetClock())
        }
        return try #require(verifier)
    }

    @Test("No changed token is believed unless it says what the good one says", arguments: subjects)
    func mutations(_ subject: Subject) async throws {
        let verifier = try await verifier()
        let good = try await verifier.identity(of: subject.token)
        let message = subject.token[..<(subject.token.lastIndex(of: ".") ?? subject.token.endIndex)]
        var mutator = TokenMutator(seed: Self.seed, corpus: Self.subjects.map(\.token))
        var (refused, believed) = (0, 0)
        for round in 0..<Self.rounds {
            let token = mutator.mutate(subject.token)
            do {
                #expect(try await verifier.identity(of: token) == good)
                #expect(token.hasPrefix(message + "."), "round \(round): \(token)")
                believed += 1
            } catch {
                refused += 1
            }
        }
        // That the twin is found shows that the changes get as far as the signature.
        #expect(subject.hasTwin == (believed > 0), "\(believed)")
        #expect(refused > Self.rounds * 9 / 10)
    }

    @Test("No text stops what takes tokens and key sets apart, nor what is left of a good one")
    func parsers() throws {
        var mutator = TokenMutator(seed: Self.seed, corpus: Self.subjects.map(\.token))
        let settings = TokenSettings(keys: [])
        let now = SetClock().now()
        var refused = 0
        for _ in 0..<Self.rounds {
            let header = mutator.mutateJSON(Array(KeyForge.es256.header.utf8))
            let claims = mutator.mutateJSON(Array(Self.claims.utf8))
            let keySet = mutator.mutateJSON(Self.keySet)
            do { _ = try TokenHeader(header) } catch { refused += 1 }
            do { _ = try TokenClaims(claims, settings: settings, now: now) } catch { refused += 1 }
            do { _ = try KeyRing([], keySet: keySet) } catch { refused += 1 }
        }
        #expect(refused > Self.rounds && refused < 3 * Self.rounds)
    }
}

/// Makes bad tokens of good ones.
struct TokenMutator {
    private var random: SplitMix64
    private let corpus: [String]

    init(seed: UInt64, corpus: [String]) {
        random = SplitMix64(seed: seed)
        self.corpus = corpus
    }

    private static let headers = [
        #"{"alg":"none"}"#, #"{"alg":"HS256"}"#, #"{"alg":"RS256","kid":"r"}"#, #"{"alg":"ES256","kid":"e"}"#,
        #"{"alg":"EdDSA","kid":"o"}"#, #"{"alg":"HS256","kid":"r"}"#, #"{"alg":"ES256","kid":"o"}"#, "{}",
    ]
    private static let fragments = [
        "\"", "{", "}", "[", "]", ",", ":", "\\", "\\u0000", "\\ud800", "null", "true", "1e999", "-0", "0.1",
        "\u{FEFF}",
        "\"alg\":\"none\",", "\"kid\":\"r\",", "\"exp\":99999999999,", "\"crit\":[],", "\"email\":\"eve@example.com\",",
        "\"aud\":[],", "\"d\":\"AQ\",", "\"use\":\"enc\",", "9999999999999999999999", "[[[[[[[[", "\u{0}", "é",
    ]

    /// A token that differs from this one.
    mutating func mutate(_ token: String) -> String {
        while true {
            let changed = change(token)
            if changed != token { return changed }
        }
    }

    private mutating func change(_ token: String) -> String {
        var parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let other = random.pick(corpus).split(separator: ".").map(String.init)
        let part = random.place(in: 3)
        switch random.place(in: 8) {
        case 0: return String(decoding: bytes(Array(token.utf8), alphabet: 0x20...0x7E), as: UTF8.self)
        case 1: return String(decoding: bytes(Array(token.utf8), alphabet: 0...0xFF), as: UTF8.self)
        case 2: parts[part] = other[part]
        case 3: parts[part] = random.pick(other + ["", "."] + parts)
        case 4: parts[part] = Forge.base64(bytes(decoded(parts[part]), alphabet: 0...0xFF))
        case 5: parts[0] = Forge.base64(random.pick(Self.headers).utf8)
        case 6: parts[part % 2] = Forge.base64(mutateJSON(decoded(parts[part % 2])))
        default: parts[2] = Forge.base64(signature(decoded(parts[2])))
        }
        return parts.joined(separator: ".")
    }

    private func decoded(_ part: String) -> [UInt8] { Base64.url.decode(part.utf8) ?? Array(part.utf8) }

    /// One to four bytes changed, put in, taken out, doubled or moved.
    private mutating func bytes(_ bytes: [UInt8], alphabet: ClosedRange<UInt8>) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.place(in: 4) {
            guard !bytes.isEmpty else { return [UInt8.random(in: alphabet, using: &random)] }
            let place = random.place(in: bytes.count)
            switch random.place(in: 6) {
            case 0: bytes[place] = UInt8.random(in: alphabet, using: &random)
            case 1: bytes[place] ^= 1 << UInt8(random.place(in: 8))
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(UInt8.random(in: alphabet, using: &random), at: place)
            case 4:
                bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + random.place(in: 40))], at: place)
            default: bytes.swapAt(place, random.place(in: bytes.count))
            }
        }
        return bytes
    }

    /// A JSON text with bytes changed or something put in where it may hurt.
    mutating func mutateJSON(_ text: [UInt8]) -> [UInt8] {
        guard random.oneIn(2) else { return bytes(text, alphabet: 0x20...0x7E) }
        var text = text
        let fragment = Array(random.pick(Self.fragments).utf8)
        // After the first brace a member may stand; anywhere else the text breaks.
        text.insert(contentsOf: fragment, at: random.oneIn(2) ? min(1, text.count) : random.place(in: text.count))
        return text
    }

    /// Another signature: shorter, longer, with zero, all ones or the group's order in one half, or ES256's twin.
    private mutating func signature(_ bytes: [UInt8]) -> [UInt8] {
        let half = bytes.count / 2
        let value = random.pick([
            [UInt8](repeating: 0, count: half), [UInt8](repeating: 0xFF, count: half), KeySetTokenTests.p256Order,
        ])
        switch random.place(in: 6) {
        case 0: return Array(bytes.prefix(random.place(in: bytes.count)))
        case 1: return bytes + value
        case 2: return value + bytes.suffix(half)
        case 3: return bytes.prefix(half) + value
        case 4: return bytes.suffix(half) + bytes.prefix(half)
        default: return bytes.prefix(half) + Self.difference(KeySetTokenTests.p256Order, Array(bytes.suffix(half)))
        }
    }

    /// a - b, big-endian, of 32 bytes each; `b` itself where it is of another length.
    private static func difference(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        guard a.count == b.count else { return b }
        var (difference, borrow) = (b, 0)
        for index in a.indices.reversed() {
            let value = Int(a[index]) - Int(b[index]) - borrow
            difference[index] = UInt8(truncatingIfNeeded: value)
            borrow = value < 0 ? 1 : 0
        }
        return difference
    }
}
