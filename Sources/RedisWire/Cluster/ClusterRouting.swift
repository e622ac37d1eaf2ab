/// Where in a cluster a command belongs.
enum ClusterRouting: Hashable, Sendable {
    /// To the master of this slot.
    case slot(RedisSlot)
    /// To any master.
    case anywhere

    /// Finds it by the command's name and its first key.
    ///
    /// - Throws: ``RedisError/Code/invalidCommand`` where a node would answer for itself only, and where a key is missing.
    init(_ command: RedisCommand) throws(RedisError) {
        let arguments = command.arguments
        guard let name = arguments.first?.description.uppercased() else {
            throw RedisError(.invalidCommand, "A command needs a name.")
        }
        if Self.nameless.contains(name) {
            self = .anywhere
            return
        }
        guard !Self.ofOneNode.contains(name) else {
            throw RedisError(.invalidCommand, "\(name) is answered by each node for itself: ask every master.")
        }
        let index: Int
        if Self.scripts.contains(name) {
            guard arguments.count > 3, arguments[2].description != "0" else {
                throw RedisError(.invalidCommand, "A script for a cluster names at least one key.")
            }
            index = 3
        } else {
            index = Self.withSecondWord.contains(name) ? 2 : 1
        }
        guard arguments.count > index else {
            throw RedisError(.invalidCommand, "\(name) names no key: ask every master.")
        }
        self = .slot(RedisSlot(ofKey: arguments[index]))
    }

    private static let nameless: Set<String> = ["PING", "TIME", "ECHO"]
    private static let scripts: Set<String> = ["EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO"]
    /// Their keys stand behind a second word, as in `MEMORY USAGE key`.
    private static let withSecondWord: Set<String> = ["BITOP", "MEMORY", "OBJECT", "XGROUP", "XINFO"]
    private static let ofOneNode: Set<String> = [
        "ACL", "AUTH", "BGREWRITEAOF", "BGSAVE", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "DEBUG", "DISCARD",
        "EXEC", "FAILOVER", "FLUSHALL", "FLUSHDB", "FUNCTION", "HELLO", "INFO", "KEYS", "LASTSAVE", "LATENCY",
        "MIGRATE",
        "MODULE", "MONITOR", "MULTI", "PSUBSCRIBE", "PUBSUB", "RANDOMKEY", "REPLICAOF", "ROLE", "SAVE", "SCAN",
        "SCRIPT",
        "SELECT", "SHUTDOWN", "SLOWLOG", "SUBSCRIBE", "SWAPDB", "UNWATCH", "WAIT", "WATCH", "XREAD", "XREADGROUP",
    ]
}
