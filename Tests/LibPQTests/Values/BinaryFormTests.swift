import Testing

@testable import LibPQ

struct BinaryFormTests {
    private final class Owner {}

    private func decode<Value: PostgresDecodable>(_ bytes: [UInt8], _ type: PostgresType) throws -> Value {
        try bytes.withUnsafeBytes { try Value.decode(PostgresField(type: type, bytes: $0, owner: Owner())) }
    }

    @Test(arguments: ["\0", "a\0", "\0a", "é\0é"]) func `a text with NUL is refused before it is sent`(text: String) {
        for argument in [text as any PostgresEncodable, [text], ["fine", text], Optional(text)] {
            let error = #expect(throws: PostgresError.self) { try ArgumentList([argument]) }
            #expect(error?.kind == .argument)
            #expect(error?.sqlState == .characterNotInRepertoire)
        }
    }

    @Test func `lengths that the protocol can't say are refused, and none wraps around`() throws {
        #expect(try PostgresBuffer.checkedLength(.init(Int32.max), adding: 0) == .max)
        for (length, more) in [(Int(Int32.max), 1), (Int.max, 1), (Int.max, Int.max), (-1, 0), (1 << 32, 5)] {
            #expect(throws: PostgresError.self) { try PostgresBuffer.checkedLength(length, adding: more) }
        }
        #expect(throws: PostgresError.self) { try ArgumentList(Array(repeating: 1, count: 65536)) }
    }

    @Test func `an argument that is NULL has a type and no bytes`() throws {
        let list = try ArgumentList([Int64?.none, "a", String?.none, ""])
        #expect(list.types == [20, 25, 25, 25])
        #expect(list.ranges == [nil, 0..<1, nil, 1..<1])
        list.withPointers { values, lengths, formats in
            #expect(values.map { $0 == nil } == [true, false, true, false], "an empty text is no NULL")
            #expect(lengths == [0, 1, 0, 0])
            #expect(formats == [1, 1, 1, 1])
        }
        try ArgumentList([""]).withPointers { values, _, _ in #expect(values != [nil]) }
    }

    @Test func `values are not read as what they aren't`() {
        #expect(throws: PostgresError.self) { try decode([0, 0, 0, 1], .int8) as Int64 }
        #expect(throws: PostgresError.self) { try decode([0, 0, 0, 1], .int4) as Int64 }
        #expect(throws: PostgresError.self) { try decode([0, 0, 0, 1, 0], .int4) as Int32 }
        #expect(throws: PostgresError.self) { try decode([0xFF], .text) as String }
        #expect(throws: PostgresError.self) { try decode([2, 0x7B, 0x7D], .jsonb) as String }
        #expect(throws: PostgresError.self) { try decode([], .jsonb) as String }
        #expect(throws: PostgresError.self) { try decode([1], .bytea) as String }
        #expect(throws: PostgresError.self) { try Int.decodeNull() }
    }

    @Test func `an array that lies about its length is refused without making room for it`() {
        // One dimension, no NULL, int4, then a count and a lower bound.
        let head: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23]
        for count in [[0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 2]] as [[UInt8]] {
            #expect(throws: PostgresError.self) {
                try decode(head + count + [0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9], .int4Array) as [Int32]
            }
        }
        #expect(throws: PostgresError.self) { try decode([0, 0, 0, 2] + head.dropFirst(4), .int4Array) as [Int32] }
    }

    @Test func `random bytes are read or refused, never more`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0..<48, using: &generator)).map { _ in
                UInt8.random(in: 0...3, using: &generator) == 0 ? UInt8.random(in: 0...255, using: &generator) : 0
            }
            if bytes.count > 3, Bool.random(using: &generator) { bytes[3] = 1 }
            if bytes.count > 11, Bool.random(using: &generator) { bytes[11] = 25 }
            if let texts = try? decode(bytes, .textArray) as [String?] {
                #expect(texts.count * 4 <= bytes.count)
            }
            _ = try? decode(bytes, .uuid) as PostgresUUID
            _ = try? decode(bytes, .jsonb) as String
        }
    }
}
