internal import Crypto
internal import NIOCore
internal import ParleyCore
internal import RedisWire

/// The Redis that is left: read in bounded batches, walked through with `SCAN`.
struct OldRedis: Sendable {
    /// A key with what is known of it before its value is read.
    struct Measured: Sendable {
        let key: MigrationKey
        /// Redis's own word for the type.
        let type: String
        /// Of strings.
        let bytes: Int
    }

    /// How many keys are asked for at once, and about how many bytes of values.
    static let batchKeys = 256
    static let batchBytes = 8 * 1024 * 1024
    /// One value of the largest size that Redis has, over a slow line.
    private static let patience = Duration.seconds(120)

    private let commands: any RedisCommanding

    init(_ commands: any RedisCommanding) {
        self.commands = commands
    }

    /// Sends a command; `nil` where the key has meanwhile become of another type.
    func send(_ command: RedisCommand) async throws(ParleyError) -> RedisReply? {
        do {
            return try await commands.send(command, within: Self.patience)
        } catch {
            if error.serverCode == .wrongType { return nil }
            throw Self.fault(error)
        }
    }

    /// Runs a script.
    func run(
        _ script: RedisScript,
        keys: [RedisArgument],
        arguments: [RedisArgument]
    ) async throws(ParleyError) -> RedisReply {
        do {
            return try await commands.run(script, keys: keys, arguments: arguments, within: Self.patience)
        } catch {
            throw Self.fault(error)
        }
    }

    /// The answers to several commands, which are sent at once.
    func replies(_ commands: [RedisCommand]) async throws -> [RedisReply?] {
        try await withThrowingTaskGroup(of: (Int, RedisReply?).self) { group in
            for (index, command) in commands.enumerated() {
                group.addTask { (index, try await send(command)) }
            }
            var replies = [RedisReply?](repeating: nil, count: commands.count)
            for try await (index, reply) in group { replies[index] = reply }
            return replies
        }
    }

    /// Gives all keys of the old data, each once, in batches.
    func walk(_ body: ([MigrationKey]) async throws -> Void) async throws {
        var seen = Set<MigrationKey>()
        for pattern in MigrationKey.patterns {
            var cursor = "0"
            repeat {
                let reply = try await send([
                    "SCAN", .string(cursor), "MATCH", .string(pattern), "COUNT", .integer(Self.batchKeys),
                ])
                guard let next = reply?.elements[0]?.string, let found = reply?.elements[1] else {
                    throw ParleyError(.internalError, "Redis answered SCAN with something else.")
                }
                cursor = next
                // What lies in Redis's table twice while that grows is answered twice.
                let keys = found.elements.map { MigrationKey(bytes: $0.bytes) }.filter { seen.insert($0).inserted }
                if !keys.isEmpty { try await body(keys) }
            } while cursor != "0"
        }
    }

    /// Types and sizes; keys that have gone are left out.
    func measure(_ keys: [MigrationKey]) async throws -> [Measured] {
        let types = try await replies(keys.map { ["TYPE", .bytes($0.bytes)] }).map { $0?.string ?? "none" }
        let strings = zip(keys, types).filter { $0.1 == "string" }.map(\.0)
        let sizes = try await replies(strings.map { ["STRLEN", .bytes($0.bytes)] }).map { Int($0?.integer ?? 0) }
        let sizeOf = Dictionary(uniqueKeysWithValues: zip(strings, sizes))
        return zip(keys, types).filter { $0.1 != "none" }.map { Measured(key: $0, type: $1, bytes: sizeOf[$0] ?? 0) }
    }

    /// Reads strings, and gives them with their keys, a batch at a time; `nil` for one that has gone.
    func values(
        of keys: [Measured],
        _ body: ([(key: MigrationKey, value: [UInt8]?)]) async throws -> Void
    ) async throws {
        for batch in Self.batches(of: keys) {
            let replies = try await replies(batch.map { ["GET", .bytes($0.key.bytes)] })
            try await body(zip(batch, replies).map { ($0.key, $1.flatMap { $0.isNull ? nil : $0.bytes }) })
        }
    }

    /// Parts that may be in memory at once.
    static func batches(of keys: [Measured]) -> [[Measured]] {
        var batches: [[Measured]] = []
        var batch: [Measured] = []
        var bytes = 0
        for key in keys {
            if !batch.isEmpty, batch.count == batchKeys || bytes + key.bytes > batchBytes {
                batches.append(batch)
                (batch, bytes) = ([], 0)
            }
            batch.append(key)
            bytes += key.bytes
        }
        return batch.isEmpty ? batches : batches + [batch]
    }

    /// What went wrong, in words for the one who migrates; Redis's own words hold no values.
    static func fault(_ error: RedisError) -> ParleyError {
        if error.code == .server { return ParleyError(.conflict, "Redis says: \(error.message)", cause: error) }
        return .unavailable("The old Redis can't be reached: \(error.message)", cause: error)
    }
}

extension RedisReply {
    /// A copy of the text's bytes.
    var bytes: [UInt8] { withText { Array($0) } }
}

/// A value's hashes: one that tells values apart, and one that Redis's scripts can compute.
struct ValueHash: Hashable, Sendable {
    let sha256: String
    let sha1: String

    init(of value: [UInt8]) {
        sha256 = SHA256.hash(data: value).hexadecimal
        sha1 = Insecure.SHA1.hash(data: value).hexadecimal
    }

    init(sha256: String, sha1: String) {
        self.sha256 = sha256
        self.sha1 = sha1
    }
}

extension Sequence<UInt8> {
    /// The bytes in lower-case hexadecimal.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
