/// An address that a link may lead to.
///
/// It begins with `http://`, `https://` or `mailto:` just so, but for case: no space, no control character and no escape
/// before or within, since browsers skip some of them where they look for a scheme.
struct SafeAddress {
    private static let web: [[UInt8]] = [Array("http://".utf8), Array("https://".utf8)]
    private static let mail = Array("mailto:".utf8)

    private let bytes: [UInt8]
    private let scheme: [UInt8]

    init?(_ text: UnsafePointer<CChar>?) {
        self.init(text, schemes: Self.web + [Self.mail])
    }

    init?(webOnly text: UnsafePointer<CChar>?) {
        self.init(text, schemes: Self.web)
    }

    private init?(_ text: UnsafePointer<CChar>?, schemes: [[UInt8]]) {
        guard let text else { return nil }
        let bytes = Array(String(cString: text).utf8)
        let found = schemes.first { scheme in
            bytes.count > scheme.count && zip(bytes, scheme).allSatisfy { $0 | 0x20 == $1 || $0 == $1 }
        }
        guard let found, !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        self.bytes = bytes
        scheme = found
    }

    /// Whom a request would go to, without the name that may stand before it to deceive.
    var host: some Collection<UInt8> {
        let authority = bytes[scheme.count...].prefix { !Array("/?#\\".utf8).contains($0) }
        let start = authority.lastIndex(of: UInt8(ascii: "@")).map { $0 + 1 } ?? authority.startIndex
        return authority[start...].prefix(253)
    }

    func open(_ writer: inout HTMLWriter) {
        writer.markup("<a href=\"")
        writer.text(bytes)
        writer.markup("\" rel=\"noopener noreferrer nofollow\" target=\"_blank\">")
    }
}
