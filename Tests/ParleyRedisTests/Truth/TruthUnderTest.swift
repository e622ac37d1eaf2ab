import Logging
import ParleyCore
import ParleyTesting
import RedisWire

@testable import ParleyRedis

/// A Redis that is the truth, with a project of Alice's and a conversation of three messages in it.
struct TruthUnderTest: Sendable {
    static let alice = Identity(email: EmailAddress(normalized: "alice@example.com"))

    let redis: RedisClient
    let store: RedisStore
    let clock: ManualClock
    let project: ProjectID
    let conversation: ConversationID
    let messages: [Message]

    /// Gives `body` one on a server of its own.
    static func with(_ body: (TruthUnderTest) async throws -> Void) async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in try await body(try await TruthUnderTest(client)) }
        }
    }

    private init(_ redis: RedisClient) async throws {
        self.redis = redis
        clock = ManualClock(tick: .milliseconds(1))
        store = RedisStore(
            redis,
            clock: clock,
            ids: SequentialIDs(series: 1),
            logger: Logger(label: "test"),
            leasesGoByStoreClock: true
        )
        project = try await store.createProject(NewProject(name: "Birds"), as: Self.alice).value.id
        let input = NewConversation(title: "Waders and divers", projectID: project)
        conversation = try await store.createConversation(input, as: Self.alice).value.id
        messages = try await store.appendMessages(
            ["a heron stands", "a pelican dives", "an avocet wades"].map { NewMessage(role: .user, content: $0) },
            to: conversation,
            expectedRevision: nil,
            as: Self.alice
        ).value
    }

    var base: String { TruthKeys.project(project) }
    var session: String { base + TruthKeys.session(in: conversation) }

    func message(_ index: Int) -> String { base + TruthKeys.message(messages[index].id, of: conversation) }

    @discardableResult
    func command(_ words: String...) async throws -> RedisReply {
        try await redis.send(RedisCommand(words.map { .string($0) }), within: nil)
    }

    func examine(repairs: Bool = false) async throws -> DoctorReport {
        try await RedisDoctor(store, repairs: repairs).examine()
    }

    func texts() async throws -> [String] {
        try await store.messages(in: conversation, .newest, limit: 50, as: Self.alice).messages.map(\.content)
    }

    func search(_ text: String) async throws -> [String] {
        guard let query = SearchQuery(text) else { return [] }
        let page = try await store.search(query, in: nil, page: PageRequest(), as: Self.alice)
        return page.elements.map(\.message.content)
    }

    /// Everything that is stored, names and values.
    func everything() async throws -> [String] {
        var all: [String] = []
        for key in try await command("KEYS", "*").elements.compactMap(\.string) {
            all.append(key)
            let reply: RedisReply =
                switch try await command("TYPE", key).string {
                case "string": try await command("GET", key)
                case "hash": try await command("HGETALL", key)
                case "list": try await command("LRANGE", key, "0", "-1")
                case "zset": try await command("ZRANGE", key, "0", "-1")
                default: try await command("SMEMBERS", key)
                }
            all += [reply.string].compactMap { $0 } + reply.elements.compactMap(\.string)
        }
        return all
    }
}
