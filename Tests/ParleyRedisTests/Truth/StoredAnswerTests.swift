import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyRedis

/// What a message says twice is stored once, and comes back as it was.
@Suite
struct StoredAnswerTests {
    private static let owner = EmailAddress(normalized: "alice@example.com")
    private static let answers: [String?] = [
        nil, "null", "\"text\"", "[]", "{}", #"{"user_explanation":"text"}"#, #"{"user_explanation":null}"#,
        #"{"user_explanation":""}"#, #"{"user_explanation":"another"}"#, #"{"user_explanation":["text"]}"#,
        #"{"b":1,"user_explanation":"text","a":{"user_explanation":"text"},"confidence":0.870}"#,
        #"{"confidence":"0.87","metadata":{"model_info":{"model_name":7}}}"#,
        #"{"confidence":1e999,"metadata":{"model_info":[]}}"#, #"{"confidence":-0.0,"metadata":null}"#,
        #"{"metadata":{"processing_time":1.42,"model_info":{"model_name":"m"}},"confidence":0.87}"#,
        #"{"user_explanation":"e\u0301","metadata":{"model_info":{"model_name":"e\u0301"}}}"#,
        "[null]", "[1,2,3]", "[null,2,3,4,5]", "7",
        #"{"user_explanation":"text","technical_instruction":"","confidence":1}"#,
        #"{"user_explanation":null,"technical_instruction":"","confidence":1}"#,
        #"{"user_explanation":4,"technical_instruction":"t","confidence":1}"#,
        #"{"user_explanation":"text","technical_instruction":1,"confidence":1}"#,
        #"{"user_explanation":"t\u00e9xt","technical_instruction":"dó","confidence":1}"#,
        #"{"user_explanation":"te\u0301xt","technical_instruction":"do\u0301","confidence":1}"#,
        #"{"user_explanation":"","technical_instruction":"","confidence":1}"#,
        #"{"user_explanation":[],"technical_instruction":null,"confidence":{"a":1.0}}"#,
        #"{"technical_instruction":"","user_explanation":"text","confidence":1}"#,
        #"{"user_explanation":"text","technical_instruction":"","confidence":1,"metadata":{}}"#,
        #"""
        {"user_explanation":"text","technical_instruction":"do","confidence":0.870,
        "metadata":{"processing_time":1e1,"model_info":{"model_name":"m"}}}
        """#,
        #"""
        {"user_explanation":"text","technical_instruction":"do","confidence":0.87,
        "metadata":{"processing_time":null,"model_info":{"model_name":null}}}
        """#,
        #"""
        {"user_explanation":"text","technical_instruction":"do","confidence":0.87,
        "metadata":{"processing_time":1,"model_info":{"model_name":"m","x":1}}}
        """#,
        #"""
        {"user_explanation":"text","technical_instruction":"do","confidence":0.87,
        "metadata":{"model_info":{"model_name":"m"},"processing_time":1}}
        """#,
        #"{"verbatim":true,"user_explanation":null,"confidence":null}"#,
    ]
    private static let contents = [
        "", "text", "\u{e9}", "e\u{301}", "quoted \"text\" \\ \u{1}\n", "{\"seq\":1}",
        "User Explanation: text\n\nTechnical Instruction: do", "User Explanation: ", "User Explanation: text",
        "User Explanation: t\u{e9}xt\n\nTechnical Instruction: d\u{f3}", "User Explanation",
    ]
    private static let confidences: [Double?] = [nil, 0, 0.87, 1]
    private static let models: [String?] = [nil, "", "m", "\u{e9}", "e\u{301}"]

    private static func entry(
        _ content: String,
        _ answer: JSON?,
        _ confidence: Double?,
        _ model: String?
    ) -> LogEntry {
        let input = NewMessage(
            role: .assistant,
            content: content,
            metadata: ["source": "web"],
            aiResponse: answer,
            confidence: confidence,
            model: model
        )
        let message = Message(
            id: MessageID(high: 1, low: 2),
            conversationID: ConversationID(high: 3, low: 4),
            projectID: ProjectID(high: 5, low: 6),
            seq: 1,
            revision: 2,
            role: .assistant,
            author: nil,
            content: content,
            parts: nil,
            status: .delivered,
            metadata: input.metadata,
            contexts: nil,
            aiResponse: answer,
            confidence: confidence,
            model: model,
            createdAt: Timestamp(microseconds: 7),
            updatedAt: Timestamp(microseconds: 7)
        )
        return LogEntry(
            message,
            fingerprint: Fingerprint(of: input),
            contentAuthor: nil,
            contentAt: Timestamp(microseconds: 7)
        )
    }

    private static let conversation = Conversation(
        id: ConversationID(high: 3, low: 4),
        projectID: ProjectID(high: 5, low: 6),
        owner: owner,
        title: "",
        description: nil,
        status: .active,
        isPinned: false,
        metadata: JSONObject(),
        messageCount: 1,
        revision: 2,
        createdAt: Timestamp(microseconds: 7),
        updatedAt: Timestamp(microseconds: 7),
        lastMessageAt: nil,
        forkedFrom: nil,
        hasGivenTitle: false
    )

    private static func read(_ bytes: [UInt8]) throws -> LogEntry {
        try LogEntry(bytes, MessageID(high: 1, low: 2), in: conversation)
    }

    @Test("Whatever an answer says comes back byte for byte", arguments: answers)
    func everything(_ text: String?) throws {
        let answer = try text.map { try JSON(parsing: Array($0.utf8)) }
        for content in Self.contents {
            for confidence in Self.confidences {
                for model in Self.models {
                    let entry = Self.entry(content, answer, confidence, model)
                    let stored = entry.encoded(owner: Self.owner)
                    let back = try Self.read(stored)
                    #expect(back.message.content.isExactly(content))
                    #expect(back.message.aiResponse?.serialized == answer?.serialized)
                    #expect(back.message.confidence == confidence)
                    #expect(back.message.model.isExactly(model))
                    #expect(back.fingerprint == entry.fingerprint)
                    #expect(back.encoded(owner: Self.owner) == stored)
                }
            }
        }
    }

    @Test("A text that stands twice is stored once; what was edited says both")
    func once() throws {
        let answer = try JSON(parsing: Array(#"{"user_explanation":"heron","a":1,"confidence":0.5}"#.utf8))
        var entry = Self.entry("heron", answer, 0.5, nil)
        let stored = String(decoding: entry.encoded(owner: Self.owner), as: UTF8.self)
        #expect(stored.split(separator: "heron").count == 2, "\(stored)")
        #expect(stored.split(separator: "0.5").count == 2, "\(stored)")
        entry = try Self.read(Array(stored.utf8))
        entry.keepFingerprint()
        entry.message.content = "pelican"
        let edited = try Self.read(entry.encoded(owner: Self.owner))
        #expect(edited.message.content == "pelican")
        #expect(edited.message.aiResponse?.serialized == answer.serialized)
        #expect(edited.fingerprint == entry.fingerprint)
    }

    @Test("An answer of the usual forms is stored without the names of its members")
    func forms() throws {
        let answer: JSON = [
            "user_explanation": "heron", "technical_instruction": "", "confidence": 1,
            "metadata": ["processing_time": 2, "model_info": ["model_name": "m"]],
        ]
        let stored = String(decoding: Self.entry("heron", answer, 1, "m").encoded(owner: Self.owner), as: UTF8.self)
        #expect(stored.hasSuffix(#","ai_response":[null,"",1,2,"m"]}"#), "\(stored)")
        #expect(!stored.contains("verbatim"))
        for form in ["[]", "[null]", "[1,2,3,4]", "[1,2,3,4,5,6]"] {
            let other = stored.replacing(#"[null,"",1,2,"m"]"#, with: form)
            #expect(throws: UnreadableRecord.self) { try Self.read(Array(other.utf8)) }
        }
    }

    @Test("The text of Parley's own answers is all that is stored of them")
    func own() throws {
        let content = "User Explanation: a heron is a bird\n\nTechnical Instruction: look up"
        let answer: JSON = [
            "user_explanation": "a heron is a bird", "technical_instruction": "look up", "confidence": 1,
        ]
        let stored = String(decoding: Self.entry(content, answer, 1, nil).encoded(owner: Self.owner), as: UTF8.self)
        #expect(stored.hasSuffix(#","ai_response":[17,7,1]}"#), "\(stored)")
        #expect(try Self.read(Array(stored.utf8)).message.aiResponse?.serialized == answer.serialized)
        for form in ["[300,7,1]", "[17,300,1]", "[-1,7,1]", "[1.5,7,1]", "[1e99,7,1]"] {
            let other = stored.replacing("[17,7,1]", with: form)
            #expect(throws: UnreadableRecord.self) { try Self.read(Array(other.utf8)) }
        }
        let cut = stored.replacing("a heron is a bird\\n", with: "\u{e9}\u{e9}").replacing("[17,7,1]", with: "[1,7,1]")
        #expect(throws: UnreadableRecord.self) { try Self.read(Array(cut.utf8)) }
    }

    @Test("A message that is cut off or overwritten is an error")
    func damaged() throws {
        let answer = try JSON(parsing: Array(#"{"user_explanation":"heron","confidence":0.5}"#.utf8))
        let stored = Self.entry("heron", answer, 0.5, "m").encoded(owner: Self.owner)
        for count in 0..<stored.count {
            #expect(throws: (any Error).self) { try Self.read(Array(stored[..<count])) }
        }
        var random = SplitMix64(seed: 1)
        for _ in 0..<2000 {
            var other = stored
            other[Int.random(in: 0..<other.count, using: &random)] = .random(in: 0...255, using: &random)
            // Whatever it says then, it is read or refused.
            _ = try? Self.read(other)
        }
    }
}
