import ParleyCore
import Testing

@testable import ParleyOpenAI

@Suite("Reading a streamed chat completion")
struct CompletionStreamTests {
    private static var stream: CompletionStream {
        CompletionStream(takesTools: true, takesContexts: true, newID: { "call_new" })
    }

    private func read(_ stream: String, error: (any Error)? = nil) -> (chunks: [ReplyChunk], failure: String?) {
        var completion = Self.stream
        let chunks = completion.feed(stream.utf8) + completion.end(error)
        if case .failed(let error) = completion.outcome { return (chunks, error.message) }
        return (chunks, nil)
    }

    private static let answer = """
        : keep-alive

        data: {"model":"m-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}

        data: {"model":"m-1","choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}

        data: {"model":"m-1","choices":[{"index":0,"delta":{"content":"Hé"},"logprobs":null}]}

        data: {"model":"m-1","choices":[{"index":1,"delta":{"content":"not this one"}}]}

        data: {"choices":[{"delta":{"content":null}}],"usage":null}

        data: {"choices":[{"delta":{"content":"llo 👩‍👧"}}]}

        data: {"choices":[{"delta":{},"finish_reason":"stop"}]}

        data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}

        data: [DONE]


        """

    @Test(
        "A cost that no model can have is none",
        arguments: ["9223372036854775807", "1099511627777", "-1", "1.5", "\"7\""]
    )
    func implausibleUsage(count: String) {
        for usage in ["{\"prompt_tokens\":\(count)}", "{\"prompt_tokens\":1,\"completion_tokens\":\(count)}"] {
            let chunks = read("data: {\"choices\":[],\"usage\":\(usage)}\n\ndata: [DONE]\n\n").chunks
            let isCounted = chunks.contains { if case .usage(let usage) = $0 { usage.total > 1 } else { false } }
            #expect(!isCounted)
        }
    }

