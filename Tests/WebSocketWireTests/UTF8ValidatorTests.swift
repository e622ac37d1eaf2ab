import Testing

@testable import WebSocketWire

struct UTF8ValidatorTests {
    /// The first and the last of each length, and the neighbours of what is left out.
    static let valid: [[UInt8]] = [
        [], [0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xEC, 0xBF, 0xBF], [0xED, 0x80, 0x80],
        [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF3, 0xBF, 0xBF, 0xBF],
        [0xF4, 0x80, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
    ]
    /// With the index of the first byte that can't be right.
    static let invalid: [([UInt8], Int)] = [
        ([0x80], 0), ([0xBF], 0), ([0xC0], 0), ([0xC1], 0), ([0xF5], 0), ([0xFE], 0), ([0xFF], 0),
        ([0xC2, 0x7F], 1), ([0xC2, 0xC0], 1), ([0xDF, 0x00], 1), ([0xE0, 0x9F], 1), ([0xE0, 0xC0], 1),
        ([0xE1, 0x7F], 1), ([0xED, 0xA0], 1), ([0xED, 0xBF], 1), ([0xEF, 0xC0], 1), ([0xE1, 0x80, 0x7F], 2),
        ([0xED, 0x9F, 0xC0], 2), ([0xF0, 0x8F], 1), ([0xF0, 0xC0], 1), ([0xF1, 0x7F], 1), ([0xF4, 0x90], 1),
        ([0xF4, 0x8F, 0x7F], 2), ([0xF4, 0x8F, 0xBF, 0xC0], 3),
    ]

    @Test(arguments: valid)
    func `well-formed bytes are taken, however they are cut`(bytes: [UInt8]) {
        for before in 0..<17 {
            let padded = [UInt8](repeating: 0x61, count: before) + bytes + [0x61]
            for cut in 0...padded.count {
                var validator = UTF8Validator()
                #expect(Self.feed(padded[..<cut], to: &validator))
                #expect(validator.isComplete == Self.isUTF8(padded[..<cut]))
                #expect(Self.feed(padded[cut...], to: &validator))
                #expect(validator.isComplete)
            }
        }
    }

    @Test(arguments: invalid)
    func `the first wrong byte is refused at once`(bytes: [UInt8], wrong: Int) {
        for before in 0..<17 {
            let padded = [UInt8](repeating: 0x61, count: before) + bytes
            var validator = UTF8Validator()
            #expect(Self.feed(padded[..<(before + wrong)], to: &validator))
            #expect(!Self.feed(padded[(before + wrong)...(before + wrong)], to: &validator))
        }
    }

    @Test func `it agrees with the standard library on every sequence of two and three bytes`() {
        var differences = 0
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                // The third is one of each class of bytes.
                for third: UInt8 in [0x00, 0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xF0, 0xFF] {
                    let bytes = [first, second, third]
                    if Self.accepts(bytes[...]) != Self.isUTF8(bytes[...]) { differences += 1 }
                }
                if Self.accepts([first, second]) != Self.isUTF8([first, second]) { differences += 1 }
            }
        }
        #expect(differences == 0)
    }

    @Test func `it agrees with the standard library on noise`() {
        var generator = SeededGenerator(seed: 1)
        let pieces: [[UInt8]] = Self.valid + Self.invalid.map(\.0) + [Array("longer than a word of eight".utf8)]
        var differences = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<6, using: &generator)).flatMap { _ in
                pieces.randomElement(using: &generator) ?? []
            }
            if Self.accepts(bytes[...]) != Self.isUTF8(bytes[...]) { differences += 1 }
        }
        #expect(differences == 0)
    }

    private static func feed(_ bytes: ArraySlice<UInt8>, to validator: inout UTF8Validator) -> Bool {
        bytes.withUnsafeBytes { validator.take($0) }
    }

    private static func accepts(_ bytes: ArraySlice<UInt8>) -> Bool {
        var validator = UTF8Validator()
        return feed(bytes, to: &validator) && validator.isComplete
    }

    private static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil
    }
}
