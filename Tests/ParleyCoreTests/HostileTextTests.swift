import Testing

@testable import ParleyCore

/// Text that is made to be slow, or to overflow: each case once took the server down, or kept it from answering.
@Suite("Text that means harm")
struct HostileTextTests {
    @Test("Names that differ only in their Unicode form don't collide, and all stay")
    func collidingNames() throws {
        let names = (0..<4096).map { number in
            (0..<12).map { number >> $0 & 1 == 0 ? "é" : "e\u{301}" }.joined()
        }
        let text = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        let object = try #require(try JSON(parsing: text).objectValue)
        #expect(object.members.count == 4096)
        // A string's own hash would be one and the same for all of them.
        #expect(Set(names.map(\.hashValue)).count == 1)
    }

    @Test("Of a long run of accents as many are folded as any language needs")
    func accentsWithoutEnd() {
        let marks = String(repeating: "\u{316}\u{301}", count: 30_000)
        #expect(
            Tokenizer.fold("a" + marks)
                == Tokenizer.fold("a" + marks.unicodeScalars.prefix(30).map(String.init).joined())
        )
        #expect(Tokenizer.terms(of: "a" + marks + "b c").last == "c")
        #expect(EmailAddress("a" + marks + "@example.org") == nil)
    }

    @Test("Of an endless phrase the beginning is looked for")
    func endlessPhrase() throws {
        let words = Array(repeating: "a", count: 500).joined(separator: " ")
        let query = try #require(SearchQuery("\"\(words)\" \"\(words)\""))
        #expect(query.clauses.map(\.terms.count) == [Limits.searchTerms])
        #expect(query.clauses.allSatisfy { !$0.isPrefix })
    }

    @Test("A snippet looks closely at few places, and shows the beginning where that was not enough")
    func almostMatches() throws {
        let query = try #require(SearchQuery("\"a a b\""))
        let text = Array(repeating: "a", count: 2000).joined(separator: " ") + " b"
        #expect(query.matches(text))
        #expect(query.snippet(of: text).hasPrefix("a a a"))
        #expect(query.snippet(of: "x y a a b").contains("a a b"))
    }

    @Test("A cost past the largest integer is the largest integer")
    func total() {
        #expect(TokenUsage(prompt: .max, completion: 1).total == .max)
        #expect(TokenUsage(prompt: 2, completion: 3).total == 5)
    }
}
