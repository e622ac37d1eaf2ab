import ParleyCore
import Testing

@Suite("E-mail addresses")
struct EmailAddressTests {
    @Test(
        "Spellings of one address are one",
        arguments: [
            ("ann@example.com", "ann@example.com"),
            ("  Ann@Example.COM \t", "ann@example.com"),
            ("a@b", "a@b"),
            ("ann+tag@sub.example.com", "ann+tag@sub.example.com"),
            ("JOSE\u{301}@example.com", "jos\u{E9}@example.com"),
            ("jos\u{E9}@example.com", "jos\u{E9}@example.com"),
            ("a\u{F82}\u{F73}@example.com", "a\u{F71}\u{F72}\u{F82}@example.com"),
            ("用户@例え.jp", "用户@例え.jp"),
            ("o'brien!#$%&*/=?^_`{|}~@example.com", "o'brien!#$%&*/=?^_`{|}~@example.com"),
        ]
    )
    func normalized(_ text: String, _ expected: String) throws {
        let address = try #require(EmailAddress(text))
        #expect(Array(address.value.utf8) == Array(expected.utf8))
        #expect(EmailAddress(address.value) == address)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "@", "a@", "@b", "ann", "a@b@c", "ann@@example.com", "a b@c", "a@b c", "a\0@b", "a@b\0", "a@b\n",
            "\na@b",
            "a\u{7f}@b", "a@b\u{200B}c", "a\u{202E}@b", "a\u{2028}@b", "a\u{FEFF}@b", "a@\u{301}b", "a@b@\u{301}c",
            "a\u{A0}b@c",
            "a@b\u{E000}", String(repeating: "a", count: 250) + "@b.de",
        ]
    )
    func refused(_ text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test("The longest address has 254 bytes")
    func longest() {
        let domain = "@example.com"
        #expect(EmailAddress(String(repeating: "a", count: 254 - domain.count) + domain) != nil)
        #expect(EmailAddress(String(repeating: "a", count: 255 - domain.count) + domain) == nil)
    }

    @Test("Normalising what is normalised changes nothing")
    func idempotent() {
        for _ in 0..<2000 {
            let scalars = (0..<6).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0x21...0x2FFF)) }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            guard let address = EmailAddress(String(view) + "@x") else { continue }
            #expect(EmailAddress(address.value).map { Array($0.value.utf8) } == Array(address.value.utf8))
        }
    }
}
