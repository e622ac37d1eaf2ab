/// Reads the members of one JSON object while a model is still writing it, with the mistakes that models make.
///
/// Before the object it skips whatever there is (a sentence, a code fence); behind it, it reads no more. It forgives single
/// quotes, names without quotes, missing and doubled commas, raw line breaks, unknown escapes, quotes inside a text that
/// should have been escaped, an object wrapped round the one that was asked for, and an end that never comes. What a valid
/// object says is read exactly. What it must gather to go on, a name or a value that is no text, is bounded.
struct LenientObjectReader: Sendable {
    /// What a member says.
    enum Event: Hashable, Sendable {
        /// More of a member's text.
        case text(name: String, Unicode.Scalar)
        /// The member's text is complete.
        case endOfText(name: String)
        /// A member that is no text, as it was written.
        case value(name: String, String)
    }

    /// How far the object is.
    enum Progress: Hashable, Sendable {
        /// It has not begun.
        case notBegun
        /// It has begun.
        case begun
        /// It is complete.
        case complete
        /// It is none.
        case broken
    }

    // What is read next. What a phase has gathered stands in `name` and `gathered`, which grow in place.
    private enum Phase: Hashable {
        case before
        case beginningOfName
        case quotedName
        case bareName
        case colon
        case beginningOfValue
        case text
        // Behind a quote that may end a text, or be a part of it: what follows tells, as far as the colon of a next name.
        case behindQuote
        case nextName
        case behindNextName
        case other
        case complete
        case broken
    }

    private enum Escape: Hashable {
        case none
        case begun
        case digits(UInt32, count: Int)
    }

    // The longest name, value that is no text, or white space between members.
    private static let gatheredBytes = 64 * 1024

    private let wanted: @Sendable (String) -> Bool
    private var phase = Phase.before
    // Objects round the one that is being read.
    private var wrappings = 0
    private var name = ""
    private var nextName = ""
    private var nextQuote: Unicode.Scalar = "\""
    private var gathered = String.UnicodeScalarView()
    private var quote: Unicode.Scalar = "\""
    private var escape = Escape.none
    // Half of a character that takes two `\u`s.
    private var highSurrogate: UInt32?
    private var gatheredCount = 0
    private var depth = 0
    private var isInString = false
    private var hasComma = false
    private var hasLineBreak = false

    /// Starts reading.
    ///
    /// `wanted` says whether a member of that name is one that counts; an object in another one's place is looked into.
    init(wanted: @escaping @Sendable (String) -> Bool) {
        self.wanted = wanted
    }

    /// How far the object is.
    var progress: Progress {
        switch phase {
        case .before: .notBegun
        case .complete: .complete
        case .broken: .broken
        default: .begun
        }
    }

    /// Reads on, and appends what it says.
    mutating func feed(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        switch phase {
        case .before: if scalar == "{" { phase = .beginningOfName }
        case .beginningOfName: beginName(scalar)
        case .quotedName: readQuotedName(scalar)
        case .bareName: readBareName(scalar)
        case .colon:
            if scalar == ":" { phase = .beginningOfValue } else if !scalar.isSpace { phase = .broken }
        case .beginningOfValue: if !scalar.isSpace { beginValue(scalar, into: &events) }
        case .text: readText(scalar, into: &events)
        case .behindQuote: readBehindQuote(scalar, into: &events)
        case .nextName: readNextName(scalar, into: &events)
        case .behindNextName: readBehindNextName(scalar, into: &events)
        case .other: readOther(scalar, into: &events)
        case .complete, .broken: break
        }
    }

    /// Takes the object as ended, wherever it is.
    mutating func finish(into events: inout [Event]) {
        switch phase {
        case .text:
            endSurrogate(into: &events)
            events.append(.endOfText(name: name))
        case .behindQuote, .nextName, .behindNextName: events.append(.endOfText(name: name))
        case .other where depth == 0: events.append(.value(name: name, String(gathered)))
        default: break
        }
        if progress == .begun { phase = .complete }
    }
}

// MARK: Names

extension LenientObjectReader {
    private mutating func beginName(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "}": endObject()
        case ",": break
        case "\"", "'":
            name = ""
            quote = scalar
            escape = .none
            phase = .quotedName
        case _ where scalar.isSpace: break
        case _ where scalar.isOfName:
            name = String(scalar)
            phase = .bareName
        default: phase = .broken
        }
    }

    private mutating func endObject() {
        if wrappings > 0 {
            wrappings -= 1
            phase = .beginningOfName
        } else {
            phase = .complete
        }
    }

    private mutating func readQuotedName(_ scalar: Unicode.Scalar) {
        guard name.utf8.count < Self.gatheredBytes else { return phase = .broken }
        if escape == .none, scalar == "\\" {
            escape = .begun
        } else if escape == .none, scalar == quote {
            phase = .colon
        } else {
            escape = .none
            name.unicodeScalars.append(scalar)
        }
    }

    private mutating func readBareName(_ scalar: Unicode.Scalar) {
        guard name.utf8.count < Self.gatheredBytes else { return phase = .broken }
        switch scalar {
        case ":": phase = .beginningOfValue
        case _ where scalar.isSpace: phase = .colon
        case _ where scalar.isOfName: name.unicodeScalars.append(scalar)
        default: phase = .broken
        }
    }
}

// MARK: Texts

