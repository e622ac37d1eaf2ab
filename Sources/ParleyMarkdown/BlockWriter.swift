import CCMarkGFM

/// Writes a block and all that is in it as HTML.
///
/// It walks, and does not recurse: how deep a text nests must not cost the thread's stack.
struct BlockWriter {
    /// Containers nested deeper are shown, but not as such: nobody means it, and browsers stop at 512 elements.
    private static let deepest = 48

    private var writer = HTMLWriter()
    private var depth = 0
    /// How many links stand round what is written: there can't be one in another.
    private var links = 0
    /// How many images do: only the text of their descriptions counts.
    private var images = 0
    private var table = TableShape()

    var html: String { writer.string }

    mutating func write(_ block: Node) {
        let walk = cmark_iter_new(block)
        defer { cmark_iter_free(walk) }
        while true {
            switch cmark_iter_next(walk) {
            case CMARK_EVENT_ENTER: if let node = cmark_iter_get_node(walk) { enter(node) }
            case CMARK_EVENT_EXIT: if let node = cmark_iter_get_node(walk) { exit(node) }
            default: return
            }
        }
    }

    private mutating func enter(_ node: Node) {
        switch NodeKind(node) {
        case .paragraph: enterParagraph(node)
        case .heading: enterHeading(node)
        case .list: if nest() { enterList(node) }
        case .item, .task: if depth <= Self.deepest { writer.markup(isTask(node) ? "<li class=\"task\">" : "<li>") }
        case .quote: if nest() { writer.markup("<blockquote dir=\"auto\">") }
        case .rule: writer.markup("<hr>")
        case .code: Listing(node).write(to: &writer)
        case .html:
            writer.markup("<p class=\"plain\" dir=\"auto\">")
            writer.text(cmark_node_get_literal(node))
            writer.markup("</p>")
        case .table:
            table = TableShape(node)
            writer.markup("<div class=\"table\" tabindex=\"0\"><table dir=\"auto\">")
        case .header: writer.markup("<thead><tr>")
        case .row: enterRow(node)
        case .cell: enterCell()
        case .text: writer.text(cmark_node_get_literal(node))
        // In a chat a new line is meant as one.
        case .softBreak, .lineBreak: writer.markup(images > 0 ? " " : "<br>")
        case .inlineCode: enterCode(node)
        case .inlineHTML: enterHTML(node)
        case .emphasis: if images == 0 { writer.markup("<em>") }
        case .strong: if images == 0 { writer.markup("<strong>") }
        case .strikethrough: if images == 0 { writer.markup("<del>") }
        case .link: enterLink(node)
        case .image: enterImage(node)
        case .unknown: break
        }
    }

    private mutating func exit(_ node: Node) {
        switch NodeKind(node) {
        case .paragraph: exitParagraph(node)
        case .heading:
            writer.markup("</h")
            writer.integer(Self.level(of: node))
            writer.markup(">")
        case .list:
            if unnest() { writer.markup(cmark_node_get_list_type(node) == CMARK_ORDERED_LIST ? "</ol>" : "</ul>") }
        case .item, .task: if depth <= Self.deepest { writer.markup("</li>") }
        case .quote: if unnest() { writer.markup("</blockquote>") }
        case .table: writer.markup(table.hasBody ? "</tbody></table></div>" : "</table></div>")
        case .header: writer.markup("</tr></thead>")
        case .row: writer.markup("</tr>")
        case .cell: writer.markup(table.isInHead ? "</th>" : "</td>")
        case .emphasis: if images == 0 { writer.markup("</em>") }
        case .strong: if images == 0 { writer.markup("</strong>") }
        case .strikethrough: if images == 0 { writer.markup("</del>") }
        case .link: exitLink(node)
        case .image: exitImage(node)
        default: break
        }
    }

    private mutating func nest() -> Bool {
        depth += 1
        return depth <= Self.deepest
    }

    private mutating func unnest() -> Bool {
        depth -= 1
        return depth < Self.deepest
    }
}

// MARK: Blocks

extension BlockWriter {
    /// Message's headings begin below the page's own.
    private static func level(of heading: Node) -> Int {
        min(Int(cmark_node_get_heading_level(heading)) + 2, 6)
    }

    private mutating func enterHeading(_ node: Node) {
        writer.markup("<h")
        writer.integer(Self.level(of: node))
        writer.markup(" dir=\"auto\">")
    }

    private mutating func enterList(_ node: Node) {
        guard cmark_node_get_list_type(node) == CMARK_ORDERED_LIST else {
            writer.markup("<ul dir=\"auto\">")
            return
        }
        writer.markup("<ol dir=\"auto\"")
        let start = Int(cmark_node_get_list_start(node))
        if start != 1 {
            writer.markup(" start=\"")
            writer.integer(start)
            writer.markup("\"")
        }
        writer.markup(">")
    }

