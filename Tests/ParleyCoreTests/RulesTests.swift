import ParleyCore
import Testing

@Suite("Rules")
struct RulesTests {
    /// One input that a rule must refuse, and the field it must name.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let field: String
        let testDescription: String
        let check: @Sendable () throws -> Void

        init(_ field: String, _ description: String, _ check: @escaping @Sendable () throws -> Void) {
            self.field = field
            testDescription = "\(field): \(description)"
            self.check = check
        }
    }

    private static func text(_ count: Int, _ character: String = "x") -> String {
        String(repeating: character, count: count)
    }

    private static func nested(_ depth: Int) -> JSON {
        (0..<depth).reduce(JSON.null) { value, _ in .array([value]) }
    }

    private static func message(_ change: (inout NewMessage) -> Void) -> NewMessage {
        var message = NewMessage(role: .user, content: "hello")
        change(&message)
        return message
    }

    static let refusals: [Refusal] = [
        Refusal("title", "empty") { _ = try Rules.title("") },
        Refusal("title", "blank") { _ = try Rules.title(" \n\t") },
        Refusal("title", "too long") { _ = try Rules.title(text(257)) },
        Refusal("title", "too long in scalars") { _ = try Rules.title(text(200, "e\u{301}")) },
        Refusal("title", "two lines") { _ = try Rules.title("a\nb") },
        Refusal("title", "NUL") { _ = try Rules.title("a\0b") },
        Refusal("title", "line separator") { _ = try Rules.title("a\u{2028}b") },
        Refusal("title", "paragraph separator") { _ = try Rules.title("a\u{2029}b") },
        Refusal("query", "field of another name") { _ = try Rules.title("", field: "query") },
        Refusal("name", "empty project name") { _ = try Rules.projectName(" ") },
        Refusal("name", "long project name") { _ = try Rules.projectName(text(257)) },
        Refusal("name", "empty person's name") { _ = try Rules.accountName("") },
        Refusal("dept", "empty") { _ = try Rules.department(" ") },
        Refusal("dept", "too long in bytes") { _ = try Rules.department(text(65, "é")) },
        Refusal("dept", "control character") { _ = try Rules.department("a\u{7}b") },
        Refusal("description", "too long") { _ = try Rules.description(text(4097)) },
        Refusal("description", "NUL") { _ = try Rules.description("\0") },
        Refusal("persona", "empty") { _ = try Rules.persona("") },
        Refusal("persona", "a path") { _ = try Rules.persona("../etc/passwd") },
        Refusal("persona", "hidden file") { _ = try Rules.persona(".hidden") },
        Refusal("persona", "slash") { _ = try Rules.persona("a/b") },
        Refusal("persona", "not ASCII") { _ = try Rules.persona("pérsona") },
        Refusal("persona", "too long") { _ = try Rules.persona(text(65)) },
        Refusal("metadata", "too large") { _ = try Rules.metadata(["k": .string(text(16 * 1024))]) },
        Refusal("metadata", "too deep") { _ = try Rules.metadata(["k": nested(32)]) },
        Refusal("emoji", "empty") { _ = try Rules.emoji("") },
        Refusal("emoji", "too long") { _ = try Rules.emoji(text(65)) },
        Refusal("emoji", "control character") { _ = try Rules.emoji("a\n") },
        Refusal("model", "empty") { _ = try Rules.model("") },
        Refusal("model", "too long") { _ = try Rules.model(text(257)) },
        Refusal("model", "NUL") { _ = try Rules.model("a\0") },
        Refusal("text", "long draft") { try Rules.draft(text(64 * 1024 + 1)) },
        Refusal("text", "NUL in a draft") { try Rules.draft("a\0") },
        Refusal("password", "short") { try Rules.password("1234567") },
        Refusal("password", "NUL") { try Rules.password("12345678\0") },
        Refusal("password", "long") { try Rules.password(text(1025)) },
        Refusal("content", "empty") { try Rules.content("", of: .user) },
        Refusal("content", "NUL") { try Rules.content("a\0b", of: .assistant) },
        Refusal("content", "long for a person") { try Rules.content(text(64 * 1024 + 1), of: .user) },
        Refusal("content", "long for a tool") { try Rules.content(text(64 * 1024 + 1), of: .tool) },
        Refusal("content", "long for a model") { try Rules.content(text(1024 * 1024 + 1), of: .assistant) },
        Refusal("content", "message without text or parts") { try Rules.message(message { $0.content = "" }) },
        Refusal("content", "message with no parts in its parts") {
            try Rules.message(message { ($0.content, $0.parts) = ("", []) })
        },
        Refusal("metadata", "of a message") { try Rules.message(message { $0.metadata = ["k": nested(32)] }) },
        Refusal("parts", "without a type") { try Rules.message(message { $0.parts = [["text": "x"]] }) },
        Refusal("parts", "not an object") { try Rules.message(message { $0.parts = ["text"] }) },
        Refusal("parts", "too deep") { try Rules.message(message { $0.parts = [["type": "x", "y": nested(31)]] }) },
        Refusal("contexts", "too deep") { try Rules.message(message { $0.contexts = [nested(32)] }) },
        Refusal("ai_response", "too deep") { try Rules.message(message { $0.aiResponse = nested(33) }) },
        Refusal("ai_response", "too large together with contexts") {
            try Rules.message(
                message {
                    $0.contexts = [.string(text(200 * 1024))]
                    $0.aiResponse = .string(text(57 * 1024))
                }
            )
        },
        Refusal("parts", "NUL") { try Rules.message(message { $0.parts = [["type": "x", "y": ["a\0"]]] }) },
        Refusal("contexts", "NUL in a name") { try Rules.message(message { $0.contexts = [["a\0": 1]] }) },
        Refusal("ai_response", "NUL") { try Rules.message(message { $0.aiResponse = "\0" }) },
        Refusal("metadata", "NUL") { _ = try Rules.metadata(["k": "\0"]) },
        Refusal("filters", "too deep") { _ = try Rules.filters(nested(33)) },
        Refusal("filters", "too large") { _ = try Rules.filters(.string(text(16 * 1024))) },
        Refusal("filters", "NUL") { _ = try Rules.filters(["a": "\0"]) },
        Refusal("confidence", "over 1") { try Rules.message(message { $0.confidence = 1.01 }) },
        Refusal("confidence", "under 0") { try Rules.message(message { $0.confidence = -0.01 }) },
        Refusal("confidence", "not a number") { try Rules.message(message { $0.confidence = .nan }) },
        Refusal("model", "of a message") { try Rules.message(message { $0.model = "" }) },
        Refusal("messages", "none") { try Rules.messages([]) },
        Refusal("messages", "too many") { try Rules.messages(Array(repeating: message { _ in }, count: 101)) },
        Refusal("messages[1].content", "the second") {
            try Rules.messages([message { _ in }, message { $0.content = "" }])
        },
        Refusal("messages[2].id", "an id twice") {
            let twice = MessageID(high: 1, low: 1)
            try Rules.messages([message { $0.id = twice }, message { _ in }, message { $0.id = twice }])
        },
    ]

    @Test("What breaks a rule is invalid and names its field", arguments: refusals)
    func refused(_ refusal: Refusal) {
        let error = #expect(throws: ParleyError.self) { try refusal.check() }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == refusal.field)
        #expect(error?.message.isEmpty == false)
    }

    @Test("What stands exactly at a limit passes")
    func limits() throws {
        #expect(try Rules.title(Self.text(256)).count == 256)
        #expect(try Rules.description(Self.text(4096))?.count == 4096)
        #expect(try Rules.persona(Self.text(64)).count == 64)
        #expect(try Rules.persona("ai_pm-2.1") == "ai_pm-2.1")
        #expect(try Rules.emoji("👩‍👩‍👧‍👦") == "👩‍👩‍👧‍👦")
        #expect(try Rules.department(Self.text(128)).count == 128)
        try Rules.draft(Self.text(64 * 1024))
        try Rules.draft("")
        try Rules.password("12345678")
        try Rules.password(Self.text(1024))
        try Rules.content(Self.text(64 * 1024), of: .user)
        try Rules.content(Self.text(1024 * 1024), of: .assistant)
        _ = try Rules.metadata(["k": Self.nested(31)])
        _ = try Rules.metadata(["k": .string(Self.text(16 * 1024 - 8))])
        _ = try Rules.filters(Self.nested(32))
        _ = try Rules.filters(.string(Self.text(16 * 1024 - 2)))
        try Rules.messages(Array(repeating: Self.message { _ in }, count: 100))
        try Rules.message(Self.message { ($0.confidence, $0.aiResponse) = (1, Self.nested(32)) })
        try Rules.message(Self.message { $0.confidence = 0 })
        try Rules.message(Self.message { ($0.content, $0.parts) = ("", [["type": "image"]]) })
    }

    @Test("Lines are trimmed, and an empty description counts as none")
    func trimming() throws {
        #expect(try Rules.title("\n  A title\t ") == "A title")
        #expect(try Rules.accountName(" Ann ") == "Ann")
        #expect(try Rules.department(" R&D ") == "R&D")
        #expect(try Rules.description("") == nil)
        #expect(try Rules.description(" ") == " ")
    }

    @Test("Made storable, U+0000 is replaced wherever it stands, and nothing else changes")
    func storable() {
        let value: JSON = ["a\0": ["b\0c", 1, .null, ["d": "\0"]], "plain": "text"]
        #expect(!value.isStorable)
        #expect(value.storable == ["a\u{FFFD}": ["b\u{FFFD}c", 1, .null, ["d": "\u{FFFD}"]], "plain": "text"])
        #expect(value.storable.isStorable)
        let plain: JSON = ["é\u{1}": ["\u{FFFD}"]]
        #expect(plain.isStorable && plain.storable == plain)
    }
}
