/// A block that stands by itself in a text: a paragraph, a heading, a list, a table, a listing.
public struct MarkdownBlock: Hashable, Sendable {
    /// The line of the text on which it begins, from 1.
    ///
    /// The text from this line on, rendered alone, gives this block and those behind it. Whatever is appended to a text, its
    /// blocks stay as they are up to the last that begins before the text's last line: that one may still grow, and what the
    /// last line is shows when it is whole. Both but for definitions of links, which may stand anywhere.
    public let line: Int
    /// The block as safe HTML.
    ///
    /// Only the elements and attributes that ``MarkdownRenderer`` names; all of the text's own `<`, `>`, `&` and quotation
    /// marks are escaped.
    public let html: String

    /// Makes a block.
    public init(line: Int, html: String) {
        self.line = line
        self.html = html
    }
}
