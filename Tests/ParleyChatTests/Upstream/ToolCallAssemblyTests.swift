import ParleyCore
import Testing

@testable import ParleyOpenAI

@Suite("Tool calls from fragments")
struct ToolCallAssemblyTests {
    private func calls(_ fragments: JSON...) throws -> [ToolCall] {
        var assembly = ToolCallAssembly()
        for fragment in fragments { try assembly.add([fragment]) }
        return try assembly.finish(newID: { "new" })
    }

    @Test("Fragments join the call with their index, in whatever order they come")
    func interleaved() throws {
        let calls = try calls(
            ["index": 0, "id": "a", "function": ["name": "f", "arguments": ""]],
            ["index": 1, "id": "b", "function": ["name": "g", "arguments": "{\"y\""]],
            ["index": 0, "function": ["arguments": "{\"x\":"]],
            ["index": 1, "function": ["arguments": ":2}"]],
            ["index": 0, "function": ["arguments": "1}"]]
        )
        #expect(
            calls == [
                ToolCall(id: "a", name: "f", arguments: "{\"x\":1}"),
                ToolCall(id: "b", name: "g", arguments: "{\"y\":2}"),
            ]
        )
    }

    @Test("Without indices an id begins a call, and what bears none belongs to the last")
    func noIndex() throws {
        let calls = try calls(
            ["id": "a", "function": ["name": "f", "arguments": "{\"x\":"]],
            ["function": ["arguments": "1}"]],
            ["id": "b", "function": ["name": "g", "arguments": ["y": 2]]]
        )
        #expect(calls.map(\.id) == ["a", "b"])
        #expect(calls.map(\.arguments) == ["{\"x\":1}", "{\"y\":2}"])
    }

    @Test("An index that comes twice with different ids is two calls")
    func sameIndex() throws {
        let calls = try calls(
            ["index": 0, "id": "a", "function": ["name": "f", "arguments": "{}"]],
            ["index": 0, "id": "b", "function": ["name": "f", "arguments": "{}"]]
        )
        #expect(calls.map(\.id) == ["a", "b"])
    }

    @Test("An id that is missing is made, and one that comes late is taken; no arguments are those of an empty object")
    func missing() throws {
        #expect(
            try calls(["index": 0, "function": ["name": "f"]]) == [ToolCall(id: "new", name: "f", arguments: "{}")]
        )
        let late = try calls(
            ["index": 0, "function": ["name": "f", "arguments": "[broken"]],
            ["index": 0, "id": "late"]
        )
        #expect(late == [ToolCall(id: "late", name: "f", arguments: "[broken")])
    }

    @Test("A name that comes again with each fragment is the name, and not written twice")
    func repeatedName() throws {
        let calls = try calls(
            ["index": 0, "id": "a", "function": ["name": "f", "arguments": "{"]],
            ["index": 0, "id": "a", "function": ["name": "f", "arguments": "}"]]
        )
        #expect(calls == [ToolCall(id: "a", name: "f", arguments: "{}")])
    }

    @Test("Calls past the bound are left out with all their fragments, however these name them")
    func surplus() throws {
        func assemble(_ surplus: [JSON], index: (Int) -> Int?) throws -> [ToolCall] {
            var assembly = ToolCallAssembly()
            for number in 0..<ToolCallAssembly.limit {
                var call: JSONObject = ["id": .string("c\(number)"), "function": ["name": "f", "arguments": "{}"]]
                if let index = index(number) { call["index"] = .number(JSONNumber(index)) }
                try assembly.add([.object(call)])
            }
            try assembly.add(surplus)
            return try assembly.finish(newID: { "new" })
        }
        let rest: JSON = ["function": ["arguments": "more"]]
        let tables: [([JSON], (Int) -> Int?)] = [
            ([["id": "x", "function": ["name": "g"]], rest], { _ in nil }),
            (
                [["index": 40, "id": "x", "function": ["name": "g"]], ["index": 40, "function": ["arguments": "1"]]],
                { $0 }
            ),
            (
                [["index": 0, "id": "x", "function": ["name": "g"]], ["index": 0, "function": ["arguments": "1"]]],
                { _ in 0 }
            ),
        ]
        for (surplus, index) in tables {
            let calls = try assemble(surplus, index: index)
            #expect(calls.map(\.id) == (0..<ToolCallAssembly.limit).map { "c\($0)" })
            #expect(calls.allSatisfy { $0.arguments == "{}" })
        }
        // One that is kept goes on behind one that is not.
        let last: JSON = ["index": 31, "function": ["arguments": "x"]]
        let calls = try assemble([["index": 40, "id": "x"], last, rest], index: { $0 })
        #expect(calls.last?.arguments == "{}xmore")
    }
}
