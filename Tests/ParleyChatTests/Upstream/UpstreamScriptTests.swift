import ParleyCore
import Testing

@testable import ParleyUpstream

@Suite("What the test upstream says, and how it is told to")
struct UpstreamScriptTests {
    private static let question: JSON = [
        "model": "m", "stream": true, "stream_options": ["include_usage": true],
        "messages": [["role": "system", "content": "Be kind."], ["role": "user", "content": "Hi"]],
    ]

    private func script(_ behaviour: Behaviour = Behaviour(), _ body: JSON = question) -> CompletionScript {
        CompletionScript(CompletionRequest(body), behaviour, id: 7, created: 1)
    }

    private func data(_ steps: some Sequence<CompletionScript.Step>) throws -> [JSON] {
        try steps.compactMap { step in
            guard case .event(let data) = step, data != "[DONE]" else { return nil }
            return try JSON(parsing: data)
        }
    }

    @Test("An answer is a role, deltas, a reason, the usage and [DONE]")
    func plain() throws {
        let steps = Array(script())
        let chunks = try data(steps)
        let choices = chunks.map { $0["choices"]?.arrayValue?.first }
        #expect(choices.first??["delta"]?["role"] == "assistant")
        let text = choices.compactMap { $0?["delta"]?["content"]?.stringValue }.joined()
        #expect(text == DerivedAnswer.text(to: "Hi"))
        #expect(choices.dropLast().last??["finish_reason"] == "stop")
        #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null })
        #expect(chunks.last?["choices"] == [])
        let deltas = DerivedAnswer.deltas(of: text).count
        #expect(chunks.last?["usage"]?["completion_tokens"]?.intValue == deltas)
        #expect(chunks.allSatisfy { $0["id"] == "chatcmpl-7" && $0["model"] == "m" })
        #expect(steps.last == .event("[DONE]"))
        #expect(steps.count == 1 + deltas + 3)
    }

    @Test("Who does not ask for the usage is told none")
    func noUsage() throws {
        let body: JSON = ["messages": [["role": "user", "content": "Hi"]], "stream": true]
        #expect(try data(script(Behaviour(), body)).allSatisfy { $0["usage"] == nil })
    }

    @Test("Deltas join to their text, and cut what a person takes for one character")
    func deltas() {
        let text = DerivedAnswer.text(to: "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦")
        let deltas = DerivedAnswer.deltas(of: text)
        #expect(bytes(deltas.joined()) == bytes(text))
        #expect(deltas.contains { $0.unicodeScalars.first?.properties.isJoinControl == true })
        #expect(deltas.reduce(0) { $0 + $1.count } > text.count)
    }

    @Test(
        "An ending comes behind as many deltas as it is told, and is the last",
        arguments: [Behaviour.Ending.cut(.fin), .cut(.rst), .error, .malformed, .end]
    )
    func endings(ending: Behaviour.Ending) {
        for after in [0, 1, 5] {
            var script = script(.ending(ending, after: after))
            var steps: [CompletionScript.Step] = []
            while let step = script.next() { steps.append(step) }
            #expect(script.deltaCount == after)
            #expect(!steps.contains(.event("[DONE]")))
            switch ending {
            case .cut(let cut): #expect(steps.last == .cut(cut))
            case .error, .malformed: #expect(steps.count == after + 2)
            case .end: #expect(steps.count == after + 1)
            }
        }
    }

    @Test("An answer without end goes on, and is its text again and again")
    func endless() throws {
        let steps = script(Behaviour { $0.isEndless = true }).prefix(2000)
        let text = try data(steps).compactMap { chunk in
            chunk["choices"]?.arrayValue?.first?["delta"]?["content"]?.stringValue
        }.joined()
        let once = DerivedAnswer.text(to: "Hi")
        #expect(text.utf8.count > 10 * once.utf8.count)
        #expect(String(repeating: once, count: 1 + text.utf8.count / once.utf8.count).utf8.starts(with: text.utf8))
    }

