import ParleyCore
import ParleyRedis
import RedisWire

/// How much memory a hundred thousand messages take in the old layouts and in Parley's.
struct LayoutMemory: Sendable {
    /// Bytes of keys, by `MEMORY USAGE`, and of the whole server.
    struct Use: Sendable {
        /// Everything.
        var all = 0
        /// The index of terms alone.
        var index = 0
        /// Keys of each kind, in the order of ``kinds``.
        var kinds: [Int] = []
        /// How much `used_memory` has grown.
        var server = 0
    }

    /// The kinds of keys in Parley's layout; what is none of them comes last.
    static let kinds = ["message", "log", "session", "place", "words", "postings", "documents", "numbers", "other"]

    let corpus = LegacyCorpus()
    let redis: RedisClient

    /// The old layouts: memory keys, sessions with embedded messages, or both.
    func old(memoryKeys: Bool, sessions: Bool) async throws -> Use {
        try await measure {
            for project in 0..<corpus.projects {
                for conversation in 0..<corpus.conversationsPerProject {
                    let places = corpus.places(project, conversation)
                    if memoryKeys { for place in places { try await set(corpus.memoryKey(place)) } }
                    if sessions, let session = corpus.session(places) { try await set(session) }
                }
            }
        }
    }

    /// Parley's, with or without the index of terms.
    func new(_ store: RedisStore) async throws -> Use {
        let identity = Identity(email: EmailAddress(normalized: "alice@example.com"))
        return try await measure {
            for project in 0..<corpus.projects {
                let made = try await store.createProject(NewProject(name: "Project \(project)"), as: identity)
                for conversation in 0..<corpus.conversationsPerProject {
                    let places = corpus.places(project, conversation)
                    let id = ConversationID(places.first.map { corpus.sessionID($0) } ?? "")
                    let input = NewConversation(
                        id: id,
                        title: "Conversation \(places.first?.number ?? 0)",
                        projectID: made.value.id
                    )
                    let home = try await store.createConversation(input, as: identity).value.id
                    _ = try await store.appendMessages(
                        places.map { corpus.message($0) },
                        to: home,
                        expectedRevision: nil,
                        as: identity
                    )
                }
            }
        }
    }

    private func set(_ pair: (key: String, value: [UInt8])) async throws {
        _ = try await redis.send(["SET", .string(pair.key), .bytes(pair.value)], within: nil)
    }

    private func measure(_ write: () async throws -> Void) async throws -> Use {
        _ = try await redis.send(["FLUSHALL"], within: nil)
        let before = try await usedMemory()
        try await write()
        var use = Use()
        use.server = try await usedMemory() - before
        var cursor = "0"
        repeat {
            let reply = try await redis.send(["SCAN", .string(cursor), "COUNT", 500], within: nil)
            let parts = Array(reply.elements)
            cursor = parts.first?.string ?? "0"
            let keys = parts.last?.elements.map { RedisArgument.bytes($0.withText { Array($0) }) } ?? []
            guard !keys.isEmpty else { continue }
            let sums = try await redis.run(Self.sum, keys: keys, arguments: [], within: nil).elements.map {
                $0.integer ?? 0
            }
            for (kind, sum) in sums.enumerated() {
                if use.kinds.count <= kind { use.kinds.append(0) }
                use.kinds[kind] += Int(sum)
                use.all += Int(sum)
                if Self.isIndex(kind) { use.index += Int(sum) }
            }
        } while cursor != "0"
        return use
    }

    private func usedMemory() async throws -> Int {
        let lines = try await redis.send(["INFO", "memory"], within: nil).string ?? ""
        let line = lines.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
        return line.flatMap { Int($0.dropFirst("used_memory:".count)) } ?? 0
    }

    /// Whether a kind of keys is the index's.
    private static func isIndex(_ kind: Int) -> Bool {
        ["words", "postings", "documents", "numbers"].contains(kinds[kind])
    }

    /// What keys of each kind take.
    private static let sum = RedisScript(
        """
        local patterns = {
            ':sessions:[%x-]+:messages:', ':sessions:[%x-]+:messages$', ':sessions:[%x-]+$', ':places:',
            '}:terms', '}:term:', '}:documents', ':sessions:[%x-]+:documents$', ''
        }
        local sums = {}
        for at = 1, #patterns do sums[at] = 0 end
        for _, key in ipairs(KEYS) do
            local use = redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) or 0
            for at, pattern in ipairs(patterns) do
                if string.find(key, pattern) then
                    sums[at] = sums[at] + use
                    break
                end
            end
        end
        return sums
        """
    )
}
