import ParleyCore
import Testing

@Suite("Short forms of a text")
struct MessageTextTests {
    @Test(
        "A preview is the text in one line",
        arguments: [
            ("hello", "hello"),
            ("  a\n\n b\tc \u{0}\u{1} d  ", "a b c d"),
            ("a\u{2028}b\u{A0}c", "a b c"),
            (" \n\t ", nil),
            ("", nil),
        ]
    )
    func preview(_ text: String, _ expected: String?) {
        #expect(MessageText.preview(of: text) == expected)
    }

    @Test("A preview is cut behind its limit, and says so")
    func previewLimit() {
        let limit = Limits.previewLength
        let exact = String(repeating: "é", count: limit)
        #expect(MessageText.preview(of: exact) == exact)
        #expect(MessageText.preview(of: exact + " ") == exact)
        #expect(MessageText.preview(of: exact + "x") == exact + "…")
        #expect(
            MessageText.preview(of: String(repeating: "x", count: limit - 1) + " y") == String(
                repeating: "x",
                count: limit - 1
            ) + "…"
        )
    }

    @Test(
        "Short forms depend on the first scalars of a text only, as many as a store reads",
        arguments: [
            (" ", "late"), ("e\u{301}\u{302}\u{303}", ""), (" \n", "x"), ("😀", "x"), ("a€", ""), (".", "x"),
        ]
    )
    func pure(_ unit: String, _ end: String) {
        let count = MessageText.previewSourceLength / unit.unicodeScalars.count + 1
        let text = String(repeating: unit, count: count) + end
        let head = String(String.UnicodeScalarView(text.unicodeScalars.prefix(MessageText.previewSourceLength)))
        #expect(MessageText.preview(of: text) == MessageText.preview(of: head))
        #expect(MessageText.title(for: text) == MessageText.title(for: head))
    }

    @Test(
        "A title is the beginning of the first line that holds something",
        arguments: [
            ("\n\n  Plan the trip \nand more", "Plan the trip"),
            ("\u{1}\nSecond", "Second"),
            ("", "New Conversation"),
            (" \n \r\n", "New Conversation"),
            (String(repeating: "a", count: 61), String(repeating: "a", count: 60) + "…"),
            (String(repeating: "a", count: 60), String(repeating: "a", count: 60)),
        ]
    )
    func title(_ text: String, _ expected: String) {
        #expect(MessageText.title(for: text) == expected)
    }

    @Test("Every title that a text gives is one that the rules let pass")
    func titlesKeepTheRule() throws {
        for _ in 0..<500 {
            let scalars = (0..<Int.random(in: 0..<200)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 1...(Bool.random() ? 0x40 : 0x3100)))
            }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            let title = MessageText.title(for: String(view))
            #expect(try Rules.title(title) == title)
        }
        let tower = "a" + String(repeating: "\u{301}", count: 2000)
        #expect(try Rules.title(MessageText.title(for: tower)) == "…")
        #expect(try Rules.title(MessageText.title(for: "ab " + tower)) == "ab…")
    }
}
