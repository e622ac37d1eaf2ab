import Testing

@testable import RedisWire

struct ClusterRoutingTests {
    @Test(
        "A command goes where its first key is",
        arguments: [
            (["GET", "k"], "k"), (["set", "k", "v"], "k"), (["MEMORY", "USAGE", "k"], "k"),
            (["object", "freq", "k"], "k"),
            (["EVALSHA", "hash", "2", "k", "other"], "k"), (["eval", "return 1", "1", "k"], "k"),
            (["PUBLISH", "k", "message"], "k"), (["UNLINK", "k"], "k"),
        ]
    )
    func keys(command: [String], key: String) throws {
        let routing = try ClusterRouting(RedisCommand(command.map { .string($0) }))
        #expect(routing == .slot(RedisSlot(ofKey: .string(key))))
    }

    @Test("What every node answers alike goes to any", arguments: ["PING", "time"])
    func anywhere(name: String) throws {
        #expect(try ClusterRouting(RedisCommand([.string(name)])) == .anywhere)
    }

    @Test(
        "What a node answers for itself only, and a script without a key, is refused",
        arguments: [
            [], ["SCAN", "0"], ["KEYS", "*"], ["dbsize"], ["FLUSHALL"], ["CONFIG", "GET", "port"], ["INFO"], ["GET"],
            ["EVAL", "return 1", "0"], ["EVAL", "return 1", "0", "argument"], ["EVALSHA", "hash"], ["OBJECT", "HELP"],
        ]
    )
    func refused(command: [String]) {
        #expect { try ClusterRouting(RedisCommand(command.map { .string($0) })) } throws: { error in
            (error as? RedisError)?.code == .invalidCommand
        }
    }
}

struct ClusterRedirectTests {
    private let asked = RedisEndpoint(host: "10.0.0.1", port: 6379)

    private func redirect(_ message: String) -> ClusterRedirect? {
        ClusterRedirect(RedisError(serverMessage: message), from: asked)
    }

    @Test("A node's word where a slot is, is read; without a host its own is meant")
    func redirects() throws {
        let slot = try #require(RedisSlot(3999))
        #expect(redirect("MOVED 3999 127.0.0.1:6381") == .moved(slot, RedisEndpoint(host: "127.0.0.1", port: 6381)))
        #expect(redirect("MOVED 3999 ::1:6381") == .moved(slot, RedisEndpoint(host: "::1", port: 6381)))
        #expect(redirect("MOVED 3999 :6381") == .moved(slot, RedisEndpoint(host: "10.0.0.1", port: 6381)))
        #expect(redirect("ASK 3999 redis.example:6381") == .ask(RedisEndpoint(host: "redis.example", port: 6381)))
        #expect(redirect("TRYAGAIN Multiple keys request during rehashing of slot") == .tryAgain)
        #expect(redirect("CLUSTERDOWN The cluster is down") == .clusterDown)
    }

    @Test(
        "Anything else is no redirect",
        arguments: [
            "ERR unknown", "MOVED", "MOVED 3999", "MOVED x 127.0.0.1:1", "MOVED 16384 127.0.0.1:1", "MOVED 1 host",
            "MOVED 1 host:x", "MOVED 1 host:0", "MOVED 1 host:65536", "MOVED 1 ?:6379", "MOVED -1 host:1",
        ]
    )
    func others(message: String) {
        #expect(redirect(message) == nil)
    }
}
