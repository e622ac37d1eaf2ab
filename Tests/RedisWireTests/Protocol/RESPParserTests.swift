import NIOCore
import Testing

@testable import RedisWire

struct RESPParserTests {
    static let table: [(bytes: String, value: RedisValue)] = [
        ("+OK\r\n", .simpleString("OK")),
        ("+\r\n", .simpleString("")),
        ("-ERR no\r\n", .error("ERR no")),
        ("!6\r\nERR \r\n\r\n", .error("ERR \r\n")),
        (":0\r\n", .integer(0)),
        (":+5\r\n", .integer(5)),
        (":9223372036854775807\r\n", .integer(.max)),
        (":-9223372036854775808\r\n", .integer(.min)),
        ("$0\r\n\r\n", .bulkString(ByteBuffer())),
        ("$5\r\na\r\nbc\r\n", .bulkString(ByteBuffer(string: "a\r\nbc"))),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("_\r\n", .null),
        ("=9\r\ntxt:Häus\r\n", .verbatimString("Häus")),
        (",1.5e2\r\n", .double(150)),
        (",-inf\r\n", .double(-.infinity)),
        ("#t\r\n", .boolean(true)),
        ("#f\r\n", .boolean(false)),
        (
            "(-3492890328409238509324850943850943825024385\r\n",
            .bigNumber("-3492890328409238509324850943850943825024385")
        ),
        ("*0\r\n", .array([])),
        ("%0\r\n", .map([])),
        ("~0\r\n", .set([])),
        ("*2\r\n:1\r\n$1\r\nx\r\n", .array([.integer(1), .bulkString(ByteBuffer(string: "x"))])),
        ("*2\r\n*0\r\n*1\r\n*1\r\n_\r\n", .array([.array([]), .array([.array([.null])])])),
        ("%1\r\n+a\r\n~2\r\n:1\r\n:2\r\n", .map([.simpleString("a"), .set([.integer(1), .integer(2)])])),
        (">2\r\n+message\r\n-x\r\n", .push([.simpleString("message"), .error("x")])),
        ("|1\r\n+ttl\r\n:3\r\n:7\r\n", .integer(7)),
        ("|1\r\n+a\r\n*2\r\n:1\r\n*0\r\n|0\r\n*1\r\n:7\r\n", .array([.integer(7)])),
        ("*2\r\n|1\r\n+a\r\n|1\r\n+b\r\n:0\r\n:1\r\n:8\r\n:9\r\n", .array([.integer(8), .integer(9)])),
    ]

