import Testing

@testable import ParleyServer

@Suite("Which proxies are believed")
struct TrustedProxiesTests {
    @Test("Those on this machine, and nobody else")
    func loopback() {
        for address in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"] {
            #expect(TrustedProxies.loopback.contains(address), "\(address)")
        }
        for address in [
            "126.0.0.1", "128.0.0.1", "10.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "", "localhost", "unknown",
        ] {
            #expect(!TrustedProxies.loopback.contains(address), "\(address)")
        }
    }

    @Test(
        "Networks hold what begins with their bits",
        arguments: [
            ("10.1.0.0/16", "10.1.255.3", true), ("10.1.0.0/16", "10.2.0.0", false), ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false), ("192.168.0.0/23", "192.168.1.9", true),
            ("192.168.0.0/23", "192.168.2.9", false),
            ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false), ("10.1.2.3/32", "::ffff:10.1.2.3", true),
            ("::/0", "2001:db8::1", true),
        ]
    )
    func networks(network: String, address: String, isInside: Bool) {
        var proxies = TrustedProxies.loopback
        let isTaken = proxies.add(network)
        #expect(isTaken)
        #expect(proxies.contains(address) == isInside)
        #expect(proxies.contains("127.0.0.1"))
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "a.example", "10.1/16", "10.1.0.0/33", "10.1.0.0/-1", "10.1.0.0/+8", "::/129", "10.1.0.0/",
            "1.2.3.4/8/8",
        ]
    )
    func refused(text: String) {
        var proxies = TrustedProxies.loopback
        let isTaken = proxies.add(text)
        #expect(!isTaken)
        #expect(proxies == .loopback)
    }
}
