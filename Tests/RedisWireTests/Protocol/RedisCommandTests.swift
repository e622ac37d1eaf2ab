import NIOCore
import Testing

@testable import RedisWire

struct RedisCommandTests {
    @Test("Arguments are bulk strings, whatever is in them")
    func encoding() throws {
        let hostile = "x\r\n*1\r\n$8\r\nFLUSHALL\r\n"
        let key = "a\u{0}ü"
        let command: RedisCommand = ["SET", "\(key)", .bytes([0, 255]), .buffer(ByteBuffer(string: hostile)), -12]
        var buffer = ByteBuffer()
        command.encode(into: &buffer)
        #expect(buffer.readableBytes == command.encodedBytes)
        var parser = RESPParser()
        let sent = try #require(try parser.next(from: &buffer)?.bulkStrings)
        #expect(
            sent.map { Array($0) } == [
                Array("SET".utf8), Array(key.utf8), [0, 255], Array(hostile.utf8), Array("-12".utf8),
            ]
        )
        #expect(buffer.readableBytes == 0)
    }

    @Test("The size is known before it is written", arguments: [0, 1, 9, 10, 99, 100, 101, 12_345])
    func size(length: Int) {
        let command = RedisCommand(
            ["ECHO"] + Array(repeating: .string(String(repeating: "x", count: length)), count: length % 13)
        )
        var buffer = ByteBuffer()
        command.encode(into: &buffer)
        #expect(buffer.readableBytes == command.encodedBytes)
    }

    @Test("A description leaves the arguments out")
    func description() {
        let command: RedisCommand = ["AUTH", "me", "secret"]
        #expect("\(command)" == "AUTH with 2 arguments")
    }
}
