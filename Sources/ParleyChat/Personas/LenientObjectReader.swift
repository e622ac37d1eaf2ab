/// Reads the members of one JSON object while a model is still writing it, with the mistakes that models make.
///
/// Before the object it skips whatever there is (a sentence, a code fence); behind it, it reads no more. It forgives single
/// quotes, names without quotes, missing and doubled commas, raw line breaks, unknown escapes, quotes inside a text that
/// should have been escaped, and an end that never comes. What a valid object says is read exactly.
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
        // Behind a quote that may end a text, or be a part of it: what follows tells.
        case behindQuote
        case other
        case complete
        case broken
    }

    private enum Escape: Hashable {
        case none
        case begun
        case digits(UInt32, count: Int)
    }

    private var phase = Phase.before
    private var name = ""
    private var gathered = String.UnicodeScalarView()
    private var quote: Unicode.Scalar = "\""
    private var escape = Escape.none
    // Half of a character that takes two `\u`s.
    private var highSurrogate: UInt32?
    private var depth = 0
    private var isInString = false
    private var hasComma = false
    private var hasLineBreak = false

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
        case .behindQuote: events.append(.endOfText(name: name))
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
        case "}": phase = .complete
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

    private mutating func readQuotedName(_ scalar: Unicode.Scalar) {
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
        if scalar.isSpace || scalar == "," {
            gathered.append(scalar)
            hasComma = hasComma || scalar == ","
            hasLineBreak = hasLineBreak || scalar == "\n"
        } else if scalar == "}" || ((scalar == "\"" || scalar == "'") && (hasComma || hasLineBreak)) {
            events.append(.endOfText(name: name))
            beginName(scalar)
        } else {
            for scalar in gathered { events.append(.text(name: name, scalar)) }
            phase = .text
            readText(scalar, into: &events)
        }
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
