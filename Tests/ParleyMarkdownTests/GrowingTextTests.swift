import ParleyMarkdown
import Testing

@Suite("A text that grows")
struct GrowingTextTests {
    /// One of everything, in an order that puts everything behind everything else in some place.
    static let text = """
        Intro with *words*
        and more.
        # Head
        - one
        - two

          more of two
        1. first
           - inner
        2) other
        > quote
        lazy

        > another

            indented code

            goes on
        para
        | a | b |
        |---|---|
        | 1 | 2 |
        after the table

        ```swift
        let x = 1

        // # no heading
        ```
        Setext
        ======
        <div>
        raw
        </div>
        still raw

        - [ ] task
        - [x] done
        ***
        ~~~
        tildes
        ```
        ~~~
        * a

        * b
        <!-- comment

        goes on -->
        last
        \u{5e9}\u{5dc}\u{5d5}\u{5dd}
        """

    @Test("What follows from a block's line on, rendered alone, is the same")
    func suffixes() {
        let renderer = MarkdownRenderer()
        let lines = Self.text.split(separator: "\n", omittingEmptySubsequences: false)
        let blocks = renderer.blocks(of: Self.text)
        #expect(blocks.count > 15)
        for (index, block) in blocks.enumerated() {
            // A table that ends a paragraph may begin where that does; the first of a line stands for both.
            guard index == 0 || blocks[index - 1].line < block.line else { continue }
            let rest = lines[(block.line - 1)...].joined(separator: "\n")
            #expect(renderer.blocks(of: rest).map(\.html) == blocks[index...].map(\.html), "from line \(block.line)")
        }
    }

    @Test("As it grows, only the last block changes that began before the last line")
    func prefixes() {
        let renderer = MarkdownRenderer()
        var before: [MarkdownBlock] = []
        var soFar = ""
        var lines = 1
        for character in Self.text {
            soFar.append(character)
            let now = renderer.blocks(of: soFar)
            let last = before.last { $0.line < lines }
            let kept = before.prefix { $0.line < last?.line ?? 0 }
            #expect(Array(now.prefix(kept.count)) == Array(kept), "after \(soFar.suffix(20))")
            before = now
            lines = soFar.count { $0 == "\n" } + 1
        }
    }
}
