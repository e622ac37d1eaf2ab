import ParleyCore
import Testing

/// The writer looks at eight bytes together, so a byte that needs an escape must be found at every place among them.
@Suite("Escapes of the JSON writer")
struct JSONWriterEscapeTests {
    private func written(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test(
        "An escape is written wherever it stands",
        arguments: [("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\u{0}", "\\u0000"), ("\u{1F}", "\\u001f")]
    )
    func everyPlace(character: String, escape: String) {
        for length in 0..<40 {
            for place in 0...length {
                let (before, after) = (
                    String(repeating: "a", count: place), String(repeating: "é", count: length - place)
                )
                #expect(written(before + character + after) == "\"\(before)\(escape)\(after)\"")
                #expect(written(after + character + before) == "\"\(after)\(escape)\(before)\"")
            }
        }
    }

    @Test("No other byte is escaped, neighbours of those that are included")
    func everyScalar() {
        for value in UInt32(0x20)...0x2FF where value != 0x22 && value != 0x5C {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = String(repeating: Character(scalar), count: 17)
            #expect(written(text) == "\"\(text)\"")
        }
    }
}
