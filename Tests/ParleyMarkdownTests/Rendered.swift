import ParleyMarkdown

/// A text's HTML, all blocks together.
func rendered(_ text: String) -> String {
    MarkdownRenderer().blocks(of: text).map(\.html).joined(separator: "\n")
}
