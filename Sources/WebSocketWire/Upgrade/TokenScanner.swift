/// Reads the pieces of a header field: tokens, quoted tokens, separators (RFC 9110, section 5.6).
struct TokenScanner {
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { at == bytes.count }
    var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 { at += 1 }
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        at += 1
        return true
    }

    mutating func token() -> String? {
        let start = at
        while let byte = peek, Self.isTokenByte(byte) { at += 1 }
        return at > start ? String(decoding: bytes[start..<at], as: UTF8.self) : nil
    }

    /// A quoted string that holds a token: RFC 6455 allows no other in an extension's parameter.
    mutating func quotedToken() -> String? {
        guard skip(UInt8(ascii: "\"")) else { return nil }
        var value: [UInt8] = []
        while let byte = peek, byte != UInt8(ascii: "\"") {
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            guard let escaped = peek else { return nil }
            at += 1
            value.append(escaped)
        }
        guard skip(UInt8(ascii: "\"")), !value.isEmpty, value.allSatisfy(Self.isTokenByte) else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    /// The elements of a list of tokens over all lines of a field; nil when one is no token.
    static func tokens(of lines: [String]) -> [String]? {
        var found: [String] = []
        for line in lines {
            for element in line.split(separator: ",") {
                var scanner = TokenScanner(String(element))
                scanner.skipSpace()
                if scanner.isAtEnd { continue }
                guard let token = scanner.token() else { return nil }
                scanner.skipSpace()
                guard scanner.isAtEnd else { return nil }
                found.append(token)
            }
        }
        return found
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
