/// GitHub's Markdown as safe HTML, through cmark-gfm.
///
/// cmark-gfm only parses; the HTML is written here, from its tree, so that there is nothing in it that wasn't meant to be:
/// `p`, `h3` to `h6`, `ul`, `ol`, `li`, `blockquote`, `hr`, `pre`, `code`, `figure`, `figcaption`, `div`, `span`, `table` and
/// its parts, `em`, `strong`, `del`, `br`, `a`, `label` and disabled checkboxes, with `class`, `dir`, `start`, `tabindex`, and
/// on links `href`, `rel` and `target`. Neither `id` nor `style` nor `src` nor a handler. HTML in a text is shown as it was
/// written. Links lead to `http`, `https` and `mailto` alone; an image becomes a link to it, which loads nothing.
///
/// The work is bounded: what cmark-gfm would take long for (see ``MarkdownBudget``) is shown as plain paragraphs.
public struct MarkdownRenderer: Sendable {
    /// Makes a renderer; there is nothing to it.
    public init() {}

    /// The blocks of a text, in order.
    public func blocks(of text: String) -> [MarkdownBlock] {
        var room = MarkdownBudget.limit
        return blocks(of: text, within: &room)
    }

    /// The blocks of several texts, whose work is bounded together: what is left for the later ones may be plain paragraphs.
    public func blocks(of texts: [String]) -> [[MarkdownBlock]] {
        var room = MarkdownBudget.limit
        return texts.map { blocks(of: $0, within: &room) }
    }

    private func blocks(of text: String, within room: inout Int) -> [MarkdownBlock] {
        var text = text
        return text.withUTF8 { bytes in
            guard let cost = MarkdownBudget.cost(of: bytes, within: room) else { return PlainText.blocks(of: bytes) }
            room -= cost
            return SyntaxTree.parse(bytes) { tree in tree.blocks() }
        }
    }
}
