import Foundation
import ParleyMarkdown
import Testing

@Suite("Hostile texts")
struct SafetyTests {
    /// What may be in the HTML: our own tags, letter by letter.
    private let allowed: Regex<AnyRegexOutput>

    init() throws {
        allowed = try Regex(
            """
            </?(p|h[3-6]|ul|ol|li|blockquote|pre|code|figure|figcaption|div|span|table|thead|tbody|tr|th|td|em|strong|del|label|a)>|\
            <br>|<hr>|<(p|h[3-6]|ul|ol|blockquote|table|th|td)( class="(plain|to-left|to-center|to-right)")? dir="auto"\
            ( class="to-(left|center|right)"| start="[0-9]+")*>|<li class="task">|<span class="(image|part|hl-[a-z])">|\
            <figure class="code">|<div class="table" tabindex="0">|<pre dir="ltr" tabindex="0">|\
            <input type="checkbox" disabled( checked)?>|\
            <a href="(https?://|mailto:)[^"<>]*" rel="noopener noreferrer nofollow" target="_blank">
            """
        ).ignoresCase()
    }

    /// The HTML without our own tags: nothing is left that a browser takes for mark-up.
    private func remainder(_ html: String) -> String {
        html.replacing(allowed, with: "")
    }

    @Test(
        "Nothing in a text becomes mark-up",
        arguments: [
            "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a <svg/onload=alert(1)> b",
            "<iframe src=javascript:alert(1)>", "<style>*{display:none}</style>", "<!-- --><b>x</b>", "<?php echo 1 ?>",
            "<![CDATA[<script>]]>", "<a href=\"javascript:alert(1)\">x</a>", "<math><mi xlink:href=\"data:x\">",
            "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java&#115;cript:alert(1))",
            "[x](&#x6A;avascript:alert(1))", "[x](java\tscript:alert(1))", "[x](<java\tscript:alert(1)>)",
            "[x](\u{1}javascript:alert(1))", "[x](vbscript:x)", "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](file:///etc/passwd)",
            "[x](//evil.example)", "[x](/\\evil.example)", "[x](\\\\evil.example)", "[x](#top)", "[x](/c/1)",
            "[x](relative)",
            "[x](blob:https://a.example/1)", "[x](filesystem:https://a)", "[x](about:blank)",
            "[x](intent://a#Intent;end)",
            "[x](view-source:https://a)", "[x](http&colon;//a)", "[x](https:evil)", "[x](http:/\\evil)",
            "[x]( javascript:alert(1))",
            "[x](feed:javascript:alert(1))", "[x](ws://a)", "[x](tel:1)", "<javascript:alert(1)>", "<data:text/html,x>",
            "[x](https://a.example/\"onmouseover=\"alert(1))",
            "[x](https://a.example \"t\\\" onmouseover=alert(1) x=\\\"\")",
            "[x](<https://a.example/ onmouseover=alert(1)>)", "https://a.example/'\"><script>alert(1)</script>",
            "![x](javascript:alert(1))", "![x](data:image/svg+xml,<svg onload=alert(1)>)",
            "![\"><script>](https://a.example/b.png)",
            "![x](https://a.example/\"onerror=alert(1))", "[![x](https://a.example/b.png)](javascript:alert(1))",
            "[a]: javascript:alert(1)\n\n[a]", "[a]: https://a.example '\"><script>'\n\n[a]",
            "<https://a.example/?q=\"><b>",
            "```\"><script>alert(1)</script>\n</code><script>alert(1)</script>\n```",
            "```html\n<script>alert('\"')</script>\n```",
            "```diff\n+<b>\n-&\n```", "```js onload=x\n`</span><script>`\n```", "`</code><script>`",
            "| <script> |\n|---|\n| <b onclick=x> |",
            "# <script>", "- [ ] <input onfocus=alert(1) autofocus>", "> <script>", "a\0<script>\0b", "<scr\0ipt>",
            "\u{202E}<script>", "&lt;script&gt;", "&#60;script&#62;", "&#x3c;script>", "\\<script>",
            "<script\n>\nalert(1)\n</script\n>",
            "[x](https://user:javascript@evil.example)", "**<script>**", "~~<b>~~", "[<script>](https://a.example)",
            "[a [b](https://b.example)](https://a.example)", "[https://a.example](https://b.example)",
        ]
    )
    func staysText(text: String) {
        let html = rendered(text)
        let rest = remainder(html)
        #expect(!rest.contains("<") && !rest.contains(">") && !rest.contains("\""), "\(html)")
        #expect(html.components(separatedBy: "<a ").count == html.components(separatedBy: "</a>").count, "\(html)")
    }

    @Test("The list of what is allowed would find what isn't")
    func listIsStrict() {
        for html in [
            "<b>", "<a href=\"javascript:x\">", "<p onclick=\"x\">", "<img src=\"x\">", "<p dir=\"auto\" id=\"x\">",
        ] {
            #expect(remainder(html).contains("<"))
        }
    }

    @Test("HTML is shown as it was written")
    func htmlIsShown() {
        #expect(rendered("<div>\n<b>x</b>\n</div>").contains("&lt;div&gt;\n&lt;b&gt;x&lt;/b&gt;\n&lt;/div&gt;"))
        #expect(rendered("a <b>x</b>") == "<p dir=\"auto\">a &lt;b&gt;x&lt;/b&gt;</p>")
    }

    @Test("An image is a link that says whose it is, and loads nothing")
    func images() {
        #expect(
            rendered("![A *cat*](https://who@cats.example:8080/a?b#c \"t\")") == """
                <p dir="auto"><span class="image"><a href="https://who@cats.example:8080/a?b#c" \
                rel="noopener noreferrer nofollow" target="_blank">A cat <span>cats.example:8080</span></a></span></p>
                """
        )
        #expect(
            rendered("![cat](data:image/png;base64,AAAA)") == "<p dir=\"auto\"><span class=\"image\">cat</span></p>"
        )
        let linked = rendered("[![cat](https://a.example/x.png)](https://b.example)")
        #expect(linked.contains("<a href=\"https://b.example\"") && !linked.contains("<a href=\"https://a.example"))
    }

    @Test("A random text is never more than text", arguments: 0..<8)
    func randomTexts(seed: UInt64) {
        var random = Random(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
        let pieces = [
            "<", ">", "\"", "'", "&", "[", "]", "(", ")", "!", "*", "_", "~", "`", "\n", "\n\n", " ", "    ", "- ",
            "> ", "1. ",
            "javascript:", "https://a.example", "www.a.example", "a@b.example", "<script>", "</p>", "onerror=", "|",
            "|-|-|\n",
            "```", "```html\n", "[ ] ", "&lt;", "&#34;", "\\", "\u{0}", "\u{202E}", "x", "# ", "<!--", "-->", "<a ",
            "\t", "\r",
        ]
        for _ in 0..<400 {
            let text = (0..<Int(random.next() % 40)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
                .joined()
            let rest = remainder(rendered(text))
            #expect(!rest.contains("<") && !rest.contains(">") && !rest.contains("\""), "\(text.debugDescription)")
        }
    }
}

/// Vigna's xorshift64*: the same numbers each time.
struct Random {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return (state &* 0x2545_F491_4F6C_DD1D) >> 33
    }
}
