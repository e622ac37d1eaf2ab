import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import RedisWire

@Suite(.timeLimit(.minutes(15)))
struct RedisClientTests {
    @Test("Every kind of answer comes through, in RESP3")
    func kinds() async throws {
        try await withConnectedClient(try await RedisServer.shared().configuration()) { client async throws in
            let key = Unique.name()
            #expect(RedisValue(try await client.send(["SET", .string(key), "a\r\nb"])) == .simpleString("OK"))
            #expect(try await client.send(["GET", .string(key)]).string == "a\r\nb")
            #expect(try await client.send(["GET", "absent"]).isNull)
            #expect(try await client.send(["STRLEN", .string(key)]).integer == 4)
            _ = try await client.send(["HSET", .string(key + "h"), "f", "v"])
            #expect(try await client.send(["HGETALL", .string(key + "h")]).kind == .map)
            _ = try await client.send(["ZADD", .string(key + "z"), "1.5", "m"])
            #expect(try await client.send(["ZSCORE", .string(key + "z"), "m"]).double == 1.5)
            _ = try await client.send(["SADD", .string(key + "s"), "m"])
            #expect(try await client.send(["SMEMBERS", .string(key + "s")]).kind == .set)
            let protocols: [(String, RedisKind)] = [
                ("true", .boolean), ("bignum", .bigNumber), ("verbatim", .verbatimString), ("null", .null),
                ("double", .double), ("attrib", .bulkString), ("map", .map), ("set", .set), ("array", .array),
            ]
            for (name, kind) in protocols {
                #expect(try await client.send(["DEBUG", "PROTOCOL", .string(name)]).kind == kind)
            }
        }
    }

    @Test(
        "Redis's errors come with their kind",
        arguments: [
            (["GET"] as [RedisArgument], RedisServerCode.generic),
            (["LPUSH", "text", "x"], .wrongType),
            (["EVALSHA", "ffffffffffffffffffffffffffffffffffffffff", 0], .noScript),
            (["EVAL", "return redis.error_reply('MOVED 3999 127.0.0.1:6381')", 0], .moved),
            (["EVAL", "return redis.error_reply('OOM command not allowed')", 0], .outOfMemory),
            (["EVAL", "return redis.error_reply('READONLY no')", 0], .readOnly),
            (["EVAL", "return redis.error_reply('LOADING no')", 0], .loading),
        ]
    )
    func serverErrors(command: [RedisArgument], code: RedisServerCode) async throws {
        try await withConnectedClient(try await RedisServer.shared().configuration()) { client async throws in
            _ = try await client.send(["SET", "text", "x"])
            let error = await errorOf { try await client.send(RedisCommand(command)) }
            #expect(error?.code == .server)
            #expect(error?.serverCode == code)
            #expect(error?.mayHaveRun == false)
        }
    }

    @Test("A thousand callers at once each get their own answers")
    func pipelining() async throws {
        try await withConnectedClient(try await RedisServer.shared().configuration()) { client async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for caller in 0..<1000 {
                    group.addTask {
                        for round in 0..<10 {
                            let text = "\(caller)-\(round)"
                            guard try await client.send(["ECHO", "\(text)"]).string == text else { return false }
                        }
                        return true
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(client.commandsUnderWay == 0)
        }
    }

    @Test("A large page comes whole, in many pieces")
    func largeReply() async throws {
        try await withConnectedClient(try await RedisServer.shared().configuration()) { client async throws in
            let key = Unique.name()
            let text = String(repeating: "0123456789", count: 10_000)
            for _ in 0..<30 { _ = try await client.send(["RPUSH", .string(key), .string(text)]) }
            let page = try #require(try await client.send(["LRANGE", .string(key), 0, -1]).bulkStrings)
            #expect(page.count == 30)
            #expect(page.allSatisfy { $0.elementsEqual(text.utf8) })
        }
    }

    @Test("No more is under way than allowed, and the rest fails at once")
    func overload() async throws {
        var configuration = try await RedisServer.shared().configuration()
        configuration.maxCommands = 1
        try await withConnectedClient(configuration) { client async throws in
            let key = Unique.name()
            async let blocked = client.send(["BLPOP", .string(key), 0])
            while client.commandsUnderWay == 0 { await Task.yield() }
            let error = await errorOf { try await client.send(["PING"]) }
            #expect(error?.code == .overloaded)
            #expect(error?.mayHaveRun == false)
            try await withConnectedClient(try await RedisServer.shared().configuration()) { other async throws in
                _ = try await other.send(["RPUSH", .string(key), "x"])
            }
            #expect(try await blocked.elements[1]?.string == "x")
            #expect(try await client.send(["PING"]).string == "PONG")
        }
    }

    @Test("Users log in, and one who may not is refused")
    func users() async throws {
        let server = try await RedisServer.shared()
        let user = Unique.name("user")
        try await withConnectedClient(server.configuration()) { admin async throws in
            _ = try await admin.send([
                "ACL", "SETUSER", .string(user), "on", ">secret", "~own:*", "+get", "+set", "+select", "+hello",
                "+client",
            ])
        }
        let credentials = RedisURL.Credentials(user: user, password: "secret")
        var configuration = server.configuration { ($0.credentials, $0.database) = (credentials, 2) }
        configuration.clientName = "tests"
        try await withConnectedClient(configuration) { client async throws in
            #expect(try await client.send(["SET", "own:a", "1"]).string == "OK")
            for command: RedisCommand in [["GET", "other:a"], ["FLUSHALL"]] {
                let error = await errorOf { try await client.send(command) }
                #expect(error?.serverCode == .noPermission)
            }
        }
        let wrong = server.configuration { $0.credentials = .init(user: user, password: "wrong-hidden") }
        let connector = try wrong.connector()
        let error = await errorOf { try await connector.connect() }
        #expect(error?.serverCode == .wrongPassword)
        #expect(error.map { "\($0)".contains("hidden") } == false)
    }

    @Test("The database is the one of the URL")
    func database() async throws {
        let server = try await RedisServer.shared()
        let key = Unique.name()
        try await withConnectedClient(server.configuration { $0.database = 3 }) { client async throws in
            _ = try await client.send(["SET", .string(key), "three"])
            #expect(try await client.send(["CLIENT", "INFO"]).string?.contains(" db=3 ") == true)
        }
        try await withConnectedClient(server.configuration()) { client async throws in
            #expect(try await client.send(["GET", .string(key)]).isNull)
        }
    }

    @Test(
        "TLS is checked against the file of authorities and the name",
        arguments: [
            ("127.0.0.1", nil, false), ("localhost", nil, true), ("127.0.0.1", "localhost", true),
            ("127.0.0.1", "redis.example", false),
        ] as [(String, String?, Bool)]
    )
    func tls(host: String, serverName: String?, works: Bool) async throws {
        let server = try await RedisServer.shared()
        let tls = RedisURL.TLS(authorityFile: server.directory + "/ca.pem", serverName: serverName)
        let endpoint = RedisEndpoint(host: host, port: server.tlsPort)
        let configuration = server.configuration { ($0.target, $0.tls) = (.server(endpoint), tls) }
        let connector = try configuration.connector()
        let error = await errorOf {
            let connection = try await connector.connect()
            defer { connection.close() }
            #expect(try await connection.send(["ECHO", "sealed"]).string == "sealed")
        }
        #expect((error == nil) == works, "\(String(describing: error))")
    }

    @Test("A certificate of an unknown authority is refused, and so is a file that isn't there")
    func unknownAuthority() async throws {
        let server = try await RedisServer.shared()
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: server.tlsPort)
        let configuration = server.configuration { ($0.target, $0.tls) = (.server(endpoint), .init()) }
        let connector = try configuration.connector()
        let error = await errorOf { try await connector.connect() }
        #expect([.connectionLost, .notConnected].contains(error?.code))
        #expect(throws: RedisError.self) {
            try RedisClient(
                server.configuration { $0.tls = .init(authorityFile: "/absent.pem") },
                logger: Logger(label: "test")
            )
        }
    }