    private mutating func enterParagraph(_ node: Node) {
        if !isTight(node) { writer.markup("<p dir=\"auto\">") }
        guard let task = task(namedBy: node) else { return }
        writer.markup("<label><input type=\"checkbox\" disabled")
        writer.markup(cmark_gfm_extensions_get_tasklist_item_checked(task) ? " checked> " : "> ")
    }

    private mutating func exitParagraph(_ node: Node) {
        if task(namedBy: node) != nil { writer.markup("</label>") }
        if !isTight(node) {
            writer.markup("</p>")
        } else if cmark_node_next(node) != nil {
            writer.markup("\n")
        }
    }

    /// Whether the paragraph stands in a list whose items have no space between them.
    private func isTight(_ paragraph: Node) -> Bool {
        guard let list = cmark_node_parent(paragraph).flatMap({ cmark_node_parent($0) }) else { return false }
        return cmark_node_get_list_tight(list) != 0
    }

    /// A task with a text to name its box.
    private func isTask(_ item: Node) -> Bool {
        cmark_node_first_child(item).flatMap { task(namedBy: $0) } != nil
    }

    private func task(namedBy paragraph: Node) -> Node? {
        guard cmark_node_get_type(paragraph) == CMARK_NODE_PARAGRAPH, cmark_node_previous(paragraph) == nil,
            cmark_node_first_child(paragraph) != nil, let item = cmark_node_parent(paragraph),
            NodeKind(item) == .task
        else { return nil }
        return item
    }
}

// MARK: Tables

/// How the columns of a table are aligned, and where in it the writer is.
private struct TableShape {
    var alignments: [UInt8] = []
    var column = 0
    var isInHead = true
    var hasBody = false

    init() {}

    init(_ table: Node) {
        let count = Int(cmark_gfm_extensions_get_table_columns(table))
        guard let first = cmark_gfm_extensions_get_table_alignments(table) else { return }
        alignments = Array(UnsafeBufferPointer(start: first, count: count))
    }
}

extension BlockWriter {
    private mutating func enterRow(_ node: Node) {
        if !table.hasBody { writer.markup("<tbody>") }
        table.hasBody = true
        table.isInHead = false
        table.column = 0
        writer.markup("<tr>")
    }

    private mutating func enterCell() {
        writer.markup(table.isInHead ? "<th dir=\"auto\"" : "<td dir=\"auto\"")
        if table.column < table.alignments.count {
            switch table.alignments[table.column] {
            case UInt8(ascii: "l"): writer.markup(" class=\"to-left\"")
            case UInt8(ascii: "c"): writer.markup(" class=\"to-center\"")
            case UInt8(ascii: "r"): writer.markup(" class=\"to-right\"")
            default: break
            }
        }
        table.column += 1
        writer.markup(">")
    }
}

// MARK: What stands in a line

extension BlockWriter {
    private mutating func enterCode(_ node: Node) {
        if images == 0 { writer.markup("<code>") }
        writer.text(cmark_node_get_literal(node))
        if images == 0 { writer.markup("</code>") }
    }

    /// Shown as it was written, but for a break: there is no other way to have it in a table's cell, and models know.
    private mutating func enterHTML(_ node: Node) {
        guard let literal = cmark_node_get_literal(node) else { return }
        if images == 0, ["<br>", "<br/>", "<br />"].contains(String(cString: literal)) {
            writer.markup("<br>")
        } else {
            writer.text(literal)
        }
    }

    private mutating func enterLink(_ node: Node) {
        if links == 0, images == 0, let address = SafeAddress(cmark_node_get_url(node)) { address.open(&writer) }
        links += 1
    }

    private mutating func exitLink(_ node: Node) {
        links -= 1
        if links == 0, images == 0, SafeAddress(cmark_node_get_url(node)) != nil { writer.markup("</a>") }
    }

    /// An image of somewhere else would tell that place who reads this, and when; so it is a link to it.
    private mutating func enterImage(_ node: Node) {
        if images == 0 {
            writer.markup("<span class=\"image\">")
            if links == 0 { SafeAddress(webOnly: cmark_node_get_url(node))?.open(&writer) }
        }
        images += 1
    }

    private mutating func exitImage(_ node: Node) {
        images -= 1
        guard images == 0 else { return }
        if let address = SafeAddress(webOnly: cmark_node_get_url(node)) {
            writer.markup(" <span>")
            writer.text(address.host)
            writer.markup(links == 0 ? "</span></a>" : "</span>")
        }
        writer.markup("</span>")
    }
}