    @Test("Every type is understood, wherever the bytes are cut", arguments: table)
    func types(bytes: String, value: RedisValue) throws {
        let whole = Array(bytes.utf8)
        for cut in 0...whole.count {
            var parser = RESPParser()
            var buffer = ByteBuffer(bytes: whole[..<cut])
            if cut < whole.count { #expect(try parser.next(from: &buffer) == nil) }
            buffer.writeBytes(whole[cut...])
            let reply = try #require(try parser.next(from: &buffer))
            #expect(RedisValue(reply) == value)
            #expect(buffer.readableBytes == 0)
        }
    }

    @Test("Replies come one after the other, byte by byte")
    func stream() throws {
        var parser = RESPParser()
        var buffer = ByteBuffer()
        var values: [RedisValue] = []
        for byte in Self.table.map(\.bytes).joined().utf8 {
            buffer.writeInteger(byte)
            while let reply = try parser.next(from: &buffer) { values.append(RedisValue(reply)) }
        }
        #expect(values == Self.table.map(\.value))
    }

    @Test(
        "What is no reply is refused, and why is said",
        arguments: [
            ("?\r\n", RESPViolation.unknownType),
            ("\r\n", .unknownType),
            ("x", .unknownType),
            ("+a\rb\r\n", .badLineEnd),
            ("$1\r\nabc", .badLineEnd),
            ("$x\r\n", .badLength),
            ("$\r\n", .badLength),
            ("$-2\r\n", .badLength),
            ("$?\r\n", .badLength),
            ("!-1\r\n", .badLength),
            ("%-1\r\n", .badLength),
            ("*-2\r\n", .badLength),
            (":\r\n", .badInteger),
            (":-\r\n", .badInteger),
            (":1a\r\n", .badInteger),
            (":9223372036854775808\r\n", .badInteger),
            (":-9223372036854775809\r\n", .badInteger),
            (",0x10\r\n", .badDouble),
            (",\r\n", .badDouble),
            (",infinity\r\n", .badDouble),
            ("#x\r\n", .badBoolean),
            ("#tt\r\n", .badBoolean),
            ("_x\r\n", .badNull),
            ("(1.5\r\n", .badBigNumber),
            ("(-\r\n", .badBigNumber),
            ("=3\r\ntxt\r\n", .badVerbatim),
            ("=4\r\ntext\r\n", .badVerbatim),
            ("*1\r\n>0\r\n", .nestedPush),
        ]
    )
    func violations(bytes: String, violation: RESPViolation) {
        var parser = RESPParser()
        var buffer = ByteBuffer(string: bytes)
        #expect(throws: violation) { try parser.next(from: &buffer) }
    }

    @Test(
        "A reply over a limit is refused as soon as that is known",
        arguments: [
            ("$101\r\n", RESPViolation.replyTooLarge),
            ("$9223372036854775807\r\n", .replyTooLarge),
            ("*3\r\n$40\r\n" + String(repeating: "a", count: 40) + "\r\n$45\r\n", .replyTooLarge),
            ("*9\r\n" + String(repeating: "+12345678\r\n", count: 9), .replyTooLarge),
            ("+" + String(repeating: "a", count: 21), .lineTooLong),
            ("*11\r\n", .tooManyElements),
            ("%6\r\n", .tooManyElements),
            ("*9223372036854775807\r\n", .tooManyElements),
            ("*6\r\n*5\r\n", .tooManyElements),
            ("*1\r\n*1\r\n*1\r\n*1\r\n", .tooDeep),
            ("|1\r\n|1\r\n|1\r\n|1\r\n", .tooDeep),
            (String(repeating: "|0\r\n", count: 30), .replyTooLarge),
        ]
    )
    func limits(bytes: String, violation: RESPViolation) {
        var parser = RESPParser(limits: RESPLimits(replyBytes: 100, lineBytes: 20, elements: 10, depth: 3))
        var buffer = ByteBuffer(string: bytes)
        #expect(throws: violation) { try parser.next(from: &buffer) }
    }

    @Test("What just keeps the limits is taken")
    func atTheLimits() throws {
        var parser = RESPParser(limits: RESPLimits(replyBytes: 100, lineBytes: 20, elements: 10, depth: 3))
        let text = String(repeating: "a", count: 20)
        var buffer = ByteBuffer(string: "*1\r\n*1\r\n*8\r\n+\(text)\r\n" + String(repeating: "_\r\n", count: 7))
        #expect(try parser.next(from: &buffer)?.elements[0]?.elements[0]?.elements.count == 8)
        let length = 93
        buffer = ByteBuffer(string: "$\(length)\r\n" + String(repeating: "a", count: length) + "\r\n")
        #expect(buffer.readableBytes == 100)
        #expect(try parser.next(from: &buffer)?.buffer?.readableBytes == length)
    }

    @Test("While a large reply comes in, the parser knows what it needs and looks at nothing twice")
    func largeReply() throws {
        var parser = RESPParser()
        var buffer = ByteBuffer(string: "*2\r\n$1000000\r\n")
        #expect(try parser.next(from: &buffer) == nil)
        #expect(parser.neededBytes == buffer.readableBytes + 1_000_002)
        buffer.writeRepeatingByte(UInt8(ascii: "x"), count: 1_000_000)
        buffer.writeString("\r\n+")
        #expect(try parser.next(from: &buffer) == nil)
        buffer.writeString("y\r\n")
        #expect(try parser.next(from: &buffer)?.elements.map { $0.buffer?.readableBytes } == [1_000_000, 1])
    }

    @Test("A page of bulk strings is read in place")
    func bulkStrings() throws {
        var parser = RESPParser()
        var buffer = ByteBuffer(string: "*3\r\n$2\r\nab\r\n$0\r\n\r\n$3\r\ncde\r\n")
        let strings = try #require(try parser.next(from: &buffer)?.bulkStrings)
        #expect(strings.map { String(decoding: $0, as: UTF8.self) } == ["ab", "", "cde"])
        #expect(strings.byteCount == 5)
        #expect(strings.withBytes(at: 2) { Array($0) } == Array("cde".utf8))
        var other = ByteBuffer(string: "*2\r\n$1\r\na\r\n_\r\n")
        #expect(try parser.next(from: &other)?.bulkStrings == nil)
    }

    @Test("RESP2's ways to say numbers and truth are understood too")
    func conversions() throws {
        var parser = RESPParser()
        var buffer = ByteBuffer(string: "$2\r\n42\r\n$3\r\n1.5\r\n:1\r\n:0\r\n:2\r\n$1\r\nx\r\n*0\r\n")
        var replies: [RedisReply] = []
        while let reply = try parser.next(from: &buffer) { replies.append(reply) }
        #expect(replies.map(\.integer) == [42, nil, 1, 0, 2, nil, nil])
        #expect(replies.map(\.double) == [42, 1.5, 1, 0, 2, nil, nil])
        #expect(replies.map(\.boolean) == [nil, nil, true, false, nil, nil, nil])
        #expect(replies.last?.string == nil)
        #expect(replies.last?.buffer == nil)
    }
}