    @Test("A server without HELLO is spoken to in RESP2, with its password")
    func fallback() async throws {
        let options = ["--set", "requirepass", "secret", "--set", "rename-command", "HELLO \"\""]
        try await RedisServer.with(options) { server async throws in
            var configuration = server.configuration { ($0.credentials, $0.database) = (.init(password: "secret"), 1) }
            configuration.clientName = "tests"
            try await withConnectedClient(configuration) { client async throws in
                let info = try #require(try await client.send(["CLIENT", "INFO"]).string)
                #expect(info.contains(" name=tests ") && info.contains(" db=1 ") && info.contains(" resp=2"))
                _ = try await client.send(["HSET", "h", "f", "v"])
                #expect(try await client.send(["HGETALL", "h"]).bulkStrings?.count == 2)
                #expect(try await client.send(["GET", "absent"]).isNull)
            }
            try await withSubscriber(configuration) { subscriber async throws in
                try await subscriber.subscribe(to: ["c"]) { subscription async throws in
                    var events = subscription.makeAsyncIterator()
                    while try await events.next() != .gap(.subscribed) {}
                    try await withConnectedClient(configuration) { client async throws in
                        _ = try await client.send(["PUBLISH", "c", "old"])
                    }
                    let message = RedisMessage(channel: "c", payload: ByteBuffer(string: "old"))
                    #expect(try await events.next() == .message(message))
                }
            }
            let wrong = server.configuration { $0.credentials = .init(password: "hidden") }
            let connector = try wrong.connector()
            let error = await errorOf { try await connector.connect() }
            #expect(error?.serverCode == .wrongPassword)
            #expect(error.map { "\($0)".contains("hidden") } == false)
        }
    }

    @Test("A script runs by its hash, and by its source where Redis has forgotten it")
    func scripts() async throws {
        try await withConnectedClient(try await RedisServer.shared().configuration()) { client async throws in
            let script = RedisScript("return {KEYS[1], ARGV[1], redis.call('PING')}")
            for _ in 0..<2 {
                _ = try await client.send(["SCRIPT", "FLUSH"])
                for _ in 0..<2 {
                    let reply = try await client.run(script, keys: ["k"], arguments: ["\r\n"])
                    #expect(reply.elements.map(\.string) == ["k", "\r\n", "PONG"])
                }
                #expect(try await client.send(["SCRIPT", "EXISTS", .string(script.sha1)]).elements[0]?.integer == 1)
            }
            let broken = RedisScript("return redis.call('LPUSH')")
            #expect(await errorOf { try await client.run(broken) }?.serverCode == .generic)
        }
    }

    @Test("Without a connection, and after the end, commands fail at once")
    func notConnected() async throws {
        let configuration = try await RedisServer.shared().configuration()
        let client = try RedisClient(configuration, logger: Logger(label: "test"))
        #expect(await errorOf { try await client.send(["PING"]) }?.code == .notConnected)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let services = ServiceGroup(services: [client], logger: Logger(label: "test"))
            group.addTask { try await services.run() }
            try await client.waitUntilConnected()
            #expect(try await client.send(["PING"]).string == "PONG")
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        #expect(await errorOf { try await client.send(["PING"]) }?.code == .closed)
        #expect(await errorOf { try await client.waitUntilConnected() }?.code == .closed)
        #expect(!client.isConnected)
    }
}
