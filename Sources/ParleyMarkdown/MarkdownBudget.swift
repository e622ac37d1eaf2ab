/// Whether cmark-gfm will be done with a text soon.
///
/// Debian's cmark-gfm 0.29.0.gfm.6 takes time in proportion to the square of a text's length for some patterns, and one
/// makes it copy a long address thousands of times. Each has its measure here, that of the worst text found for it: how often
/// what sets it off occurs, times how far it then looks. One unit is about a nanosecond of a small machine. Texts that people
/// and models write stay three orders of magnitude below the limit. One pass, in proportion to the length.
struct MarkdownBudget {
    /// A third of a second: what one render call may hold a thread for.
    static let limit = 300_000_000
    /// Deeper, and what is looked at fits into no processor's cache.
    static let deepestNesting = 500

    private var cost = 0
    private var lines = 0
    private var deepest = 0
    private var brackets = 0
    private var longestDefinition = 0
    /// Whether the line begins as the definition of a link does.
    private var mayDefine = false
    private var run = Run()

    /// What stands between two blank lines: paragraphs, and so all that is looked for within one, don't reach further.
    private struct Run {
        var bytes = 0
        var lines = 0
        /// `<?` and `<!`, whose ends are looked for up to the end of the paragraph.
        var declarations = 0
        /// `![`, which stay in the list of what may still be closed.
        var imageStarts = 0
        /// Ends of what may be a link, each of which looks at all marks of emphasis before it.
        var closings = 0
        var emphases = 0
        /// `](`, each of which walks that list.
        var linkEnds = 0
        var widestRow = 0
        var hasDelimiterRow = false
        var hasDefinition = false
        var longestLine = 0
        /// Whether a title may be opened, which goes on over lines.
        var hasQuotes = false
    }

    /// What stands between two spaces: an address without mark-up reaches no further.
    private struct Word {
        var bytes = 0
        /// What may be the beginning of an address, each of which reaches to the end.
        var addresses = 0
        /// Closing ones, each of which is weighed against those before.
        var parentheses = 0
    }

    /// What a text costs; `nil` where that is more than a limit.
    static func cost(of text: UnsafeBufferPointer<UInt8>, within limit: Int = limit) -> Int? {
        var budget = Self()
        var reader = LineReader(text)
        while let line = reader.next() {
            if line.isBlank { budget.endRun() } else { budget.take(line.bytes) }
            budget.lines += 1
            if budget.cost > limit { return nil }
        }
        budget.endRun()
        // Every line looks at all containers that are open, and every piece within a line at all that it lies in.
        budget.add(budget.deepest, budget.lines, 8)
        budget.add(budget.deepest, text.count, 6)
        guard budget.deepest <= deepestNesting else { return nil }
        // Every use of a definition copies its address and title. Memory weighs more than time: 30 MB are the most.
        budget.add(budget.brackets, budget.longestDefinition, 10)
        return budget.cost <= limit ? budget.cost : nil
    }

    private mutating func add(_ one: Int, _ other: Int, _ weight: Int) {
        let (product, overflows) = one.multipliedReportingOverflow(by: other)
        let (weighted, overflowsToo) = product.multipliedReportingOverflow(by: weight)
        cost = overflows || overflowsToo ? .max / 2 : min(.max / 2, cost + weighted)
    }

    private mutating func endRun() {
        add(run.declarations, run.bytes, 1)
        add(run.imageStarts, run.linkEnds, 2)
        add(run.closings, run.emphases, 15)
        if run.hasDelimiterRow {
            add(run.widestRow, run.widestRow, 3)
            add(run.lines, run.lines, 1)
            // Rows that are too short are filled up with empty cells.
            add(run.widestRow, run.lines, 100)
        }
        if run.hasDefinition { longestDefinition = max(longestDefinition, run.hasQuotes ? run.bytes : run.longestLine) }
        run = Run()
    }

    private mutating func end(_ word: inout Word) {
        add(word.bytes, word.addresses, 3)
        if word.addresses > 0 { add(word.bytes, word.parentheses, 1) }
        word = Word()
    }

    private mutating func take(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
        run.bytes += line.count + 1
        run.lines += 1
        run.longestLine = max(run.longestLine, line.count)
        takeMarkers(line)
        takeWords(line)
    }

    /// The markers of quotes and lists at a line's beginning, and how far it is indented: about how deep it may lie.
    private mutating func takeMarkers(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
        var markers = 0
        var columns = 0
        var index = line.startIndex
        func isEnd(_ index: Int) -> Bool { index >= line.endIndex || line[index] == 0x20 || line[index] == 0x09 }
        scan: while index < line.endIndex {
            switch line[index] {
            case UInt8(ascii: " "): columns += 1
            case UInt8(ascii: "\t"): columns += 4
            case UInt8(ascii: ">"): markers += 1
            case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "*"), UInt8(ascii: "."), UInt8(ascii: ")"):
                guard isEnd(index + 1) else { break scan }
                markers += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"): break
            default: break scan
            }
            index += 1
        }
        if markers > 0 { deepest = max(deepest, markers + columns / 2) }
        mayDefine = index < line.endIndex && line[index] == UInt8(ascii: "[")
    }

    private mutating func takeWords(_ line: Slice<UnsafeBufferPointer<UInt8>>) {
        var pipes = 0
        var isDelimiterRow = true
        var word = Word()
        var before: UInt8 = 0
        for byte in line {
            word.bytes += 1
            switch byte {
            case UInt8(ascii: "|"): pipes += 1
            case UInt8(ascii: "-"), UInt8(ascii: ">"): break
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                end(&word)
            case UInt8(ascii: "["):
                isDelimiterRow = false
                brackets += 1
                if before == UInt8(ascii: "!") { run.imageStarts += 1 }
            case UInt8(ascii: "]"):
                isDelimiterRow = false
                run.closings += 1
            case UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                isDelimiterRow = false
                run.emphases += 1
            case UInt8(ascii: "?"), UInt8(ascii: "!"):
                isDelimiterRow = false
                if before == UInt8(ascii: "<") { run.declarations += 1 }
            case UInt8(ascii: "("):
                isDelimiterRow = false
                run.hasQuotes = true
                if before == UInt8(ascii: "]") { run.linkEnds += 1 }
            case UInt8(ascii: ":"):
                if before == UInt8(ascii: "]"), mayDefine { run.hasDefinition = true }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                isDelimiterRow = false
                run.hasQuotes = true
            case UInt8(ascii: "/"), UInt8(ascii: "w"), UInt8(ascii: "W"):
                isDelimiterRow = false
                if before == byte || before == UInt8(ascii: ":") { word.addresses += 1 }
            case UInt8(ascii: ")"):
                isDelimiterRow = false
                word.parentheses += 1
            case UInt8(ascii: "@"):
                isDelimiterRow = false
                // A link for each: slow, but no slower the more there are.
                add(1, 1, 10_000)
            default: isDelimiterRow = false
            }
            before = byte
        }
        end(&word)
        run.widestRow = max(run.widestRow, pipes)
        if isDelimiterRow && (pipes > 0 || line.contains(UInt8(ascii: ":"))) { run.hasDelimiterRow = true }
    }
}
