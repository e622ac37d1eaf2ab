import Foundation
import Testing

@testable import ParleyMarkdown

@Suite("Code and its colours")
struct ListingTests {
    /// A listing's code with its marks: `«k:let»` for a keyword.
    private func marked(_ code: String, _ language: String) -> String {
        let bytes = Array(code.utf8)
        let letters: [TokenKind: String] = [
            .keyword: "k", .string: "s", .comment: "c", .number: "n", .name: "t", .meta: "m", .inserted: "i",
            .deleted: "d",
        ]
        return Highlighter.pieces(of: bytes, as: Language.named(Array(language.utf8))).map { piece in
            let text = String(decoding: bytes[piece.range], as: UTF8.self)
            return piece.kind.flatMap { letters[$0] }.map { "«\($0):\(text)»" } ?? text
        }.joined()
    }

    @Test(
        "What is what",
        arguments: [
            (
                "swift", "@main struct A { let b = \"c\\\"d\" } // e",
                "«m:@main» «k:struct» «t:A» { «k:let» b = «s:\"c\\\"d\"» } «c:// e»"
            ),
            ("swift", "/* a /* b */ c */ 1_000.5", "«c:/* a /* b */ c */» «n:1_000.5»"),
            ("swift", "\"\"\"\na \"b\"\n\"\"\" x", "«s:\"\"\"\na \"b\"\n\"\"\"» x"),
            ("c", "#include <a.h>\nchar c = '\\n';", "«m:#include» <a.h>\n«k:char» c = «s:'\\n'»;"),
            ("rust", "fn f<'a>(x: &'a str) -> 'b'", "«k:fn» f<'a>(x: &'a «k:str») -> «s:'b'»"),
            (
                "python", "@cached\ndef f(a): # b\n    return '''c\n'd''' + \"e",
                "«m:@cached»\n«k:def» f(a): «c:# b»\n    «k:return» «s:'''c\n'd'''» + «s:\"e»"
            ),
            ("js", "const a = `b\n${c}` + d.e // f", "«k:const» a = «s:`b\n${c}`» + d.e «c:// f»"),
            (
                "bash", "echo \"$A\" a#b # c\nls --all $HOME ${X:-1}",
                "«k:echo» «s:\"$A\"» a#b «c:# c»\nls --all «m:$HOME» «m:${X:-1}»"
            ),
            ("sql", "Select 'it''s' FROM t -- x", "«k:Select» «s:'it''s'» «k:FROM» t «c:-- x»"),
            ("json", "{\"a\": [1, true, \"b\"]}", "{«t:\"a\"»: [«n:1», «k:true», «s:\"b\"»]}"),
            ("yaml", "a-b: 'c' # d\ne: http://f#g", "«t:a-b»: «s:'c'» «c:# d»\n«t:e»: «t:http»://f#g"),
            ("css", ".a { color: #fff; width: 50% }", ".a { «t:color»: «m:#fff»; «t:width»: «n:50%» }"),
            ("html", "<a href=\"b\">c</a><!-- d -->", "«k:<a» «t:href»=«s:\"b\"»«k:>»c«k:</a>»«c:<!-- d -->»"),
            ("diff", "@@ 1 @@\n+a\n-b\n c\n", "«m:@@ 1 @@\n»«i:+a\n»«d:-b\n» c\n"),
            ("go", "var s = `a\\` // b", "«k:var» s = «s:`a\\`» «c:// b»"),
            ("unheard-of", "let a = 1 // b", "let a = 1 // b"),
        ]
    )
    func pieces(language: String, code: String, expected: String) {
        #expect(marked(code, language) == expected)
    }

    @Test("All of a code is there, in any language, whatever it is", arguments: Language.byName.keys.sorted())
    func nothingIsLost(name: String) {
        var random = Random(state: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
        let pieces = [
            "\"", "'", "`", "\\", "/*", "*/", "//", "#", "$", "${", "@", "\n", " ", "let", "<", "</", ">", "<!--", "é",
            "1", "-", ":",
        ]
        for _ in 0..<200 {
            let code = (0..<Int(random.next() % 30)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
                .joined()
            let bytes = Array(code.utf8)
            let found = Highlighter.pieces(of: bytes, as: Language.named(Array(name.utf8)))
            var end = 0
            for piece in found {
                #expect(piece.range.lowerBound == end)
                end = piece.range.upperBound
            }
            #expect(end == bytes.count, "\(code.debugDescription)")
        }
    }

    @Test("A listing says its language, and its text is the code")
    func listing() {
        #expect(
            rendered("```swift title=x\nlet a\n```") == """
                <figure class="code"><figcaption><span>swift</span></figcaption><pre dir="ltr" tabindex="0"><code>\
                <span class="part"><span class="hl-k">let</span> a
                </span></code></pre></figure>
                """
        )
        #expect(rendered("    a < b\n").contains("<span>text</span></figcaption>"))
        #expect(rendered("```\(String(repeating: "x", count: 40))\na\n```").contains("<span>text</span>"))
        #expect(rendered("```swift\n```").contains("<code></code>"))
    }

    @Test("Long code stands in parts of whole lines, a comment over their boundary in both")
    func parts() {
        let lines = (1...200).map { "/* \($0)" }.joined(separator: "\n")
        let html = rendered("```c\n\(lines)\n```")
        let parts = html.components(separatedBy: "<span class=\"part\">").dropFirst()
        #expect(parts.count == 4)
        #expect(parts.allSatisfy { $0.hasPrefix("<span class=\"hl-c\">/* ") })
        #expect(parts.dropLast().allSatisfy { $0.hasSuffix("\n</span></span>") })
        #expect(html.components(separatedBy: "<span").count == html.components(separatedBy: "</span").count)
    }

    @Test("As code grows, its parts but the last stay as they are")
    func growing() {
        let code = (1...150).map { "let a\($0) = \"b\" // c" }.joined(separator: "\n")
        func parts(_ text: String) -> [String] {
            rendered(text).components(separatedBy: "<span class=\"part\">").dropFirst().map { $0 }
        }
        let all = parts("```swift\n" + code)
        for end in stride(from: 100, to: code.count, by: 97) {
            let some = parts("```swift\n" + code.prefix(end))
            #expect(Array(some.dropLast()) == Array(all.prefix(some.count - 1)))
        }
    }
}
