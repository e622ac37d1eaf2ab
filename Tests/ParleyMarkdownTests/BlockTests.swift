import Foundation
import ParleyMarkdown
import Testing

@Suite("Blocks of a text")
struct BlockTests {
    @Test(
        "Each kind of block becomes its element",
        arguments: [
            (
                "Some *words*, **strong** and ~~gone~~.",
                "<p dir=\"auto\">Some <em>words</em>, <strong>strong</strong> and <del>gone</del>.</p>"
            ),
            ("one\ntwo", "<p dir=\"auto\">one<br>two</p>"),
            ("# One", "<h3 dir=\"auto\">One</h3>"),
            ("Two\n---", "<h4 dir=\"auto\">Two</h4>"),
            ("###### Six", "<h6 dir=\"auto\">Six</h6>"),
            ("***", "<hr>"),
            ("> a\n> b", "<blockquote dir=\"auto\"><p dir=\"auto\">a<br>b</p></blockquote>"),
            ("- a\n- b", "<ul dir=\"auto\"><li>a</li><li>b</li></ul>"),
            ("7. a\n8. b", "<ol dir=\"auto\" start=\"7\"><li>a</li><li>b</li></ol>"),
            ("- a\n\n- b", "<ul dir=\"auto\"><li><p dir=\"auto\">a</p></li><li><p dir=\"auto\">b</p></li></ul>"),
            ("`a < b`", "<p dir=\"auto\"><code>a &lt; b</code></p>"),
            ("a [1] and [^2]", "<p dir=\"auto\">a [1] and [^2]</p>"),
            ("", ""),
            ("\n\n \n", ""),
            ("[a]: https://a.example", ""),
        ]
    )
    func becomesElements(text: String, html: String) {
        #expect(rendered(text) == html)
    }

    @Test("A table has a head, a body, and its alignments")
    func tables() {
        let html = rendered("| a | b | c |\n|:--|:-:|--:|\n| 1 | x<br>y | `p\\|q` |\n| 2 |")
        #expect(
            html == """
                <div class="table" tabindex="0"><table dir="auto"><thead><tr><th dir="auto" class="to-left">a</th>\
                <th dir="auto" class="to-center">b</th><th dir="auto" class="to-right">c</th></tr></thead><tbody><tr>\
                <td dir="auto" class="to-left">1</td><td dir="auto" class="to-center">x<br>y</td>\
                <td dir="auto" class="to-right"><code>p|q</code></td></tr><tr><td dir="auto" class="to-left">2</td>\
                <td dir="auto" class="to-center"></td><td dir="auto" class="to-right"></td></tr></tbody></table></div>
                """
        )
    }

    @Test("A table without rows is whole")
    func emptyTable() {
        #expect(rendered("|a|\n|-|").hasSuffix("</thead></table></div>"))
    }

    @Test("A task has a box that its text names; without a text it has none")
    func tasks() {
        #expect(
            rendered("- [x] done\n- [ ] *open*\n  - [ ] below") == """
                <ul dir="auto"><li class="task"><label><input type="checkbox" disabled checked> done</label></li>\
                <li class="task"><label><input type="checkbox" disabled> <em>open</em></label>
                <ul dir="auto"><li class="task"><label><input type="checkbox" disabled> below</label></li></ul></li></ul>
                """
        )
        #expect(!rendered("- [ ] \n- [x] ").contains("<input"))
        #expect(rendered("- [x] a\n\n- b").contains("<li class=\"task\"><p dir=\"auto\"><label><input"))
    }

    @Test("Addresses without mark-up become links, whatever is in them")
    func autolinks() {
        let html = rendered("See https://a.example/__init__.py?a=1&b=2, www.b.example (or mail c@d.example).")
        #expect(html.contains("<a href=\"https://a.example/__init__.py?a=1&amp;b=2\" "))
        #expect(html.contains("<a href=\"http://www.b.example\" "))
        #expect(html.contains("<a href=\"mailto:c@d.example\" "))
        #expect(html.components(separatedBy: "<a ").count == 4)
    }

    @Test("Each block says on which line it begins")
    func lines() {
        let text = "a\r\nb\r\n\r\n# c\r\n- d\r\n- e\r\n\r\n```\r\n\r\nf\r\n```\r\ng\n|h|\n|-|\n"
        let blocks = MarkdownRenderer().blocks(of: text)
        // A table that ends a paragraph begins where that does.
        #expect(blocks.map(\.line) == [1, 4, 5, 8, 12, 12])
    }

    @Test("Nesting deeper than anybody means is shown without its elements")
    func nesting() {
        let html = rendered(String(repeating: "> ", count: 150) + "deep")
        #expect(html.contains("deep"))
        #expect(html.components(separatedBy: "<blockquote").count == 49)
        #expect(html.components(separatedBy: "</blockquote>").count == 49)
        let list = rendered(String(repeating: "- ", count: 150) + "deep")
        for tag in ["ul", "li"] {
            #expect(list.components(separatedBy: "<\(tag)").count == list.components(separatedBy: "</\(tag)>").count)
        }
    }
}
