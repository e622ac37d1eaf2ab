/// Numbers as RESP writes them.
enum RESPNumber {
    /// A whole number of 64 bits; `nil` for anything else.
    static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
        var digits = text[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard isDigit(digit) else { return nil }
            let (product, hasOverflowed) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards, since the least number has no positive counterpart.
            let (difference, isTooMuch) = product.subtractingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !hasOverflowed, !isTooMuch else { return nil }
            value = difference
        }
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }

    /// A decimal fraction, `inf` or `nan`; `nil` for anything else.
    static func double(_ text: UnsafeRawBufferPointer) -> Double? {
        switch String(decoding: text, as: UTF8.self) {
        case "inf", "+inf": .infinity
        case "-inf": -.infinity
        case "nan", "-nan": .nan
        // The standard library also reads hexadecimal, and names in other spellings.
        case let digits where digits.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }: Double(digits)
        default: nil
        }
    }

    /// Whether it is a whole number of any size.
    static func isBigNumber(_ text: UnsafeRawBufferPointer) -> Bool {
        let hasSign = text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+")
        let digits = text.dropFirst(hasSign ? 1 : 0)
        return !digits.isEmpty && digits.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
