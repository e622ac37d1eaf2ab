import ParleyCore
import Testing

@testable import ParleyChat

@Suite("A call's arguments")
struct ToolArgumentsTests {
    @Test("An object is read; nothing at all counts as an empty one", arguments: ["{}", "", " \n", #"{"a":null}"#])
    func none(text: String) throws {
        let arguments = try ToolArguments(parsing: text)
        #expect(try arguments.integer("a") == nil)
        #expect(throws: ParleyError.self) { try arguments.text("a") }
    }

    @Test(
        "What is no object is told in words",
        arguments: [
            (#"{"a":"#, "not JSON"), ("plain", "not JSON"), ("[1]", "an object"), ("null", "an object"),
            (#"{"a":1} {}"#, "not JSON"),
            (#"{"a":"\#(String(repeating: "x", count: Limits.toolArgumentBytes))"}"#, "longer than"),
            (String(repeating: "[", count: 1000), "not JSON"),
        ]
    )
    func broken(text: String, words: String) throws {
        let error = #expect(throws: ParleyError.self) { try ToolArguments(parsing: text) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.replacing("a JSON object", with: "an object").contains(words) == true)
    }

    @Test("A value of another type is a mistake that names itself")
    func types() throws {
        let arguments = try ToolArguments(parsing: #"{"s":"x","n":5,"f":5.0,"h":5.5,"t":"5","big":1e300}"#)
        #expect(try arguments.text("s") == "x")
        #expect(try arguments.integer("n") == 5)
        #expect(try arguments.integer("f") == 5)
        for name in ["h", "t", "big", "s"] {
            let error = #expect(throws: ParleyError.self) { try arguments.integer(name) }
            #expect(error?.message.contains(name) == true)
        }
        #expect(throws: ParleyError.self) { try arguments.text("n") }
    }
}
