import Crypto

/// A script that runs in Redis, called by its hash.
public struct RedisScript: Hashable, Sendable {
    /// The Lua source.
    public let source: String
    /// The hash by which Redis knows the script, in lower-case hexadecimal.
    public let sha1: String

    /// Makes a script, and computes its hash: keep it, best as a constant.
    public init(_ source: String) {
        self.source = source
        // Redis's name for the script; nothing's safety rests on it.
        sha1 = Insecure.SHA1.hash(data: Array(source.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// The call by hash: short, but Redis may not know the script.
    func call(keys: [RedisArgument], arguments: [RedisArgument]) -> RedisCommand {
        RedisCommand(["EVALSHA", .string(sha1), .integer(keys.count)] + keys + arguments)
    }

    /// The call by source: Redis knows the script afterwards.
    func introduction(keys: [RedisArgument], arguments: [RedisArgument]) -> RedisCommand {
        RedisCommand(["EVAL", .string(source), .integer(keys.count)] + keys + arguments)
    }
}
