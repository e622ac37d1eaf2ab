import Foundation
import ParleyMarkdown
import Testing

@Suite("Texts made to take long")
struct BoundedWorkTests {
    /// Patterns that cmark-gfm 0.29.0.gfm.6 takes more than ten seconds or much memory for, unless it is kept from them.
    ///
    /// That the suite ends is the test; nothing is timed.
    private static let million = 1 << 20
    private static let hostile: [(String, String)] = [
        ("declarations", repeating("a <?", million)), ("comments", repeating("a <!A ", million)),
        ("images round links", repeating("![[]()", million)), ("parentheses", "http://a" + repeating(")", million)),
        ("addresses", repeating("www._", million)),
        ("lists and blank lines", repeating("- ", million / 4) + "a\n" + repeating("\n", million / 2)),
        ("quotes and lines", repeating(">", million / 2) + "a\n" + repeating("b\n", million / 2)),
        ("deep quotes", repeating(">", 50_000)), ("deep lists", repeating("- ", 50_000) + "a"),
        ("emphases round links", repeating("[x](y)~", million)),
        ("long definition", "[a]: " + repeating("b", million / 2) + "\n\n" + repeating("[a] ", million / 2)),
        ("wide table", repeating("|a", million / 4) + "|\n" + repeating("|-", million / 4) + "|\n"),
        ("late table", repeating("a\n", million) + "|-|\n"),
        ("short rows", repeating("|a", 20_000) + "|\n" + repeating("|-", 20_000) + "|\n" + repeating("|x|\n", million)),
    ]
    /// And these it is quick with, whatever it was with once.
    private static let harmless: [(String, String)] = [
        ("brackets", repeating("[", million)), ("stars", repeating("*", million)), ("quotes", repeating(">", 400)),
        ("stars and words", repeating("*a ", million)), ("underscores", repeating("_a ", million)),
        ("backquotes", repeating("`a``", million)),
        ("closed brackets", repeating("[", 50_000) + repeating("]", 50_000)),
        ("entities", repeating("&", million)), ("lists", repeating("- ", 600) + "a"),
        ("tildes", repeating("~~a", million)),
        ("empty links", repeating("[](", million)), ("tags", repeating("<a ", million)),
        ("nul", repeating("\0", million)),
    ]

    private static func repeating(_ text: String, _ bytes: Int) -> String {
        String(repeating: text, count: bytes / text.utf8.count)
    }

    @Test("What would take long is shown as it was written", arguments: hostile.map(\.0))
    func isShownPlain(name: String) throws {
        let text = try #require(Self.hostile.first { $0.0 == name }).1
        let blocks = MarkdownRenderer().blocks(of: text)
        #expect(!blocks.isEmpty)
        #expect(
            blocks.allSatisfy { $0.html.hasPrefix("<p class=\"plain\" dir=\"auto\">") && $0.html.hasSuffix("</p>") }
        )
    }

    @Test("What is only odd is rendered", arguments: harmless.map(\.0))
    func isRendered(name: String) throws {
        let text = try #require(Self.harmless.first { $0.0 == name }).1
        let blocks = MarkdownRenderer().blocks(of: text)
        #expect(!blocks.isEmpty && !blocks.contains { $0.html.hasPrefix("<p class=\"plain\"") })
    }

    @Test("A long but honest text is rendered to its end")
    func honest() {
        let section = """
            ## Section

            Some *text* with `code`, a [link](https://a.example/x_(y)) and www.b.example; see [1] and <br>.

            - one
              - two [a](https://a.example)
            - [ ] three

            | a | b |
            |---|---|
            | 1 | 2 |

            ```swift
            let table = rows.map { $0["name"] ?? "" } // all
            if a < b, !c { print("x: \\(x)") }
            ```


            """
        let blocks = MarkdownRenderer().blocks(of: String(repeating: section, count: 1000))
        #expect(blocks.count == 5000)
        #expect(blocks.filter { $0.html.hasPrefix("<div class=\"table\"") }.count == 1000)
    }

    @Test("Plain paragraphs keep their lines and their places")
    func plain() {
        let blocks = MarkdownRenderer().blocks(
            of: "one\n<b>\n\n \ntwo\r\n\r\n" + Self.repeating("![[]()", Self.million)
        )
        #expect(blocks.map(\.line) == [1, 5, 7])
        #expect(blocks[0].html == "<p class=\"plain\" dir=\"auto\">one\n&lt;b&gt;</p>")
    }

    @Test("Texts rendered at once don't lose each other's tables")
    func concurrency() async {
        let text = "|a|\n|-|\n|~~b~~ www.c.example|\n\n- [x] d"
        let expected = MarkdownRenderer().blocks(of: text)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<200).allSatisfy { _ in MarkdownRenderer().blocks(of: text) == expected }
                }
            }
            for await isSame in group { #expect(isSame) }
        }
    }

    @Test("The texts of one call share a budget; what is easy is rendered also behind what took all of it")
    func shared() {
        let hostile = String(repeating: "a <?", count: 5_000)
        let alone = MarkdownRenderer().blocks(of: hostile)
        #expect(!alone.contains { $0.html.hasPrefix("<p class=\"plain\"") })
        let together = MarkdownRenderer().blocks(of: Array(repeating: hostile, count: 100) + ["*a*"])
        #expect(together.first == alone)
        #expect(together.count { $0.contains { $0.html.hasPrefix("<p class=\"plain\"") } } > 90)
        #expect(together.last?.map(\.html) == ["<p dir=\"auto\"><em>a</em></p>"])
    }
}
