import ParleyAuth
import Testing

@Suite("Origin policy")
struct OriginPolicyTests {
    private let policy = OriginPolicy(allowed: [
        "https://chat.example", "http://dev.example:3000/", "HTTPS://Upper.Example:443",
    ])

    @Test(
        "Parley's own pages may",
        arguments: [
            ("http://localhost:8080", "localhost:8080"), ("http://LOCALHOST:8080", "localhost:8080"),
            ("http://localhost:8080", "LocalHost:8080"), ("http://parley.example", "parley.example"),
            ("http://parley.example", "parley.example:80"), ("http://parley.example:80", "parley.example"),
            ("https://parley.example", "parley.example"), ("https://parley.example", "parley.example:443"),
            ("https://parley.example:443", "parley.example"), ("https://parley.example:8443", "parley.example:8443"),
            ("http://[::1]:8080", "[::1]:8080"), ("http://127.0.0.1", "127.0.0.1"),
            ("http://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ]
    )
    func ownPages(_ origin: String, _ host: String) {
        #expect(OriginPolicy().allows(origin: origin, host: host))
    }

    @Test(
        "Nobody else may",
        arguments: [
            (nil, "good.example"), ("null", "good.example"), ("", "good.example"), ("http://good.example", nil),
            ("http://good.example", ""), ("http://good.example.evil", "good.example"),
            ("http://evilgood.example", "good.example"),
            ("http://evil.good.example", "good.example"), ("http://good.example", "evil.good.example"),
            ("http://good.example@evil", "good.example"), ("http://good.example:x@evil", "good.example"),
            ("http://evil@good.example", "good.example"), ("http://good.example", "evil@good.example"),
            ("http://good.example:81", "good.example"), ("http://good.example", "good.example:81"),
            ("https://good.example", "good.example:80"), ("http://good.example", "good.example:443"),
            ("http://good.example:8080", "good.example:8081"), ("http://good.example.", "good.example"),
            ("http://good.example/", "good.example"), ("http://good.example/x", "good.example"),
            ("http://good.example?x", "good.example"), ("http://good.example#x", "good.example"),
            ("http://good.example\\", "good.example"), ("http:/good.example", "good.example"),
            ("good.example", "good.example"),
            ("//good.example", "good.example"), ("http://", "good.example"), ("http://:80", ":80"), ("http://", ""),
            ("ftp://good.example", "good.example"), ("file://", "good.example"), ("ws://good.example", "good.example"),
            ("chrome-extension://good.example", "good.example"), ("javascript://good.example", "good.example"),
            ("http://good.example:", "good.example"), ("http://good.example:+80", "good.example"),
            ("http://good.example:65616", "good.example"), ("http://good.example:8_0", "good.example"),
            ("http://good.example http://evil", "good.example"), ("http://evil, http://good.example", "good.example"),
            (" http://good.example", "good.example"), ("http://good.example\n", "good.example"),
            ("http://good.example\0", "good.example"),
            ("http://good%2eexample", "good.example"), ("http://g\u{F6}od.example", "g\u{F6}od.example"),
            ("http://\u{212A}ey.example", "key.example"), ("http://*.example", "*.example"),
            ("http://*", "good.example"),
            ("http://[::1]", "[::2]"), ("http://[::1", "[::1"), ("http://[]", "[]"), ("http://[::1]x", "[::1]x"),
            ("http://[::1]:", "[::1]"), ("http://::1", "::1"),
        ] as [(String?, String?)]
    )
    func others(_ origin: String?, _ host: String?) {
        #expect(!OriginPolicy().allows(origin: origin, host: host))
        #expect(!policy.allows(origin: origin, host: host))
    }

    @Test(
        "Listed origins may, whatever the host",
        arguments: [
            "https://chat.example", "https://CHAT.example", "https://chat.example:443", "http://dev.example:3000",
            "https://upper.example",
        ]
    )
    func listed(_ origin: String) {
        #expect(policy.allows(origin: origin, host: "other.example"))
        #expect(policy.allows(origin: origin, host: nil))
    }

    @Test(
        "What is only like a listed origin may not",
        arguments: [
            "http://chat.example", "https://chat.example:8443", "https://chat.example.evil", "https://a.chat.example",
            "http://dev.example", "https://dev.example:3000", "https://chat.example/", "https://chat.example@evil",
        ]
    )
    func notListed(_ origin: String) {
        #expect(!policy.allows(origin: origin, host: "other.example"))
    }

    @Test(
        "A list entry that is no origin is known as such, and allows nothing",
        arguments: [
            "*", "", "null", "chat.example", "https://*.example", "https://chat.example/app", "https://chat.example//",
            "https://",
        ]
    )
    func malformedEntries(_ entry: String) {
        #expect(!OriginPolicy.isOrigin(entry))
        #expect(!OriginPolicy(allowed: [entry]).allows(origin: entry, host: nil))
        #expect(!OriginPolicy(allowed: [entry]).allows(origin: "https://chat.example", host: nil))
    }

    @Test(
        "List entries that are origins are known as such",
        arguments: ["https://chat.example", "http://a:1/", "http://[::1]:80"]
    )
    func entries(_ entry: String) {
        #expect(OriginPolicy.isOrigin(entry))
    }
}
