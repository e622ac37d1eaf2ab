internal import ParleyCore
internal import RedisWire

/// Writes for ``TruthScripts/commit``, in order; keys are those behind the project's.
struct WriteBatch: Sendable {
    /// The words of all of them.
    private(set) var arguments: [RedisArgument] = []

    /// Nothing is to be written.
    var isEmpty: Bool { arguments.isEmpty }

    /// One of Redis's own commands that take a key first.
    mutating func command(_ name: RedisArgument, _ key: String, _ rest: [RedisArgument] = []) {
        add([name, .string(key)] + rest)
    }

    /// The same for many values, in commands of a bounded length each.
    mutating func command(_ name: RedisArgument, _ key: String, each values: [RedisArgument], size: Int = 1) {
        let portion = 1000 / size * size
        for start in stride(from: 0, to: values.count, by: portion) {
            command(name, key, Array(values[start..<min(start + portion, values.count)]))
        }
    }

    /// One of the script's own words.
    mutating func add(_ words: [RedisArgument]) {
        arguments.append(.integer(words.count))
        arguments += words
    }

    mutating func append(_ other: WriteBatch) { arguments += other.arguments }
}
