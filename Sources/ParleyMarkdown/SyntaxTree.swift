import CCMarkGFM
import Synchronization

/// A node of cmark-gfm's, whose inside no header tells.
typealias Node = OpaquePointer

/// What cmark-gfm made of a text.
struct SyntaxTree: ~Copyable {
    /// cmark-gfm keeps the characters that extensions look for in one table for the whole process, and clears them when any
    /// text is done: two at once would lose each other's tables and strikethroughs.
    ///
    /// Holds whether the extensions are known to it.
    private static let turn = Mutex(false)

    private let document: Node

    /// Parses a text and lends the tree to `body`.
    static func parse<Value>(
        _ text: UnsafeBufferPointer<UInt8>,
        _ body: (borrowing SyntaxTree) -> Value
    ) -> Value {
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { fatalError("cmark-gfm has no memory") }
        var document: Node?
        turn.withLock { isReady in
            if !isReady { cmark_gfm_core_extensions_ensure_registered() }
            isReady = true
            for name in ["table", "strikethrough", "autolink", "tasklist"] {
                if let found = cmark_find_syntax_extension(name) { cmark_parser_attach_syntax_extension(parser, found) }
            }
            text.withMemoryRebound(to: CChar.self) { cmark_parser_feed(parser, $0.baseAddress, $0.count) }
            document = cmark_parser_finish(parser)
        }
        defer { cmark_parser_free(parser) }
        guard let document else { fatalError("cmark-gfm has no memory") }
        return body(SyntaxTree(document: document))
    }

    private init(document: Node) {
        self.document = document
    }

    deinit { cmark_node_free(document) }

    /// The top-level blocks as HTML.
    func blocks() -> [MarkdownBlock] {
        var blocks: [MarkdownBlock] = []
        var next = cmark_node_first_child(document)
        while let block = next {
            var writer = BlockWriter()
            writer.write(block)
            let html = writer.html
            if !html.isEmpty { blocks.append(MarkdownBlock(line: Self.line(of: block), html: html)) }
            next = cmark_node_next(block)
        }
        return blocks
    }

    /// Where a block begins.
    ///
    /// A paragraph that a table's head ended has no line; the table has that of both.
    private static func line(of block: Node) -> Int {
        let line = Int(cmark_node_get_start_line(block))
        return line > 0 ? line : cmark_node_next(block).map { Int(cmark_node_get_start_line($0)) } ?? 1
    }
}

/// What a node of the tree is.
enum NodeKind {
    case paragraph, heading, list, item, task, quote, rule, code, html
    case table, header, row, cell
    case text, softBreak, lineBreak, inlineCode, inlineHTML, emphasis, strong, strikethrough, link, image
    case unknown

    init(_ node: Node) {
        self =
            switch cmark_node_get_type(node) {
            case CMARK_NODE_TEXT: .text
            case CMARK_NODE_PARAGRAPH: .paragraph
            case CMARK_NODE_SOFTBREAK: .softBreak
            case CMARK_NODE_LINEBREAK: .lineBreak
            case CMARK_NODE_CODE: .inlineCode
            case CMARK_NODE_HTML_INLINE: .inlineHTML
            case CMARK_NODE_EMPH: .emphasis
            case CMARK_NODE_STRONG: .strong
            case CMARK_NODE_LINK: .link
            case CMARK_NODE_IMAGE: .image
            case CMARK_NODE_HEADING: .heading
            case CMARK_NODE_LIST: .list
            case CMARK_NODE_ITEM: Self.named(node) == "tasklist" ? .task : .item
            case CMARK_NODE_BLOCK_QUOTE: .quote
            case CMARK_NODE_THEMATIC_BREAK: .rule
            case CMARK_NODE_CODE_BLOCK: .code
            case CMARK_NODE_HTML_BLOCK: .html
            // The types of extensions have numbers that are given out as the program runs.
            default:
                switch Self.named(node) {
                case "table": .table
                case "table_header": .header
                case "table_row": .row
                case "table_cell": .cell
                case "strikethrough": .strikethrough
                default: .unknown
                }
            }
    }

    private static func named(_ node: Node) -> String {
        String(cString: cmark_node_get_type_string(node))
    }
}
