import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("How a log with tools is sent")
struct PromptEntryTests {
    private let ids = SequentialIDs()

    private func message(
        _ role: MessageRole,
        _ content: String,
        _ parts: [JSON]? = nil,
        status: MessageStatus = .delivered
    ) -> Message {
        Message(
            id: ids.make(),
            conversationID: ids.make(),
            projectID: ids.make(),
            seq: 1,
            revision: 1,
            role: role,
            content: content,
            parts: parts,
            status: status,
            createdAt: .example,
            updatedAt: .example
        )
    }

    private func call(_ id: String) -> JSON {
        ToolCall(id: id, name: "look", arguments: "{}").part
    }

    private func result(_ id: String) -> JSON {
        ToolResult(callID: id, name: "look", content: "r\(id)").part
    }

    /// What is sent, in short: `u:text`, `a[calls]:text`, `t(call):text`.
    private func sent(_ log: [Message]) -> [String] {
        PromptEntry.entries(of: log).flatMap(\.whole).map { message in
            let calls = message.toolCalls.isEmpty ? "" : "[\(message.toolCalls.map(\.id).joined(separator: " "))]"
            let answered = message.toolCallID.map { "(\($0))" } ?? ""
            return "\(message.role.rawValue.prefix(1))\(calls)\(answered):\(message.content)"
        }
    }

    @Test("A reply that used tools is sent as its calls, their results, and its text; what it thought is not")
    func reply() {
        let parts: [JSON] = [
            ["type": "reasoning", "text": "hm"], call("1"), ["type": "reasoning", "text": "and"], call("2"),
            result("2"), result("1"), call("3"), result("3"), ["type": "image", "url": "x"],
        ]
        let log = [message(.user, "Q"), message(.assistant, "A", parts), message(.user, "Q2")]
        #expect(
            sent(log) == [
                "u:Q", "a[1 2]:", "t(1):r1", "t(2):r2", "a[3]:", "t(3):r3", "a:A", "u:Q2",
            ]
        )
        let entries = PromptEntry.entries(of: log)
        #expect(entries.map { $0.textOnly.map(\.content) } == [["Q"], ["A"], ["Q2"]])
    }

    @Test("Calls without all of their results are not sent, and neither are their results")
    func incomplete() {
        let table: [([JSON], [String])] = [
            ([call("1")], ["a:A"]),
            ([call("1"), call("2"), result("1")], ["a:A"]),
            ([call("1"), result("1"), call("2"), call("3"), result("3")], ["a[1]:", "t(1):r1", "a:A"]),
            ([call("1"), call("1"), result("1"), result("1")], ["a:A"]),
            ([result("1")], ["a:A"]),
            ([result("1"), call("2"), result("2")], ["a[2]:", "t(2):r2", "a:A"]),
            ([call("1"), result("2")], ["a:A"]),
            ([["type": "tool_call", "id": "1"], result("1")], ["a:A"]),
            ([call("1"), ["type": "tool_result", "tool_call_id": "1"]], ["a:A"]),
        ]
        for (parts, expected) in table { #expect(sent([message(.assistant, "A", parts)]) == expected) }
    }

    @Test("A reply that came to no answer is left out with all it called")
    func noAnswer() {
        #expect(sent([message(.assistant, "", [call("1"), result("1")], status: .failed)]) == [])
        #expect(sent([message(.assistant, "Half", [call("1"), result("1")], status: .failed)]).count == 3)
    }

    @Test("Results that stand in messages of their own go with the calls in front of them, or not at all")
    func toolMessages() {
        let calling = message(.assistant, "I look.", [call("1"), call("2")])
        let first = message(.tool, "r1", [result("1")])
        let second = message(.tool, "r2", [result("2")])
        let answer = message(.assistant, "A")
        #expect(sent([calling, first, second, answer]) == ["a[1 2]:I look.", "t(1):r1", "t(2):r2", "a:A"])
        #expect(sent([calling, second, first, answer]) == ["a[1 2]:I look.", "t(1):r1", "t(2):r2", "a:A"])
        #expect(sent([calling, first, answer]) == ["a:I look.", "a:A"])
        #expect(sent([calling, first, answer, second]) == ["a:I look.", "a:A"])
        #expect(sent([first, second, answer]) == ["a:A"])
        #expect(sent([message(.assistant, "", [call("1")]), first, answer]) == ["a[1]:", "t(1):r1", "a:A"])
        #expect(sent([message(.assistant, "", [call("1")]), answer]) == ["a:A"])
        let deleted = message(.tool, "", status: .deleted)
        #expect(sent([calling, first, deleted, answer]) == ["a:I look.", "a:A"])
        #expect(sent([calling, deleted, first, second]).first == "a[1 2]:I look.")
    }

    @Test("Only an assistant calls tools: what others write in their parts is not sent as calls")
    func otherRoles() {
        let parts = [call("1"), result("1")]
        #expect(sent([message(.user, "Q", parts), message(.system, "S", parts)]) == ["u:Q", "s:S"])
    }

    @Test("What a person shows is sent, with a text or without; texts are not sent twice, nor what servers don't know")
    func shown() {
        let image: JSON = ["type": "image_url", "image_url": ["url": "data:image/png;base64,AAAA"]]
        let file: JSON = ["type": "file", "file": ["file_id": "f"]]
        let other: JSON = ["type": "input_image", "image_url": "https://a.example/i.png", "detail": "low"]
        let same: JSON = ["type": "image_url", "image_url": ["url": "https://a.example/i.png", "detail": "low"]]
        let text: JSON = ["type": "text", "text": "What is it?"]
        let spoken = message(.user, "What is it?", [image, text, ["type": "hologram"], file, other])
        let silent = message(.user, "", [image])
        let entries = PromptEntry.entries(of: [spoken, silent, message(.user, "", [call("1")])])
        #expect(
            entries.map(\.whole) == [
                [PromptMessage(role: .user, content: "What is it?", parts: [image, file, same])],
                [PromptMessage(role: .user, content: "", parts: [image])],
            ]
        )
        #expect(entries.map(\.textOnly) == [[PromptMessage(role: .user, content: "What is it?")], []])
    }

    @Test(
        "A text's tokens are guessed from its letters",
        arguments: [("", 0), ("a", 1), ("word", 1), ("words", 2), ("東京", 2), ("naïve", 2), ("👩‍🚀", 3), ("é", 1)]
    )
    func tokens(text: String, count: Int) {
        #expect(text.estimatedTokens == count)
    }
}
