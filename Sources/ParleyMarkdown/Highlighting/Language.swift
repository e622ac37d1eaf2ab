/// What a highlighter has to know of a language: a table, not a grammar.
struct Language: Sendable {
    /// How its text is read.
    enum Shape: Sendable {
        /// Comments, strings, numbers and words.
        case code
        /// Tags between angle brackets.
        case markup
        /// Lines that begin with `+` or `-`.
        case diff
    }

    /// A comment over several lines.
    struct BlockComment: Sendable {
        var open: [UInt8]
        var close: [UInt8]
        /// Whether one can stand in another.
        var nests = false

        init(_ open: String, _ close: String, nests: Bool = false) {
            (self.open, self.close, self.nests) = (Array(open.utf8), Array(close.utf8), nests)
        }
    }

    /// A string, begun and ended by the same mark.
    struct Quote: Sendable {
        var mark: [UInt8]
        /// Whether it may go on over a line's end.
        var spansLines = false
        /// Whether a backslash takes the next character's meaning.
        var escapes = true
        /// Whether it holds one character, and otherwise is something else, such as a lifetime.
        var isCharacter = false

        init(_ mark: String, spansLines: Bool = false, escapes: Bool = true, isCharacter: Bool = false) {
            self.mark = Array(mark.utf8)
            (self.spansLines, self.escapes, self.isCharacter) = (spansLines, escapes, isCharacter)
        }
    }

    /// How else its words are told apart.
    struct Traits: OptionSet, Sendable {
        let rawValue: Int

        /// Words that begin with a capital are types.
        static let capitalTypes = Self(rawValue: 1)
        /// A word or string before a colon is a name.
        static let keys = Self(rawValue: 2)
        /// A comment begins only where a word could.
        static let spacedComments = Self(rawValue: 4)
        /// Keywords may be written in capitals.
        static let ignoresCase = Self(rawValue: 8)
        /// A hyphen may stand in a word.
        static let hyphens = Self(rawValue: 16)
    }

    var shape = Shape.code
    var keywords: Set<[UInt8]> = []
    var lineComments: [[UInt8]] = []
    var blockComments: [BlockComment] = []
    /// Longer marks before those that they begin with.
    var quotes: [Quote] = []
    /// Characters that make the word behind them something of the compiler's or the shell's: `@`, `#`, `$`.
    var metaMarks: [UInt8] = []
    var traits: Traits = []

    init(
        keywords: String = "",
        lineComments: [String] = [],
        blockComments: [BlockComment] = [],
        quotes: [Quote] = [],
        metaMarks: String = "",
        traits: Traits = []
    ) {
        self.keywords = Set(keywords.split(whereSeparator: \.isWhitespace).map { Array($0.utf8) })
        self.lineComments = lineComments.map { Array($0.utf8) }
        self.blockComments = blockComments
        self.quotes = quotes
        self.metaMarks = Array(metaMarks.utf8)
        self.traits = traits
    }

    init(shape: Shape) {
        self.shape = shape
    }

    /// The language of a fence's name; `nil` for one that isn't known here.
    static func named(_ name: [UInt8]) -> Language? {
        byName[String(decoding: name, as: UTF8.self).lowercased()]
    }
}
