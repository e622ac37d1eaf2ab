import Foundation
import ParleyCore
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    /// The files of nst/JSONTestSuite; the first letter of a name says what a parser must do with it.
    static let suite: [URL] = {
        let folder = Bundle.module.resourceURL?.appendingPathComponent("Fixtures/test_parsing")
        let files = folder.flatMap {
            // A folder that can't be read leaves nothing, which the count below tells.
            try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)
        }
        return (files ?? []).sorted { $0.lastPathComponent < $1.lastPathComponent }
    }()

    @Test("The parsing suite is there, whole")
    func suiteIsWhole() {
        #expect(Self.suite.count == 318)
    }

    @Test("What the suite says must be accepted is accepted, what must be refused is refused", arguments: suite)
    func parsingSuite(_ file: URL) throws {
        let bytes = try [UInt8](Data(contentsOf: file))
        switch file.lastPathComponent.first {
        case "y":
            #expect(throws: Never.self) { try JSON(parsing: bytes) }
        case "n":
            #expect(throws: JSONSyntaxError.self) { try JSON(parsing: bytes) }
        default:
            // Either is right; what is accepted must survive being written and read again.
            guard let value = try? JSON(parsing: bytes) else { return }
            #expect(try JSON(parsing: value.serialized) == value)
        }
    }

    @Test(
        "What the suite accepts is the same after writing and reading",
        arguments: suite.filter { $0.lastPathComponent.first == "y" }
    )
    func suiteRoundTrip(_ file: URL) throws {
        let value = try JSON(parsing: Data(contentsOf: file))
        #expect(try JSON(parsing: value.serialized) == value)
    }

    @Test(
        "Numbers keep their digits",
        arguments: ["0", "-0", "1.0", "1.10", "1e5", "1E+05", "-1.5e-300", "12345678901234567890.123456789", "1e400"]
    )
    func digits(_ lexeme: String) throws {
        let value = try JSON(parsing: "[\(lexeme)]")
        #expect(value.text == "[\(lexeme)]")
    }

    @Test(
        "A number is an integer only where its digits are one and fit",
        arguments: [
            ("5", 5), ("-7", -7), ("9223372036854775807", Int.max), ("9223372036854775808", nil), ("5.0", nil),
            ("5e0", nil),
        ]
    )
    func integers(_ lexeme: String, _ expected: Int?) throws {
        #expect(try JSON(parsing: lexeme).intValue == expected)
    }

    @Test("A number beyond a double has no double value")
    func overflow() throws {
        #expect(try JSON(parsing: "1e400").doubleValue == nil)
        #expect(try JSON(parsing: "-1.5e3").doubleValue == -1500)
    }

    @Test("Of doubled names the last counts, in the last one's place")
    func duplicates() throws {
        #expect(try JSON(parsing: #"{"a":1,"b":2,"a":3}"#).text == #"{"b":2,"a":3}"#)
        #expect(try JSON(parsing: #"{"a":1,"\u0061":3}"#)["a"] == 3)
    }

    @Test(
        "Doubled names are refused where asked, at every depth and however they are escaped",
        arguments: [
            #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"[{"b":{"a":1,"c":0,"a":2}}]"#,
        ]
    )
    func refusedDuplicates(_ text: String) throws {
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: Array(text.utf8), refusingDuplicateNames: true) }
        #expect(throws: Never.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test("Names that differ in their bytes only are two members, and not refused as one")
    func canonicallyEquivalentNames() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        let value = try JSON(parsing: Array(text.utf8), refusingDuplicateNames: true)
        #expect(Array(value.text.utf8) == Array(text.utf8))
    }

    @Test("Members keep their order")
    func order() throws {
        let text = #"{"z":1,"a":{"y":[],"b":null},"m":true}"#
        #expect(try JSON(parsing: text).text == text)
    }

    @Test("Nesting is taken to the limit and refused beyond it")
    func depth() {
        let limit = Limits.jsonDepth
        let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try JSON(parsing: nested(limit)) }
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: nested(limit + 1)) }
        // Far beyond it, the stack must hold.
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: String(repeating: "[{\"a\":", count: 500_000)) }
    }

    @Test("Brothers do not add to the depth")
    func breadth() throws {
        let text = "[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"
        #expect(try JSON(parsing: Array(text.utf8), maximumDepth: 3).arrayValue?.count == 1000)
    }

    @Test(
        "An error says where the parser stopped",
        arguments: [
            ("[1,]", 3), ("{\"a\" 1}", 5), ("nul", 3), ("", 0), ("[1] x", 4), ("\"\\q\"", 3),
        ]
    )
    func offsets(_ text: String, _ offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
        #expect(error?.offset == offset)
    }

    @Test("Escapes are read as what they stand for")
    func escapes() throws {
        let value = try JSON(parsing: #""\"\\\/\b\f\n\r\t\u0000\u00e9\ud83d\ude00""#)
        #expect(value.stringValue == "\"\\/\u{8}\u{c}\n\r\t\0é😀")
    }

    @Test(
        "Half a surrogate pair is refused",
        arguments: [#""\ud83d""#, #""\ude00""#, #""\ud83d\u0041""#, #""\ud83dx""#]
    )
    func surrogates(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSON(parsing: text) }
    }

    @Test("Bytes that lie in no array of their own are read too")
    func lazyBytes() throws {
        #expect(try JSON(parsing: "[1,2]".utf8.lazy.map { $0 }) == [1, 2])
    }
}
