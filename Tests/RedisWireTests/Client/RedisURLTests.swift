import RedisWire
import Testing

struct RedisURLTests {
    @Test(
        "Addresses are read",
        arguments: [
            ("redis://localhost", RedisURL(target: .server(.init(host: "localhost", port: 6379)))),
            ("redis://localhost/", RedisURL(target: .server(.init(host: "localhost", port: 6379)))),
            ("redis://[::1]:7000/3", RedisURL(target: .server(.init(host: "::1", port: 7000)), database: 3)),
            ("redis://[::1]", RedisURL(target: .server(.init(host: "::1", port: 6379)))),
            (
                "redis://:p%40ss%2F@h:1/0",
                RedisURL(target: .server(.init(host: "h", port: 1)), credentials: .init(password: "p@ss/"))
            ),
            (
                "redis://parley:a@b:c@h",
                RedisURL(
                    target: .server(.init(host: "h", port: 6379)),
                    credentials: .init(user: "parley", password: "a@b:c")
                )
            ),
            (
                "rediss://h/2?ca_file=%2Fetc%2Fca.pem&server_name=redis.example",
                RedisURL(
                    target: .server(.init(host: "h", port: 6379)),
                    database: 2,
                    tls: .init(authorityFile: "/etc/ca.pem", serverName: "redis.example")
                )
            ),
            (
                "redis+sentinel://u:p@a:1,b,[::2]:3/main/4?sentinel_user=s&sentinel_password=t",
                RedisURL(
                    target: .sentinels(
                        [.init(host: "a", port: 1), .init(host: "b", port: 26379), .init(host: "::2", port: 3)],
                        master: "main"
                    ),
                    credentials: .init(user: "u", password: "p"),
                    sentinelCredentials: .init(user: "s", password: "t"),
                    database: 4
                )
            ),
            (
                "rediss+sentinel://a/main",
                RedisURL(target: .sentinels([.init(host: "a", port: 26379)], master: "main"), tls: .init())
            ),
            ("redis+cluster://a", RedisURL(target: .cluster([.init(host: "a", port: 6379)]))),
            (
                "rediss+cluster://u:p@a:1,b,[::2]:3/0?server_name=redis.example",
                RedisURL(
                    target: .cluster([
                        .init(host: "a", port: 1), .init(host: "b", port: 6379), .init(host: "::2", port: 3),
                    ]),
                    credentials: .init(user: "u", password: "p"),
                    tls: .init(serverName: "redis.example")
                )
            ),
        ]
    )
    func valid(text: String, url: RedisURL) throws {
        #expect(try RedisURL(text) == url)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "localhost", "http://localhost", "redis://", "redis:///0", "redis://h:0", "redis://h:65536",
            "redis://h:x",
            "redis://h:+1", "redis://h:", "redis://h/x", "redis://h/-1", "redis://h/1/2", "redis://h//1", "redis://a,b",
            "redis://user@h", "redis://:%zz@h", "redis://:%f@h", "redis://:%+1@h", "redis://:%ff@h", "redis://[::1",
            "redis://[::1]x", "redis://h?ca_file=x", "redis://h?timeout=5", "redis+sentinel://a,b",
            "redis+sentinel://a,/main", "redis+sentinel://a/main/x", "redis+sentinel://a//0",
            "redis+cluster://", "redis+cluster://a,", "redis+cluster://a/1", "redis+cluster://a/main", "cluster://a",
        ]
    )
    func invalid(text: String) {
        #expect { try RedisURL(text) } throws: { ($0 as? RedisError)?.code == .invalidConfiguration }
    }

    @Test("Passwords are in no description and no error")
    func secrets() throws {
        let url = try RedisURL("redis+sentinel://me:hidden@a/main?sentinel_password=hidden")
        #expect("\(url)" == "redis+sentinel://me@a:26379/main/0")
        #expect("\(try RedisURL("rediss://:hidden@h:1/2"))" == "rediss://@h:1/2")
        #expect("\(try RedisURL("redis+cluster://me:hidden@a:1,b"))" == "redis+cluster://me@a:1,b:6379/")
        #expect(!"\(RedisConfiguration(url: url))".contains("hidden"))
        #expect { try RedisURL("redis://me:hidden@h:x") } throws: { !"\($0)".contains("hidden") }
    }
}