extension LenientObjectReader {
    private mutating func beginValue(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        gathered.removeAll()
        gatheredCount = 0
        if scalar == "{", !wanted(name) {
            wrappings += 1
            phase = .beginningOfName
            return
        }
        guard scalar == "\"" || scalar == "'" else {
            depth = 0
            isInString = false
            escape = .none
            phase = .other
            return readOther(scalar, into: &events)
        }
        quote = scalar
        escape = .none
        highSurrogate = nil
        phase = .text
    }

    private mutating func readText(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        switch escape {
        case .begun where scalar == "u": escape = .digits(0, count: 0)
        case .begun:
            escape = .none
            endSurrogate(into: &events)
            events.append(.text(name: name, Self.escaped[scalar] ?? scalar))
        case .digits(let value, let count):
            guard let digit = scalar.hexadecimalDigit else {
                // Too few digits: what was meant is lost, and what comes now is text.
                escape = .none
                highSurrogate = nil
                events.append(.text(name: name, "\u{FFFD}"))
                return readText(scalar, into: &events)
            }
            escape = count == 3 ? .none : .digits(value << 4 | digit, count: count + 1)
            if count == 3 { take(value << 4 | digit, into: &events) }
        case .none where scalar == "\\": escape = .begun
        case .none where scalar == quote:
            endSurrogate(into: &events)
            gathered = String.UnicodeScalarView([scalar])
            gatheredCount = 1
            hasComma = false
            hasLineBreak = false
            phase = .behindQuote
        case .none:
            endSurrogate(into: &events)
            events.append(.text(name: name, scalar))
        }
    }

    // The end of a text is followed by the object's end or by a name; a quote inside it by more of the text.
    private mutating func readBehindQuote(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        if scalar == "}" {
            events.append(.endOfText(name: name))
            return endObject()
        }
        if scalar.isSpace || scalar == "," {
            hasComma = hasComma || scalar == ","
            hasLineBreak = hasLineBreak || scalar == "\n"
            return gather(scalar, into: &events)
        }
        guard hasComma || hasLineBreak, scalar == "\"" || scalar == "'" else { return takeBack(scalar, into: &events) }
        nextName = ""
        nextQuote = scalar
        phase = .nextName
        gather(scalar, into: &events)
    }

    private mutating func readNextName(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        if scalar == nextQuote { phase = .behindNextName } else { nextName.unicodeScalars.append(scalar) }
        gather(scalar, into: &events)
    }

    private mutating func readBehindNextName(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        if scalar == ":" {
            events.append(.endOfText(name: name))
            name = nextName
            phase = .beginningOfValue
        } else if scalar.isSpace {
            gather(scalar, into: &events)
        } else {
            takeBack(scalar, into: &events)
        }
    }

    private mutating func gather(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        gathered.append(scalar)
        gatheredCount += 1
        if gatheredCount >= Self.gatheredBytes { takeBack(nil, into: &events) }
    }

    // What looked like a text's end was a part of it.
    private mutating func takeBack(_ scalar: Unicode.Scalar?, into events: inout [Event]) {
        for scalar in gathered { events.append(.text(name: name, scalar)) }
        gathered.removeAll()
        gatheredCount = 0
        phase = .text
        if let scalar { readText(scalar, into: &events) }
    }

    private static let escaped: [Unicode.Scalar: Unicode.Scalar] = [
        "n": "\n", "t": "\t", "r": "\r", "b": "\u{8}", "f": "\u{C}",
    ]

    private mutating func take(_ unit: UInt32, into events: inout [Event]) {
        if let high = highSurrogate, 0xDC00...0xDFFF ~= unit {
            highSurrogate = nil
            let value = 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00)
            events.append(.text(name: name, Unicode.Scalar(value) ?? "\u{FFFD}"))
            return
        }
        endSurrogate(into: &events)
        if 0xD800...0xDBFF ~= unit {
            highSurrogate = unit
        } else {
            events.append(.text(name: name, Unicode.Scalar(unit) ?? "\u{FFFD}"))
        }
    }

    private mutating func endSurrogate(into events: inout [Event]) {
        guard highSurrogate != nil else { return }
        highSurrogate = nil
        events.append(.text(name: name, "\u{FFFD}"))
    }
}

// MARK: What is no text

extension LenientObjectReader {
    private mutating func readOther(_ scalar: Unicode.Scalar, into events: inout [Event]) {
        if isInString {
            if escape == .begun {
                escape = .none
            } else if scalar == "\\" {
                escape = .begun
            } else if scalar == "\"" {
                isInString = false
            }
        } else {
            switch scalar {
            case "\"": isInString = true
            case "{", "[": depth += 1
            case "}" where depth == 0, "," where depth == 0, "\n" where depth == 0:
                events.append(.value(name: name, String(gathered)))
                phase = .beginningOfName
                return beginName(scalar)
            case "]" where depth == 0: return phase = .broken
            case "}", "]": depth -= 1
            default: break
            }
        }
        gathered.append(scalar)
        gatheredCount += 1
        if gatheredCount >= Self.gatheredBytes { phase = .broken }
    }
}

extension Unicode.Scalar {
    fileprivate var isSpace: Bool { properties.isWhitespace }

    fileprivate var isOfName: Bool {
        properties.isAlphabetic || self == "_" || ("0"..."9").contains(self)
    }

    fileprivate var hexadecimalDigit: UInt32? {
        properties.isASCIIHexDigit ? UInt32(String(self), radix: 16) : nil
    }
}
