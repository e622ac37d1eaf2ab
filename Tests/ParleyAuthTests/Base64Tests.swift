import Foundation
import Testing

@testable import ParleyAuth

@Suite("Base64")
struct Base64Tests {
    @Test("Foundation writes and reads the same")
    func foundationAgrees() {
        for length in 0..<100 {
            let bytes = RandomBytes.make(length)
            let padded = Data(bytes).base64EncodedString()
            let expected = padded.replacing("=", with: "")
            #expect(Base64.standard.encode(bytes) == expected)
            #expect(Base64.standard.decode(expected.utf8) == bytes)
            #expect(Base64.url.encode(bytes) == expected.replacing("+", with: "-").replacing("/", with: "_"))
            #expect(Base64.url.decode(Base64.url.encode(bytes).utf8) == bytes)
        }
    }

    @Test("Every byte string has exactly one spelling")
    func canonical() {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var spellings: [[UInt8]: Int] = [:]
        for first in alphabet {
            for second in alphabet {
                if let bytes = Base64.url.decode([first, second]) { spellings[bytes, default: 0] += 1 }
            }
        }
        #expect(spellings.count == 256)
        #expect(spellings.values.allSatisfy { $0 == 1 })
    }

    @Test(
        "What is not canonical is refused",
        arguments: ["A", "AAAAA", "AB", "AAB", "AA==", "AA=", "A A", "AA\n", "+/", "é", "AAA\0"]
    )
    func refused(_ text: String) {
        #expect(Base64.url.decode(text.utf8) == nil)
    }
}
