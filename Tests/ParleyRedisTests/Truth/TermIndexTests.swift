import ParleyCore
import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

/// The index of terms as the scripts keep it, in a real Redis.
@Suite
struct TermIndexTests {
    private static let words =
        (0..<60).map { "word\($0)" } + [
            "a", "ab", "abc", "abcd", "naïve", "пеликан", "пели", "東京", "京都", "東", "தமிழ்", "தம", "안녕하세요",
        ]

    private static func text(_ random: inout SplitMix64) -> String {
        let few = Int.random(in: 1...words.count, using: &random)
        return (0..<Int.random(in: 1...12, using: &random))
            .map { _ in words[Int.random(in: 0..<few, using: &random)] }
            .joined(separator: " ")
    }

    @Test(
        "The index holds what the texts hold, whatever was written, edited and deleted",
        arguments: [1, 2, 3] as [UInt64]
    )
    func randomised(_ seed: UInt64) async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                var random = SplitMix64(seed: seed)
                var index = try await IndexUnderTest(client)
                let conversations = (1...5).map { ConversationID(high: UInt64($0), low: 9) }
                var counts: [ConversationID: Int] = [:]
                for step in 0..<1500 {
                    let conversation = conversations[Int.random(in: 0..<5, using: &random)]
                    let count = counts[conversation, default: 0]
                    switch Int.random(in: 0..<10, using: &random) {
                    case 0..<5:
                        counts[conversation] = count + 1
                        try await index.set(
                            Self.text(&random),
                            at: .init(conversation: conversation, seq: count + 1),
                            createdAt: Int64(step * 7919 % 1500)
                        )
                    case 5..<8:
                        let seq = Int.random(in: 0...count, using: &random)
                        try await index.set(Self.text(&random), at: .init(conversation: conversation, seq: seq))
                    default:
                        let seq = Int.random(in: 0...count, using: &random)
                        try await index.set(nil, at: .init(conversation: conversation, seq: seq))
                    }
                }
                for text in Self.words + Self.words.map({ $0.prefix(1) + "*" }) + ["abc word1 ", "word1 word2 word3 "] {
                    guard let query = SearchQuery(text) else { continue }
                    let expected = Set(index.texts.filter { query.matches($0.value.text) }.keys)
                    #expect(try await index.candidates(query) == expected.filter { $0.seq > 0 }, "\(text)")
                    #expect(
                        try await index.candidates(query, titles: true) == expected.filter { $0.seq == 0 },
                        "\(text)"
                    )
                }
                for place in index.texts.keys { try await index.set(nil, at: place) }
                let names = try await index.names()
                #expect(names.allSatisfy { !$0.contains(":term") && !$0.contains(":documents:") }, "\(names)")
            }
        }
    }

    @Test("What is found comes by time, not in the order in which it came", arguments: [1, 7, 1000])
    func order(_ limit: Int) async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                var index = try await IndexUnderTest(client)
                let conversation = ConversationID(high: 1, low: 1)
                // Half of them are old ones that came last.
                let times = (0..<400).map { Int64($0 < 200 ? 1_000_000 + $0 : $0 / 2) }
                for (number, time) in times.enumerated() {
                    let text = number % 3 == 0 ? "pelican heron" : "heron"
                    try await index.set(text, at: .init(conversation: conversation, seq: number + 1), createdAt: time)
                }
                let query = try #require(SearchQuery("pelican heron"))
                let expected = times.enumerated().filter { $0.offset % 3 == 0 }.map(\.element).sorted(by: >)
                #expect(try await index.walk(query, limit).map(\.createdAt.microseconds) == expected)
                let late = try await index.walk(query, limit, notAfter: Timestamp(microseconds: 150))
                #expect(late.map(\.createdAt.microseconds) == expected.filter { $0 <= 150 })
            }
        }
    }

    @Test("A prefix that stands for too many terms, and lists that are too long, leave it to the texts")
    func tooMany() async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                var index = try await IndexUnderTest(client)
                let place = IndexUnderTest.Place(conversation: ConversationID(high: 1, low: 1), seq: 1)
                let words = (0..<600).map { "p\($0)" }.joined(separator: " ")
                try await index.set(words, at: place, createdAt: 5)
                let other = IndexUnderTest.Place(conversation: ConversationID(high: 1, low: 1), seq: 2)
                try await index.set("heron", at: other, createdAt: 6)
                #expect(try await index.candidates(try #require(SearchQuery("p"))) == [place, other])
                #expect(try await index.candidates(try #require(SearchQuery("p* heron"))) == [other])
                #expect(try await index.candidates(try #require(SearchQuery("p59"))) == [place])
            }
        }
    }

    @Test("Who is no member learns nothing")
    func access() async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                var index = try await IndexUnderTest(client)
                try await index.set("heron", at: .init(conversation: ConversationID(high: 1, low: 1), seq: 1))
                let reader = IndexReader(redis: client, base: index.base, timeout: nil)
                let query = try #require(SearchQuery("heron"))
                let mallory = Identity(email: EmailAddress(normalized: "mallory@example.com"))
                #expect(try await reader.candidates(for: query, as: mallory) == nil)
                #expect(try await reader.candidates(for: query, as: index.identity)?.last == 1)
            }
        }
    }
}
