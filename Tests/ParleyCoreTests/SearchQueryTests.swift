import ParleyCore
import Testing

@Suite("Search queries")
struct SearchQueryTests {
    @Test(
        "A query finds what it should",
        arguments: [
            ("cafe", "Le Café"),
            ("CAFÉ", "a cafe"),
            ("hel", "hello world"),
            ("hel* world", "hello world"),
            ("world hello", "hello, world"),
            ("\"hello world\"", "say: Hello, World!"),
            ("東京", "私は東京都に住む"),
            ("京", "東京"),
            ("\"東京都\"", "東京都庁"),
            ("한국", "한국어"),
            ("foo-bar", "a foo-bar b"),
            ("gpt 東", "GPTと東京"),
            ("\"unclosed phrase", "an unclosed phrase here"),
            ("ΟΔΟΣ", "οδος"),
            ("3.14", "pi is 3.14159"),
            ("क", "कि"),
        ]
    )
    func matches(_ query: String, _ text: String) throws {
        #expect(try #require(SearchQuery(query)).matches(text))
    }

    @Test(
        "A query does not find what it shouldn't",
        arguments: [
            ("hel world", "hello world"),
            ("\"world hello\"", "hello world"),
            ("\"hello wor\"", "hello world"),
            ("東都", "東京都"),
            ("\"京東\"", "東京"),
            ("ello", "hello"),
            ("hello there", "hello"),
            ("foo-bar", "bar foo"),
            ("hello ", "helloworld"),
        ]
    )
    func doesNotMatch(_ query: String, _ text: String) throws {
        #expect(try !#require(SearchQuery(query)).matches(text))
    }

    @Test("Nothing to look for is no query", arguments: ["", "   ", "\"\"", "*", "!? -", "\" \" \""])
    func empty(_ text: String) {
        #expect(SearchQuery(text) == nil)
    }

    @Test("Only the last word while it is being typed is a beginning")
    func prefixes() throws {
        #expect(try #require(SearchQuery("one two")).clauses.map(\.isPrefix) == [false, true])
        #expect(try #require(SearchQuery("one two ")).clauses.map(\.isPrefix) == [false, false])
        #expect(try #require(SearchQuery("one* two ")).clauses.map(\.isPrefix) == [true, false])
        #expect(try #require(SearchQuery("one \"two three\"")).clauses.map(\.terms) == [["one"], ["two", "three"]])
    }

    @Test("A query counts no more clauses than its limit")
    func limit() throws {
        let text = (0..<100).map { "w\($0)" }.joined(separator: " ")
        #expect(try #require(SearchQuery(text)).clauses.count == Limits.searchClauses)
    }
}

@Suite("Search snippets")
struct SearchSnippetTests {
    private static let filler = (0..<400).map { "word\($0)" }.joined(separator: " ")

    @Test("A short text is its own snippet, in one line")
    func short() throws {
        #expect(try #require(SearchQuery("two")).snippet(of: "  one\n two\tthree ") == "one two three")
    }

    @Test(
        "The match is in sight wherever it stands, within the limit",
        arguments: [
            ("needle", filler + " the needle here " + filler, "needle"),
            ("needle", "needle " + filler, "needle"),
            ("needle", filler + " needle", "needle"),
            ("\"two words\"", "two " + filler + " in two words " + filler, "in two words"),
            (
                "needle",
                Array(repeating: String(repeating: "x", count: 40), count: 9).joined(separator: " ") + " needle y",
                "needle"
            ),
            ("東京", String(repeating: "あいうえお", count: 400) + "東京タワー" + String(repeating: "かきくけこ", count: 400), "東京"),
            ("東京タワー", String(repeating: "あ", count: 38) + "東京タワー" + String(repeating: "か", count: 400), "東京タワー"),
            ("京タ", String(repeating: "い", count: 119) + "京タ" + String(repeating: "か", count: 400), "京タ"),
            ("café", filler + " CAFE " + filler, "CAFE"),
        ]
    )
    func inSight(_ query: String, _ text: String, _ expected: String) throws {
        let snippet = try #require(SearchQuery(query)).snippet(of: text)
        #expect(snippet.contains(expected))
        #expect(snippet.count <= Limits.snippetLength)
    }

    @Test("Every cut is marked, and only cuts are")
    func marks() throws {
        let query = try #require(SearchQuery("needle"))
        #expect(query.snippet(of: Self.filler + " needle " + Self.filler).first == "…")
        #expect(query.snippet(of: Self.filler + " needle " + Self.filler).last == "…")
        #expect(query.snippet(of: "needle " + Self.filler).hasPrefix("needle word0"))
        #expect(query.snippet(of: Self.filler + " needle").hasSuffix(" needle"))
    }

    @Test("A word longer than the snippet is cut to the limit, not left out")
    func longWord() throws {
        let snippet = try #require(SearchQuery("x")).snippet(of: String(repeating: "x", count: 5000))
        #expect(snippet.count <= Limits.snippetLength)
        #expect(snippet.hasPrefix("xxxx") && snippet.hasSuffix("x…"))
    }

    @Test("Without a match the beginning is shown")
    func noMatch() throws {
        #expect(try #require(SearchQuery("absent")).snippet(of: "one two") == "one two")
        #expect(try #require(SearchQuery("absent")).snippet(of: "") == "")
    }

    @Test("No text makes a snippet longer than the limit")
    func limit() throws {
        let query = try #require(SearchQuery("a"))
        for _ in 0..<300 {
            let text = String(
                (0..<Int.random(in: 1..<900)).compactMap { _ in "ab 東é\u{301}😀\n-xxxxxxxx".randomElement() }
            )
            #expect(query.snippet(of: text).count <= Limits.snippetLength)
        }
    }
}