    @Test("What servers add or leave out does not disturb it")
    func tolerant() {
        let read = read(Self.answer)
        #expect(read.failure == nil)
        #expect(
            read.chunks == [
                .model("m-1"), .reasoning("hm"), .text("Hé"), .text("llo 👩‍👧"), .finishReason("stop"),
                .usage(TokenUsage(prompt: 7, completion: 2)),
            ]
        )
    }

    @Test("Cut at any byte it gives the same chunks")
    func cuts() {
        let stream = Array(Self.answer.utf8)
        let whole = read(Self.answer).chunks
        for cut in 0...stream.count {
            var completion = Self.stream
            let chunks = completion.feed(stream[..<cut]) + completion.feed(stream[cut...]) + completion.end()
            #expect(chunks == whole, "cut at \(cut)")
        }
    }

    @Test("Only one that said why it ends, or that it is done, is whole; one cut anywhere before broke off")
    func brokeOff() throws {
        let stream = Array(Self.answer.utf8)
        let text = String(decoding: stream, as: UTF8.self)
        let finishLine = #"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#
        let said = try text.utf8.distance(
            from: text.startIndex,
            to: #require(text.firstRange(of: finishLine)).upperBound
        )
        for cut in 0..<stream.count {
            var completion = Self.stream
            _ = completion.feed(stream[..<cut])
            _ = completion.end()
            switch completion.outcome {
            case .complete: #expect(cut >= said, "cut at \(cut)")
            case .failed(let error):
                #expect(cut < said, "cut at \(cut)")
                #expect(error.code == .upstreamError)
                #expect(error.message.contains("broke off"))
            case .open: Issue.record("open after the end, cut at \(cut)")
            }
        }
    }

    @Test(
        "An error in the stream is told, after what had come",
        arguments: [
            (#"{"error":{"message":"The server is overloaded.","type":"server_error"}}"#, "overloaded"),
            (#"{"error":"plain words"}"#, "plain words"),
            (#"{"object":"error","error":{}}"#, "reported an error."),
            (#"{"choices":[{"delta":{"content":"b"#, "malformed"),
            ("[1]", "malformed"),
            ("hello", "malformed"),
        ]
    )
    func errors(data: String, words: String) {
        let read = read("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: \(data)\n\ndata: [DONE]\n\n")
        #expect(read.chunks == [.text("a")])
        #expect(read.failure?.contains(words) == true, "\(read.failure ?? "no failure")")
    }

    @Test("A server's words are one line of bounded length")
    func messages() {
        let long = String(repeating: "very\n\u{7} ", count: 400)
        let sentence = UpstreamMessage.sentence("answered 500", ["error": ["message": .string(long)]])
        #expect(sentence.count < 360)
        #expect(sentence.hasPrefix("The model's server answered 500: very very very"))
        #expect(!sentence.unicodeScalars.contains { $0.properties.generalCategory == .control })
        let accents = "a" + String(repeating: "\u{301}", count: 60_000)
        let stacked = UpstreamMessage.sentence("answered 500", ["message": .string(accents)])
        #expect(stacked.utf8.count < 1260)
        #expect(stacked.unicodeScalars.suffix(2).elementsEqual(["\u{301}", "…"]))
        #expect(UpstreamMessage.sentence("answered 500", ["error": .null]) == "The model's server answered 500.")
        #expect(UpstreamMessage.sentence("answered 404", ["detail": "Not Found"]).hasSuffix("404: Not Found"))
    }

    @Test("A refusal is the answer's text")
    func refusal() {
        let read = read("data: {\"choices\":[{\"delta\":{\"refusal\":\"I won't.\"}}]}\n\ndata: [DONE]\n\n")
        #expect(read.chunks == [.text("I won't.")])
        #expect(read.failure == nil)
    }

    private static let calls = """
        data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}}]}

        data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"q\\":"}}]}}]}

        data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}


        """

    @Test("Tool calls are handed out whole, before the reason why the answer ends, or at its end; a torn one never is")
    func toolCalls() {
        let call = ReplyChunk.toolCall(ToolCall(id: "a", name: "f", arguments: #"{"q":1}"#))
        let finish = #"data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"# + "\n\n"
        let done = "data: [DONE]\n\n"
        #expect(read(Self.calls + finish + done).chunks == [call, .finishReason("tool_calls")])
        #expect(read(Self.calls + done).chunks == [call])
        let torn = read(Self.calls)
        #expect(torn.chunks == [])
        #expect(torn.failure?.contains("broke off") == true)
    }

    @Test("Calls of tools that were not offered, and passages that were not asked for, are no part of the answer")
    func unasked() {
        var stream = CompletionStream(takesTools: false, takesContexts: false, newID: { "" })
        let finish = #"data: {"contexts":[{"text":"t"}],"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#
        let chunks = stream.feed("\(Self.calls)\(finish)\n\ndata: [DONE]\n\n".utf8)
        #expect(chunks == [.finishReason("tool_calls")])
        #expect(stream.hasBegun)
        guard case .complete = stream.outcome else {
            Issue.record("not complete")
            return
        }
    }

    @Test("A call without a name and too long ones end the answer; too many are left out")
    func faultyCalls() {
        func calls(_ count: Int, _ function: String) -> String {
            let calls = (0..<count).map { #"{"index":\#($0),"id":"c\#($0)","function":\#(function)}"# }
            return "data: {\"choices\":[{\"delta\":{\"tool_calls\":[\(calls.joined(separator: ","))]},"
                + "\"finish_reason\":\"tool_calls\"}]}\n\n"
        }
        #expect(read(calls(1, "{}")).failure?.contains("without naming one") == true)
        let many = read(calls(33, #"{"name":"f"}"#))
        #expect(many.failure == nil)
        #expect(many.chunks == read(calls(32, #"{"name":"f"}"#)).chunks)
        let long = String(repeating: "x", count: ToolCallAssembly.limitBytes)
        #expect(read(calls(1, #"{"name":"f","arguments":"\#(long)"}"#)).failure?.contains("too long") == true)
        #expect(read(calls(32, #"{"name":"f"}"#)).chunks.count == 33)
    }

    @Test("Content may be a list of parts, with thoughts among them")
    func contentParts() {
        let thinking = #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#
        let saying = #"{"content":[{"type":"text","text":"a"},{"type":"image"},{"type":"text","text":"b"}]}"#
        let deltas = [thinking, saying].map { "data: {\"choices\":[{\"delta\":\($0)}]}\n\n" }
        #expect(read(deltas.joined() + "data: [DONE]\n\n").chunks == [.reasoning("hm"), .text("ab")])
    }

    @Test("A function call of the older form is a tool call")
    func functionCall() {
        let deltas = [#"{"name":"f","arguments":""}"#, #"{"arguments":"{\"q\":"}"#, #"{"arguments":"1}"}"#]
            .map { "data: {\"choices\":[{\"delta\":{\"content\":null,\"function_call\":\($0)}}]}\n\n" }
        let finish = #"data: {"choices":[{"delta":{},"finish_reason":"function_call"}]}"# + "\n\n"
        let call = ToolCall(id: "call_new", name: "f", arguments: #"{"q":1}"#)
        #expect(read(deltas.joined() + finish).chunks == [.toolCall(call), .finishReason("tool_calls")])
    }

    @Test("An answer that comes whole gives what a stream would")
    func whole() {
        var stream = Self.stream
        let call: JSON = ["type": "function", "function": ["name": "f", "arguments": "{}"]]
        let chunks = stream.take(whole: [
            "model": "m-1",
            "choices": [
                [
                    "message": ["content": "Hi", "reasoning_content": "hm", "tool_calls": [call, call]],
                    "finish_reason": "tool_calls",
                ]
            ],
            "usage": ["prompt_tokens": 7, "completion_tokens": 2],
        ])
        let whole = ReplyChunk.toolCall(ToolCall(id: "call_new", name: "f", arguments: "{}"))
        #expect(
            chunks == [
                .model("m-1"), .reasoning("hm"), .text("Hi"), whole, whole, .finishReason("tool_calls"),
                .usage(TokenUsage(prompt: 7, completion: 2)),
            ]
        )
        guard case .complete = stream.outcome else {
            Issue.record("not complete")
            return
        }
    }

    @Test("A member that is there but empty is no first token, and hides none")
    func emptyMembers() {
        var stream = Self.stream
        let empty = #"{"content":"","refusal":"","reasoning_content":"","reasoning":"","tool_calls":[]}"#
        #expect(stream.feed("data: {\"choices\":[{\"delta\":\(empty)}]}\n\n".utf8) == [])
        #expect(!stream.hasBegun)
        let thought = #"{"content":"","reasoning_content":"","reasoning":"hm"}"#
        #expect(stream.feed("data: {\"choices\":[{\"delta\":\(thought)}]}\n\n".utf8) == [.reasoning("hm")])
        #expect(stream.hasBegun)
    }

    @Test("A reason that is empty, or spelled null, is none: the answer goes on", arguments: ["", "null"])
    func noReason(reason: String) {
        func chunk(_ delta: String, _ reason: String) -> String {
            "data: {\"choices\":[{\"delta\":\(delta),\"finish_reason\":\"\(reason)\"}]}\n\n"
        }
        let half = chunk(#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}"#, reason)
        let rest = chunk(#"{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}"#, reason)
        let whole = read(chunk(#"{"content":"a"}"#, reason) + half + rest + chunk("{}", "tool_calls"))
        let call = ReplyChunk.toolCall(ToolCall(id: "a", name: "f", arguments: "{}"))
        #expect(whole.chunks == [.text("a"), call, .finishReason("tool_calls")])
        #expect(whole.failure == nil)
        #expect(read(chunk(#"{"content":"a"}"#, reason)).failure?.contains("broke off") == true)
    }

    @Test("Passages are objects, as many as a message keeps")
    func contexts() {
        let long = String(repeating: "x", count: Limits.messageAttachmentBytes)
        let contexts = #"[{"title":"a"},"no object",{"text":"\#(long)"},{"title":"b"}]"#
        let read = read("data: {\"contexts\":\(contexts),\"choices\":[]}\n\ndata: [DONE]\n\n")
        #expect(read.chunks == [.contexts([["title": "a"], ["title": "b"]])])
        let emptied = self.read(
            #"data: {"contexts":[{"title":"a"}],"choices":[]}"# + "\n\n"
                + #"data: {"contexts":[],"choices":[{"delta":{"content":"b"}}]}"# + "\n\ndata: [DONE]\n\n"
        )
        #expect(emptied.chunks == [.contexts([["title": "a"]]), .text("b")])
        let many = String(repeating: "{},", count: 200)
        let bounded = self.read("data: {\"contexts\":[\(many){}],\"choices\":[]}\n\ndata: [DONE]\n\n")
        #expect(bounded.chunks == [.contexts(Array(repeating: [:], count: 100))])
    }
}
