import Foundation
import ParleyCore
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("Commas stand between members and elements, and nowhere else")
    func punctuation() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("a", 1)
            writer.name("b")
            writer.array { writer in
                writer.integer(-2)
                writer.object { _ in }
                writer.array { $0.null() }
                writer.bool(false)
            }
            writer.member("c", "x")
        }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":1,"b":[-2,{},[null],false],"c":"x"}"#)
    }

    @Test("Members without a value are left out")
    func optionalMembers() {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("text", String?.none)
            writer.member("count", Int?.none)
            writer.member("json", JSON?.none)
            writer.member("time", Timestamp?.none)
            writer.member("id", MessageID?.none)
            writer.member("null", JSON.null)
            writer.member("flag", true)
        }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"null":null,"flag":true}"#)
    }

    @Test("Ids and times are written as they describe themselves")
    func idsAndTimes() throws {
        let id = try #require(MessageID("0198c1a0-7e5b-7c3d-8f21-0242ac120002"))
        let time = Timestamp(microseconds: 1_795_252_440_123_456)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", id)
            writer.member("time", time)
        }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "{\"id\":\"\(id)\",\"time\":\"\(time)\"}")
    }

    @Test("What must be escaped is escaped, the rest stands as it is")
    func escapes() {
        let text = "\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}é\u{2028}😀"
        #expect(JSON.string(text).text == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}é\u{2028}😀\"")
    }

    @Test("Foundation reads back every control character and plane that was written")
    func foundationAgrees() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let scalars = (0..<40).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...(Bool.random() ? 0x7F : 0x10FFFF), using: &generator))
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            let text = String(view)
            let bytes = JSON.array([.string(text)]).serialized
            let read = try JSONDecoder().decode([String].self, from: Data(bytes))
            #expect(read.first.map { Array($0.utf8) } == Array(text.utf8))
            #expect(try JSON(parsing: bytes).arrayValue?.first?.stringValue.map { Array($0.utf8) } == Array(text.utf8))
        }
    }

    @Test("Random values are the same after writing and reading")
    func roundTrip() throws {
        for _ in 0..<300 {
            let value = Self.random(depth: 5)
            #expect(try JSON(parsing: value.serialized) == value)
        }
    }

    @Test(
        "A double is written in digits that JSON allows and that read back the same",
        arguments: [
            0, -0.5, 1, 0.1, 1e15, 1e16, 1.7976931348623157e308, 5e-324, -123456.789, 1e-7,
        ]
    )
    func doubles(_ value: Double) throws {
        let number = try #require(JSONNumber(value))
        let read = try JSON(parsing: number.lexeme)
        #expect(read.doubleValue == value)
        #expect(read == .number(number))
    }

    @Test("An infinity and NaN have no digits", arguments: [Double.infinity, -.infinity, .nan])
    func notNumbers(_ value: Double) {
        #expect(JSONNumber(value) == nil)
    }

    @Test("A member can be set, replaced in its place, and removed")
    func members() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["c"] = 3
        object["a"] = "x"
        object["b"] = nil
        #expect(JSON.object(object).text == #"{"a":"x","c":3}"#)
        object["missing"] = nil
        #expect(object.members.count == 2)
    }

    private static func random(depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4)) {
        case 0: .null
        case 1: .bool(.random())
        case 2: .number(JSONNumber(Int.random(in: .min ... .max)))
        case 3: .string(String((0..<Int.random(in: 0..<8)).compactMap { _ in "a\"\\\n\u{1}é😀/".randomElement() }))
        case 4: .array((0..<Int.random(in: 0..<5)).map { _ in random(depth: depth - 1) })
        default: .object(randomObject(depth: depth - 1))
        }
    }

    private static func randomObject(depth: Int) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0..<5) { object["k\(Int.random(in: 0..<9))"] = random(depth: depth) }
        return object
    }
}
