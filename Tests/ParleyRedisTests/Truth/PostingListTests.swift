import ParleyTesting
import RedisWire
import Testing

@testable import ParleyRedis

/// The lists of documents that the index keeps of a term.
@Suite
struct PostingListTests {
    private static let add = RedisScript(TermIndex.functions + "index_add(KEYS[1], 'heron', tonumber(ARGV[1]))")
    private static let remove = RedisScript(TermIndex.functions + "index_remove(KEYS[1], 'heron', tonumber(ARGV[1]))")
    private static let make = RedisScript(
        TermIndex.functions + """
            local numbers = {}
            for at, number in ipairs(ARGV) do numbers[at] = tonumber(number) end
            local list = index_list(numbers)
            local back = {}
            for at, number in ipairs(index_numbers(list, 1)) do back[at] = string.format('%.0f', number) end
            return { list, back }
            """
    )

    private static func read(_ bytes: [UInt8]) -> [UInt32] {
        var numbers: [UInt32] = []
        PostingList.read(bytes, to: &numbers)
        return numbers
    }

    /// What stands in a list, whatever its form; and how long its pieces are.
    private static func present(_ redis: RedisClient) async throws -> (numbers: [UInt32], pieces: [Int]) {
        let field = try await redis.send(["HGET", "p:terms:her", "heron"], within: nil)
        if field.isNull { return ([], []) }
        let bytes = field.withText { Array($0) }
        #expect(bytes.count <= 64)
        guard bytes.first == 0 else { return (read(bytes), []) }
        let pieces = try await redis.send(["LRANGE", "p:term:heron", 0, -1], within: nil).elements
            .map { $0.withText { Array($0) } }
        for piece in pieces {
            // The head is the last number.
            #expect(read(Array(piece[4...])).last == number(in: piece[..<4]))
        }
        let end = read(Array(bytes[5...]))
        #expect(end.isEmpty || end.last == number(in: bytes[1..<5]))
        return (pieces.flatMap { read(Array($0[4...])) } + end, pieces.map(\.count))
    }

    private static func number(in head: ArraySlice<UInt8>) -> UInt32 { head.reduce(0) { $0 << 8 | UInt32($1) } }

    @Test("Numbers of every size come back, by either side")
    func sizes() async throws {
        let lists: [[UInt32]] = [
            [], [1], [127], [128], [16_383, 16_384], [1, 2, 3, 130, 131, 16_515, 2_097_152, 268_435_456],
            [.max - 1, .max], [1, .max],
        ]
        try await CacheRedis.with { server in
            try await server.withClient { client in
                for numbers in lists {
                    let arguments = numbers.map { RedisArgument.integer(Int64($0)) }
                    let reply = try await client.run(Self.make, keys: [], arguments: arguments, within: nil)
                    let parts = Array(reply.elements)
                    #expect(parts[0].withText { Self.read(Array($0)) } == numbers)
                    #expect(parts[1].elements.map { $0.string ?? "" } == numbers.map(String.init))
                }
            }
        }
    }

    @Test("What is cut off or makes no sense gives the numbers before it")
    func damaged() {
        #expect(Self.read([0x80]) == [])
        #expect(Self.read([5, 0x80]) == [5])
        #expect(Self.read([5, 0x80, 0x80]) == [5])
        #expect(Self.read([5, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) == [5])
        #expect(Self.read([5, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]) == [5])
        #expect(Self.read([0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1]) == [])
        var random = SplitMix64(seed: 1)
        for _ in 0..<1000 {
            let count = Int.random(in: 0..<40, using: &random)
            let numbers = Self.read((0..<count).map { _ in .random(in: 0...255, using: &random) })
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 <= $1 })
        }
    }

    @Test(
        "Long lists stay right and their pieces bounded, in whatever order things come and go",
        arguments: [1, 2] as [UInt64]
    )
    func long(_ seed: UInt64) async throws {
        try await CacheRedis.with { server in
            try await server.withClient { client in
                func run(_ script: RedisScript, _ number: UInt32) async throws {
                    let argument = RedisArgument.integer(Int64(number))
                    _ = try await client.run(script, keys: ["p"], arguments: [argument], within: nil)
                }
                var random = SplitMix64(seed: seed)
                var expected: Set<UInt32> = []
                for step in 1...3000 as ClosedRange<UInt32> {
                    // Most come behind the others; some in between, or a second time.
                    let number = step % 3 == 0 ? UInt32.random(in: 1...(step * 40), using: &random) : step * 40
                    try await run(Self.add, number)
                    expected.insert(number)
                    if step % 7 == 0, let gone = expected.randomElement(using: &random) {
                        try await run(Self.remove, gone)
                        expected.remove(gone)
                    }
                    guard step % 250 == 0 else { continue }
                    let (numbers, pieces) = try await Self.present(client)
                    #expect(numbers == expected.sorted())
                    #expect(pieces.allSatisfy { $0 <= PostingList.longestPiece })
                }
                for number in expected.shuffled(using: &random) {
                    try await run(Self.remove, number)
                    try await run(Self.remove, number)
                }
                #expect(try await client.send(["KEYS", "p:*"], within: nil).elements.count == 0)
            }
        }
    }

    @Test("A list that was overwritten stops no write")
    func overwritten() async throws {
        let fields: [[UInt8]] = [
            [], [0], [0, 1, 2], [0, 0, 0, 0, 9], [0, 0, 0, 0, 9, 0x80], [0x80, 0x80], [9, 5, 0x80],
            [0, 0, 0, 0, 9] + [UInt8](repeating: 0x80, count: 58), [0, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 58),
            [UInt8](repeating: 0xFF, count: 200), [0, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 1, count: 60),
        ]
        let pieces: [[UInt8]?] = [nil, [1], [0, 0, 0, 1], [0, 0, 0, 80, 80], [0xFF, 0xFF, 0xFF, 0xFF, 0x80]]
        try await CacheRedis.with { server in
            try await server.withClient { client in
                for field in fields {
                    for piece in pieces {
                        _ = try await client.send(["FLUSHALL"], within: nil)
                        _ = try await client.send(["HSET", "p:terms:her", "heron", .bytes(field)], within: nil)
                        if let piece {
                            _ = try await client.send(["RPUSH", "p:term:heron", .bytes(piece)], within: nil)
                        }
                        for number in [20, 3, 4_000_000_000, 10] as [Int64] {
                            for script in [Self.add, Self.remove, Self.add] {
                                let argument = RedisArgument.integer(number)
                                _ = try await client.run(script, keys: ["p"], arguments: [argument], within: nil)
                            }
                        }
                    }
                }
            }
        }
    }
}
