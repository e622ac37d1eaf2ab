import Foundation

/// Cuts text into the terms that every store's index holds: one tokenizer, so that a search finds the same everywhere.
///
/// Text is folded first: NFKC, case, diacritics and width. A term is a run of letters and digits; a run of Han, Hiragana,
/// Katakana or Hangul becomes its overlapping pairs (bigrams) and its last character alone, so that every character begins a
/// term. Terms never hold white space, so an index may keep them as text with spaces between.
public enum Tokenizer {
    /// How long one term may be, in scalars; the rest of a longer run is not indexed.
    static let termLength = 64

    /// The terms of a text in order.
    public static func terms(of text: String) -> [String] {
        asciiTerms(of: text) ?? runs(of: fold(text)).flatMap { $0.terms(isLast: false) }
    }

    /// The terms of a text that is ASCII, in one pass; `nil` where it isn't.
    ///
    /// Chats are mostly ASCII, and of an append in a batch the general way was more than a third.
    private static func asciiTerms(of text: String) -> [String]? {
        let terms = text.utf8.withContiguousStorageIfAvailable { bytes -> [String]? in
            var terms: [String] = []
            var start = 0
            for index in 0...bytes.count {
                if index < bytes.count {
                    guard bytes[index] < 0x80 else { return nil }
                    if isTermByte(bytes[index]) { continue }
                }
                if start < index {
                    let term = UnsafeBufferPointer(rebasing: bytes[start..<min(index, start + termLength)])
                    terms.append(lowercased(term))
                }
                start = index + 1
            }
            return terms
        }
        return terms ?? nil
    }

    private static func isTermByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    private static func lowercased(_ term: UnsafeBufferPointer<UInt8>) -> String {
        String(unsafeUninitializedCapacity: term.count) { buffer in
            for (index, byte) in term.enumerated() {
                buffer[index] = byte | (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? 0x20 : 0)
            }
            return term.count
        }
    }

    /// The terms that a phrase must match side by side: as ``terms(of:)``, but a closing run of bigrams ends with its last pair.
    static func phrase(_ text: String) -> [String] {
        let runs = runs(of: fold(text))
        return runs.enumerated().flatMap { index, run in run.terms(isLast: index == runs.count - 1) }
    }

    /// NFKC, without case, diacritics and width.
    static func fold(_ text: String) -> String {
        // Chats are mostly ASCII, where lower case is all there is to do.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        return streamSafe(text).precomposedStringWithCompatibilityMapping
            .folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil)
            .lowercased()
            // Once more: where a mark between two vowels has gone, they may compose.
            .precomposedStringWithCompatibilityMapping
    }

    /// The text without what is past 30 marks in a row: normalising takes time with the square of such a run's length.
    ///
    /// Unicode Standard Annex 15, section 13, where 30 is shown to be more than any language needs.
    private static func streamSafe(_ text: String) -> String {
        let longestRun = 30
        var run = 0
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            run = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : run + 1
            if run <= longestRun { safe.append(scalar) }
        }
        return String(safe)
    }

    /// A run of scalars of one kind.
    struct Run {
        var scalars: [Unicode.Scalar]
        let isBigram: Bool

        func terms(isLast: Bool) -> [String] {
            guard isBigram else { return [Self.string(scalars.prefix(Tokenizer.termLength))] }
            var terms = zip(scalars, scalars.dropFirst()).map { Self.string([$0, $1]) }
            if !isLast || terms.isEmpty { terms.append(Self.string(scalars.suffix(1))) }
            return terms
        }

        private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            return String(view)
        }
    }

    static func runs(of folded: String) -> [Run] {
        var runs: [Run] = []
        var isOpen = false
        for scalar in folded.unicodeScalars {
            guard isTermScalar(scalar) else {
                isOpen = false
                continue
            }
            let isBigram = isBigramScript(scalar)
            if isOpen, runs[runs.count - 1].isBigram == isBigram {
                runs[runs.count - 1].scalars.append(scalar)
            } else {
                runs.append(Run(scalars: [scalar], isBigram: isBigram))
                isOpen = true
            }
        }
        return runs
    }

    private static func isTermScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9": true
            default: false
            }
        }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            true
        default: false
        }
    }

    private static func isBigramScript(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x11FF, 0x3130...0x318F, 0xA960...0xA97F, 0xAC00...0xD7FF: true  // Hangul
        case 0x3005...0x3007, 0x3041...0x30FF, 0x31F0...0x31FF: true  // Kana and iteration marks
        case 0x2E80...0x2FDF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF: true  // Han
        case 0x20000...0x3FFFF, 0x1B000...0x1B16F: true  // Han and Kana beyond the first plane
        default: false
        }
    }
}
