public import ParleyCore
public import ParleyStore
public import RedisWire
import Synchronization

/// The shared cache of logs in Redis: a list for each conversation, `conversation:{id}:messages`, newest message first.
///
/// It waits for Redis as long as the client's configuration says, and takes every failure for an empty cache. Redis may evict
/// any of its keys; `maxmemory-policy allkeys-lru` suits it.
public final class RedisLogCache: LogCache {
    private static let keysPerDrop = 256
    private static let dropsPerCall = 16

    private let client: any RedisCommanding
    private let settings: CacheSettings
    private let random: Mutex<any RandomNumberGenerator & Sendable>

    /// Makes a cache.
    ///
    /// - Parameters:
    ///   - client: Somebody else runs it.
    ///   - settings: How much is kept, and for how long.
    ///   - random: What makes the entries' lives uneven.
    public init(
        _ client: any RedisCommanding,
        settings: CacheSettings = CacheSettings(),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.client = client
        self.settings = settings
        self.random = Mutex(random)
    }

    /// The entry of a conversation.
    public func read(_ conversation: ConversationID) async -> CachedLog? {
        // A key of another kind is an error here, and is repaired by the fill that follows.
        let reply = try? await client.send(["LRANGE", key(conversation), 0, .integer(settings.limit - 1)])
        guard let elements = reply?.bulkStrings, !elements.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(elements.byteCount)
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(elements.count)
        for index in elements.indices {
            let start = bytes.count
            // A copy, since what is kept of it must not keep the connection's buffer.
            elements.withBytes(at: index) { bytes.append(contentsOf: $0) }
            ranges.append(start..<bytes.count)
        }
        return CachedLog(bytes: bytes, elements: ranges)
    }

    /// Puts appended messages before the others, if the entry is of the version before them.
    public func push(_ push: LogPush, to conversation: ConversationID) async {
        let arguments: [RedisArgument] = [
            .string(push.before.text), .integer(push.revision), .integer(settings.limit), lifetime,
        ]
        _ = try? await client.run(
            CacheScripts.push,
            keys: [key(conversation)],
            arguments: arguments + push.elements.suffix(settings.limit).map { .bytes($0) },
            within: nil
        )
    }

    /// Makes the entry, in place of any other version's.
    public func fill(_ fill: LogFill, of conversation: ConversationID) async {
        _ = try? await client.run(
            CacheScripts.fill,
            keys: [key(conversation)],
            arguments: [.string(fill.tag.text), lifetime] + fill.elements.prefix(settings.limit).map { .bytes($0) },
            within: nil
        )
    }

    /// Removes entries; of very many only the first 4 096, since the others are refused by their tags as well.
    public func drop(_ conversations: [ConversationID]) async {
        var rest = conversations.prefix(Self.dropsPerCall * Self.keysPerDrop)
        while !rest.isEmpty {
            let commands = client.groups(ofKeys: rest.prefix(Self.keysPerDrop).map(key))
                .map { RedisCommand(["UNLINK"] + $0) }
            guard await send(commands) else { return }
            rest = rest.dropFirst(Self.keysPerDrop)
        }
    }

    /// Sends commands at the same time, to a cluster as many as there are keys; `false` where one could not be sent.
    private func send(_ commands: [RedisCommand]) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            for command in commands {
                group.addTask { [client] in (try? await client.send(command)) != nil }
            }
            return await group.reduce(true) { $0 && $1 }
        }
    }

    private func key(_ conversation: ConversationID) -> RedisArgument {
        .string(RedisKeys.messages(of: conversation))
    }

    /// How long an entry made now lives, in milliseconds: up to a tenth less than what is set, never more.
    private var lifetime: RedisArgument {
        let milliseconds = max(1, settings.lifetime / .milliseconds(1))
        let share = random.withLock { random in Double.random(in: 0.9...1, using: &random) }
        return .integer(max(1, Int64(milliseconds * share)))
    }
}
