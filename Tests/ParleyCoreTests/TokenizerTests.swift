import ParleyCore
import ParleyTesting
import Testing

@Suite("Tokenizer")
struct TokenizerTests {
    @Test(
        "Text is cut into folded words",
        arguments: [
            ("Hello, World!", ["hello", "world"]),
            ("café CAFÉ cafe\u{301}", ["cafe", "cafe", "cafe"]),
            ("naïve Straße ÅNGSTRÖM", ["naive", "strasse", "angstrom"]),
            ("ﬁne ＦＵＬＬ ①", ["fine", "full", "1"]),
            ("snake_case kebab-case e.g. 3.14", ["snake", "case", "kebab", "case", "e", "g", "3", "14"]),
            ("Привет МИР", ["привет", "мир"]),
            ("ΟΔΟΣ οδος", ["οδοσ", "οδοσ"]),
            ("  \n\t!?", []),
            ("", []),
            ("a\u{0}b", ["a", "b"]),
        ]
    )
    func words(_ text: String, _ terms: [String]) {
        #expect(Tokenizer.terms(of: text) == terms)
    }

    @Test("ASCII is cut as it is among other characters")
    func ascii() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                // Letters mostly, so that long words come up as well.
                Int.random(in: 0..<40, using: &random) == 0
                    ? UInt8.random(in: 0..<0x80, using: &random) : UInt8.random(in: 0x41...0x7A, using: &random)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            // The dash is no ASCII, and in no word.
            #expect(Tokenizer.terms(of: text) == Tokenizer.terms(of: text + " —"), "\(text.debugDescription)")
        }
        let long = String(repeating: "Ab1", count: 30)
        #expect(Tokenizer.terms(of: long) == Tokenizer.terms(of: long + " —"))
    }

    @Test(
        "Han, Kana and Hangul become pairs, and the last character alone",
        arguments: [
            ("東京都", ["東京", "京都", "都"]),
            ("京", ["京"]),
            ("한국어", ["한국", "국어", "어"]),
            ("GPT4と東京", ["gpt4", "と東", "東京", "京"]),
            ("東京 大阪", ["東京", "京", "大阪", "阪"]),
            ("ﾄｳｷｮｳ", ["トウ", "ウキ", "キョ", "ョウ", "ウ"]),
        ]
    )
    func pairs(_ text: String, _ terms: [String]) {
        #expect(Tokenizer.terms(of: text) == terms)
    }

    @Test("A term never holds white space, and never is empty")
    func noSpaces() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<300 {
            let scalars = (0..<60).compactMap { _ in Unicode.Scalar(UInt32.random(in: 1...0x2FFFF, using: &random)) }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            for term in Tokenizer.terms(of: String(view)) {
                #expect(!term.isEmpty && !term.unicodeScalars.contains { $0.properties.isWhitespace })
            }
        }
    }

    @Test("Folding what is folded changes nothing, so an index may fold its terms again")
    func idempotent() {
        var random = SplitMix64(seed: 2)
        for _ in 0..<300 {
            let scalars = (0..<40).compactMap { _ in Unicode.Scalar(UInt32.random(in: 1...0x1FFFF, using: &random)) }
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            let terms = Tokenizer.terms(of: String(view)).filter { $0.unicodeScalars.count > 2 }
            for term in terms {
                #expect(Tokenizer.terms(of: term).first?.unicodeScalars.first == term.unicodeScalars.first)
            }
        }
    }

    @Test("Vowels that compose once the mark between them has gone are one, whichever way they were written")
    func recomposed() {
        #expect(Tokenizer.terms(of: "\u{11132}\u{300}\u{11127}") == Tokenizer.terms(of: "\u{1112F}"))
    }

    @Test("A long run is one term of 64 scalars")
    func longRun() {
        #expect(Tokenizer.terms(of: String(repeating: "x", count: 5000)) == [String(repeating: "x", count: 64)])
    }
}
