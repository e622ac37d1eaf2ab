import NIOCore
import Synchronization
import Testing

@testable import RedisWire

struct RedisConnectionTests {
    @Test("Commands go out in one write, in order, and each gets its own answer")
    func order() async throws {
        let rig = try await ConnectionRig()
        let (first, second) = try await rig.inOneTurn { connection in
            (try connection.put(["GET", "a"]), try connection.put(["GET", "b"]))
        }
        #expect(try await rig.written() == "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\n")
        try await rig.receive("$1\r\n1\r")
        try await rig.receive("\n-WRONGTYPE no\r\n")
        #expect(await outcome(first) == "1")
        #expect(await outcome(second) == "server")
        #expect(rig.connection.commandsUnderWay == 0)
    }

    @Test("A deadline ends the connection, and a late answer is nobody's")
    func deadline() async throws {
        let rig = try await ConnectionRig()
        let slow = try rig.connection.put(["GET", "slow"])
        _ = try await rig.written()
        await rig.advance(by: 30)
        let victim = try rig.connection.put(["GET", "victim"])
        _ = try await rig.written()
        await rig.advance(by: 20)
        // What Redis would have said, had it been heard.
        try await rig.receive("+late\r\n+later\r\n")
        #expect(await outcome(slow) == "deadlineExceeded")
        #expect(await outcome(victim) == "connectionLost")
        #expect(await errorOf { try await rig.connection.send(["PING"]) }?.code == .notConnected)
        await rig.connection.waitUntilClosed()
        #expect(rig.connection.end?.code == .deadlineExceeded)
    }

    @Test("A command with more time doesn't take any from those behind it")
    func mixedDeadlines() async throws {
        let rig = try await ConnectionRig()
        let patient = try rig.connection.put(["EVAL"], within: .seconds(1))
        let hasty = try rig.connection.put(["GET", "a"])
        _ = try await rig.written()
        await rig.advance(by: 50)
        #expect(await outcome(patient) == "connectionLost")
        #expect(await outcome(hasty) == "deadlineExceeded")
    }

    @Test("An answer in time puts the deadline off for none and to none")
    func deadlineMoves() async throws {
        let rig = try await ConnectionRig()
        let first = try rig.connection.put(["GET", "a"])
        _ = try await rig.written()
        await rig.advance(by: 40)
        let second = try rig.connection.put(["GET", "b"])
        _ = try await rig.written()
        try await rig.receive("+1\r\n")
        await rig.advance(by: 49)
        try await rig.receive("+2\r\n")
        await rig.advance(by: 1000)
        #expect(await outcome(first) == "1")
        #expect(await outcome(second) == "2")
        #expect(rig.connection.end == nil)
        let third = try rig.connection.put(["GET", "c"])
        _ = try await rig.written()
        await rig.advance(by: 50)
        #expect(await outcome(third) == "deadlineExceeded")
    }

    @Test("Who gives up waiting doesn't shift the answers of the others")
    func cancellation() async throws {
        let rig = try await ConnectionRig()
        let connection = rig.connection
        let abandoned = Task { () async -> RedisError.Code? in
            await errorOf { try await connection.send(["GET", "a"]) }?.code
        }
        _ = try await rig.written()
        abandoned.cancel()
        #expect(await abandoned.value == .cancelled)
        let kept = try connection.put(["GET", "b"])
        _ = try await rig.written()
        #expect(connection.commandsUnderWay == 2)
        try await rig.receive("+a\r\n+b\r\n")
        #expect(await outcome(kept) == "b")
        #expect(connection.commandsUnderWay == 0)
    }

    @Test("What is under way is bounded, by number and by bytes")
    func bounds() async throws {
        let rig = try await ConnectionRig(maxCommands: 2, maxBytes: 100)
        let first = try rig.connection.put(["PING"])
        _ = try rig.connection.put(["PING"])
        #expect(throws: RedisError.self) { try rig.connection.put(["PING"]) }
        #expect(await errorOf { try await rig.connection.send(["PING"]) }?.code == .overloaded)
        _ = try await rig.written()
        try await rig.receive("+PONG\r\n+PONG\r\n")
        #expect(await outcome(first) == "PONG")
        let large = RedisCommand(["ECHO", .string(String(repeating: "x", count: 60))])
        let echo = try rig.connection.put(large)
        #expect(await errorOf { try await rig.connection.send(large) }?.code == .overloaded)
        _ = try await rig.written()
        try await rig.receive("+x\r\n")
        #expect(await outcome(echo) == "x")
        let huge = RedisCommand(["ECHO", .string(String(repeating: "x", count: 100))])
        #expect(await errorOf { try await rig.connection.send(huge) }?.code == .invalidCommand)
        #expect(await errorOf { try await rig.connection.send([]) }?.code == .invalidCommand)
        #expect(rig.connection.commandsUnderWay == 0)
    }