    @Test("Tools are called round by round, only where they are offered, and without end where it is told so")
    func tools() throws {
        let behaviour = Behaviour {
            $0.calls = [[.init("a", "{}"), .init("b", "{}")], [.init("c", "{}")]]
        }
        func names(_ rounds: Int, _ behaviour: Behaviour, offered: Bool = true) throws -> [String] {
            var messages: [JSON] = [["role": "user", "content": "Hi"]]
            for round in 0..<rounds {
                messages.append(["role": "assistant", "content": .null, "tool_calls": [["id": "x"]]])
                messages.append(["role": "tool", "tool_call_id": "x", "content": .string("r\(round)")])
            }
            var body: JSONObject = ["stream": true, "messages": .array(messages)]
            if offered { body["tools"] = [["type": "function", "function": ["name": "a"]]] }
            return try data(script(behaviour, .object(body))).flatMap { chunk in
                (chunk["choices"]?.arrayValue?.first?["delta"]?["tool_calls"]?.arrayValue ?? [])
                    .compactMap { $0["function"]?["name"]?.stringValue }
            }
        }
        #expect(try names(0, behaviour) == ["a", "b"])
        #expect(try names(1, behaviour) == ["c"])
        #expect(try names(2, behaviour) == [])
        #expect(try names(0, behaviour, offered: false) == [])
        var forever = behaviour
        forever.callsForever = true
        #expect(try names(9, forever) == ["c"])
    }

    @Test("A schema is kept")
    func schema() throws {
        let schema: JSON = [
            "type": "object",
            "properties": [
                "text": ["type": "string"], "kind": ["type": "string", "enum": ["x", "y"]],
                "confidence": ["type": "number"], "list": ["type": "array"], "is": ["type": "boolean"],
            ],
        ]
        #expect(
            DerivedAnswer.value(keepingTo: schema, question: "Hi").text
                == #"{"text":"text: Hi","kind":"x","confidence":0.9,"list":[],"is":true}"#
        )
    }

    @Test("Every member that the help lists is read; another one, or a wrong value, is an error")
    func members() throws {
        let values: [JSON] = [1, "rst", true, "text", [], [[["name": "a"]]]]
        for (name, _) in Behaviour.members {
            // What may be lost of the error is only that it is one: this value is of another kind.
            #expect(values.contains { (try? Behaviour(json: .object([name: $0]))) != nil }, "\(name)")
            #expect(throws: UnknownBehaviour.self) { try Behaviour(json: .object([name: .null])) }
        }
        #expect(throws: UnknownBehaviour.self) { try Behaviour(json: ["nonsense": 1]) }
        #expect(throws: UnknownBehaviour.self) { try Behaviour(parsing: "nonsense") }
        #expect(try Behaviour(parsing: #"{"after":2,"then":"rst"}"#) == .ending(.cut(.rst), after: 2))
        #expect(try Behaviour(parsing: "429-once") == .status(429, retryAfter: 1, times: 1))
    }

    @Test("What was armed counts before what the request asks for, each once; a message's own only so many times")
    func armory() throws {
        let armory = Armory()
        func status(_ question: String, model: String = "m", header: String? = nil) throws -> Int? {
            let body: JSON = ["model": .string(model), "messages": [["role": "user", "content": .string(question)]]]
            return try armory.behaviour(for: CompletionRequest(body), header: header).status
        }
        #expect(armory.arm(.status(501), match: "this"))
        #expect(armory.arm(.status(502), match: nil))
        #expect(try status("that", header: "500") == 502)
        #expect(try status("that", header: "500") == 500)
        #expect(try status("this") == 501)
        #expect(try status("this") == nil)
        #expect(try status(#"x [[{"status":418,"times":2}]] y"#) == 418)
        #expect(try status(#"x [[{"status":418,"times":2}]] y"#) == 418)
        #expect(try status(#"x [[{"status":418,"times":2}]] y"#) == nil)
        #expect(try status("that", model: "fault/429") == 429)
        #expect(throws: UnknownBehaviour.self) { try status("that", model: "fault/nonsense") }
    }
}
