/// One extension of a `Sec-WebSocket-Extensions` field, by the grammar of RFC 6455, section 9.1.
struct ExtensionHeader: Equatable {
    struct Parameter: Equatable {
        let name: String
        let value: String?
    }

    let name: String
    let parameters: [Parameter]

    /// The extensions of all lines of the field, in order; nil when a line doesn't follow the grammar.
    static func parse(_ lines: [String]) -> [ExtensionHeader]? {
        var found: [ExtensionHeader] = []
        for line in lines {
            var scanner = TokenScanner(line)
            repeat {
                // RFC 9110, section 5.6.1.2: empty elements of a list are passed over.
                scanner.skipSpace()
                if scanner.isAtEnd || scanner.peek == UInt8(ascii: ",") { continue }
                guard let one = parse(&scanner) else { return nil }
                found.append(one)
            } while scanner.skip(UInt8(ascii: ","))
            guard scanner.isAtEnd else { return nil }
        }
        return found
    }

    private static func parse(_ scanner: inout TokenScanner) -> ExtensionHeader? {
        guard let name = scanner.token() else { return nil }
        var parameters: [Parameter] = []
        scanner.skipSpace()
        while scanner.skip(UInt8(ascii: ";")) {
            scanner.skipSpace()
            guard let name = scanner.token() else { return nil }
            scanner.skipSpace()
            var value: String?
            if scanner.skip(UInt8(ascii: "=")) {
                scanner.skipSpace()
                guard let found = scanner.token() ?? scanner.quotedToken() else { return nil }
                value = found
                scanner.skipSpace()
            }
            parameters.append(Parameter(name: name.lowercased(), value: value))
        }
        return ExtensionHeader(name: name.lowercased(), parameters: parameters)
    }
}