    @Test(
        "What can't be an answer ends the connection",
        arguments: ["+one\r\n+more\r\n", "HTTP/1.1 400 Bad Request\r\n", "*99999999999\r\n", "$-7\r\n", "\u{0}"]
    )
    func hostileAnswers(bytes: String) async throws {
        let rig = try await ConnectionRig()
        let first = try rig.connection.put(["GET", "a"])
        _ = try await rig.written()
        try await rig.receive(bytes)
        // Only the first of two answers had been asked for.
        #expect(await outcome(first) == (bytes.hasPrefix("+one") ? "one" : "protocolViolation"))
        #expect(rig.connection.end?.code == .protocolViolation)
    }

    @Test("What the server pushes is no answer")
    func pushes() async throws {
        let pushed = Mutex<[String]>([])
        let rig = try await ConnectionRig { push in
            pushed.withLock { $0.append(push.elements.compactMap(\.string).joined(separator: " ")) }
        }
        let echo = try rig.connection.put(["GET", "a"])
        _ = try await rig.written()
        try await rig.receive(">2\r\n+message\r\n+1\r\n+a\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n2\r\n")
        #expect(await outcome(echo) == "a")
        #expect(pushed.withLock { $0 } == ["message 1", "message c 2"])
        let silent = try await ConnectionRig()
        let reply = try silent.connection.put(["GET", "a"])
        _ = try await silent.written()
        try await silent.receive(">2\r\n+invalidate\r\n_\r\n+a\r\n")
        #expect(await outcome(reply) == "a")
    }

    @Test("A subscription ends with its own PING, and a refusal is told to the one who asked")
    func subscriptions() async throws {
        let rig = try await ConnectionRig { _ in }
        let refused = try rig.connection.put(["SUBSCRIBE", "a"], isSubscription: true)
        let taken = try rig.connection.put(["SUBSCRIBE", "b"], isSubscription: true)
        let echo = try rig.connection.put(["ECHO", "c"])
        _ = try await rig.written()
        try await rig.receive(
            "-NOPERM a\r\n+PONG\r\n>3\r\n+subscribe\r\n+b\r\n:1\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n+c\r\n"
        )
        #expect(await errorOf { try await refused.value() }?.serverCode == .noPermission)
        #expect(try await taken.value().elements[0]?.string == "pong")
        #expect(await outcome(echo) == "c")
    }

    @Test("The end of the stream fails what is under way")
    func end() async throws {
        let rig = try await ConnectionRig()
        let pending = try rig.connection.put(["GET", "a"])
        _ = try await rig.written()
        try await rig.receive("$5\r\nab")
        try await rig.channel.close()
        #expect(await outcome(pending) == "connectionLost")
    }

    @Test("Answers in pieces, behind others, cost no reply its bytes")
    func pieces() async throws {
        let rig = try await ConnectionRig()
        let all = Array("$3\r\nabc\r\n>1\r\n+x\r\n*2\r\n+d\r\n$3\r\nefg\r\n:5\r\n".utf8)
        for size in 1...all.count {
            let pendings = try (0..<3).map { _ in try rig.connection.put(["PING"]) }
            _ = try await rig.written()
            var rest = all[...]
            while !rest.isEmpty {
                try await rig.receive(rest.prefix(size))
                rest = rest.dropFirst(size)
            }
            var values: [RedisValue] = []
            for pending in pendings { values.append(RedisValue(try await pending.value())) }
            #expect(
                values == [
                    .bulkString(ByteBuffer(string: "abc")),
                    .array([.simpleString("d"), .bulkString(ByteBuffer(string: "efg"))]),
                    .integer(5),
                ]
            )
        }
    }
}
