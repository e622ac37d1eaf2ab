import CCMarkGFM

/// A block of code: its language, and its text with what is what marked.
///
/// The text stands in parts of ``linesPerPart`` lines, each a `span` that begins and ends on a line's boundary, so that who
/// shows a long one as it grows needs to replace only the last.
struct Listing {
    static let linesPerPart = 64
    /// Longer code is shown without colours: nobody reads it, and they would take many times its size.
    static let highlightedBytes = 256 * 1024
    /// A language's name is a word; longer ones are something else.
    private static let longestName = 32

    private let node: Node

    init(_ node: Node) {
        self.node = node
    }

    func write(to writer: inout HTMLWriter) {
        let name = Self.name(in: cmark_node_get_fence_info(node))
        writer.markup("<figure class=\"code\"><figcaption><span>")
        writer.text(name.isEmpty ? Array("text".utf8) : name)
        writer.markup("</span></figcaption><pre dir=\"ltr\" tabindex=\"0\"><code>")
        if let literal = cmark_node_get_literal(node) {
            let text = Array(String(cString: literal).utf8)
            let language = text.count <= Self.highlightedBytes ? Language.named(name) : nil
            var parts = PartWriter(writer)
            for piece in Highlighter.pieces(of: text, as: language) { parts.write(text[piece.range], as: piece.kind) }
            writer = parts.finish()
        }
        writer.markup("</code></pre></figure>")
    }

    /// The first word of a fence's info.
    private static func name(in info: UnsafePointer<CChar>?) -> [UInt8] {
        guard let info else { return [] }
        let word = String(cString: info).utf8.prefix { $0 > 0x20 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "{") }
        return word.count <= longestName ? Array(word) : []
    }
}

/// Writes the pieces of a code, cut into parts.
private struct PartWriter {
    private var writer: HTMLWriter
    private var lines = 0
    private var isOpen = false

    init(_ writer: HTMLWriter) {
        self.writer = writer
    }

    mutating func write(_ text: ArraySlice<UInt8>, as kind: TokenKind?) {
        var rest = text
        while !rest.isEmpty {
            open()
            // What goes on over a part's end is closed there, and begins anew.
            let end = endOfPart(in: rest)
            if let kind { writer.markup(kind.opening) }
            writer.text(rest[..<end])
            if kind != nil { writer.markup("</span>") }
            if lines == Listing.linesPerPart { close() }
            rest = rest[end...]
        }
    }

    consuming func finish() -> HTMLWriter {
        close()
        return writer
    }

    private mutating func endOfPart(in text: ArraySlice<UInt8>) -> Int {
        for index in text.indices where text[index] == UInt8(ascii: "\n") {
            lines += 1
            if lines == Listing.linesPerPart { return index + 1 }
        }
        return text.endIndex
    }

    private mutating func open() {
        if !isOpen { writer.markup("<span class=\"part\">") }
        isOpen = true
    }

    private mutating func close() {
        if isOpen { writer.markup("</span>") }
        isOpen = false
        lines = 0
    }
}
