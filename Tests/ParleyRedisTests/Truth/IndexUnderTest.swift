import ParleyCore
import ParleyTesting
import RedisWire

@testable import ParleyRedis

/// A project's index in a real Redis beside a plain account of what should be in it.
struct IndexUnderTest: Sendable {
    /// A conversation's title (0) or one of its messages.
    struct Place: Hashable, Sendable {
        let conversation: ConversationID
        let seq: Int
    }

    static let put = RedisScript(
        TermIndex.functions + "index_put(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])"
    )
    static let title = RedisScript(TermIndex.functions + "index_title(KEYS[1], ARGV[1], ARGV[2], ARGV[3])")

    let redis: RedisClient
    let base: String
    let identity = Identity(email: EmailAddress(normalized: "alice@example.com"))
    /// The texts, and the times of the messages.
    private(set) var texts: [Place: (text: String, createdAt: Int64)] = [:]

    init(_ redis: RedisClient, project: ProjectID = ProjectID(high: 7, low: 7)) async throws {
        self.redis = redis
        base = "project:{\(project)}"
        _ = try await redis.send(
            ["HSET", .string(base + ":members"), .string(identity.email.value), "owner"],
            within: nil
        )
    }

    /// The text is this from now on; `nil`: it is gone.
    mutating func set(_ text: String?, at place: Place, createdAt: Int64 = 0) async throws {
        let old = TermIndex.terms(of: texts[place]?.text ?? "")
        let new = text.map(TermIndex.terms) ?? ""
        let time = texts[place]?.createdAt ?? createdAt
        texts[place] = text.map { ($0, time) }
        let sid = RedisArgument.string("\(place.conversation)")
        if place.seq == 0 {
            _ = try await redis.run(
                Self.title,
                keys: [.string(base)],
                arguments: [sid, .string(old), .string(new)],
                within: nil
            )
        } else {
            let arguments: [RedisArgument] = [
                sid, "m", .integer(place.seq), .integer(time), .string(old), .string(new),
            ]
            _ = try await redis.run(Self.put, keys: [.string(base)], arguments: arguments, within: nil)
        }
    }

    /// What the index says may match, titles or messages.
    func candidates(_ query: SearchQuery, titles: Bool = false) async throws -> Set<Place> {
        let reader = IndexReader(redis: redis, base: base, timeout: nil)
        let found = try await reader.candidates(for: query, mark: titles ? TermIndex.titleMark : "", as: identity)
        guard let found else { return [] }
        let places = try await reader.places(in: found.groups()[...])
        return Set(places.map { Place(conversation: $0.conversation, seq: $0.seq) })
    }

    /// The messages that may match, in the order in which they are looked at.
    func walk(_ query: SearchQuery, _ limit: Int, notAfter latest: Timestamp? = nil) async throws -> [IndexedPlace] {
        let reader = IndexReader(redis: redis, base: base, timeout: nil)
        guard let found = try await reader.candidates(for: query, as: identity) else { return [] }
        var walk = IndexWalk(found, of: reader, notAfter: latest)
        var places: [IndexedPlace] = []
        while true {
            let batch = try await walk.next(limit)
            if batch.isEmpty { return places }
            places += batch
            if let bound = walk.bound, let last = places.last, bound > last.createdAt { return [] }
        }
    }

    /// Every name of a key and every field of a hash.
    func names() async throws -> [String] {
        var names: [String] = []
        for key in try await redis.send(["KEYS", "*"], within: nil).elements.compactMap(\.string) {
            names.append(key)
            guard key.contains(":terms:") else { continue }
            names += try await redis.send(["HKEYS", .string(key)], within: nil).elements.compactMap(\.string)
        }
        return names
    }
}
