import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyChat

/// What a model wrote, and what is to become of it.
struct WrittenAnswer: Sendable, CustomTestStringConvertible {
    let name: String
    let written: String
    let shown: String
    let answer: ExplainedAnswer?

    var testDescription: String { name }

    init(
        _ name: String,
        _ written: String,
        _ shown: String,
        explanation: String? = nil,
        instruction: String? = nil,
        confidence: Double = 0.5
    ) {
        self.name = name
        self.written = written
        self.shown = shown
        answer = ExplainedAnswer(explanation: explanation, instruction: instruction, confidence: confidence)
    }

    init(plain name: String, _ written: String) {
        self.name = name
        self.written = written
        shown = written
        answer = nil
    }

    static let all: [WrittenAnswer] = [
        WrittenAnswer(
            "as asked for",
            #"{"user_explanation": "It is slow.", "technical_instruction": "Add an index.", "confidence": 0.9}"#,
            "User Explanation: It is slow.\n\nTechnical Instruction: Add an index.",
            explanation: "It is slow.",
            instruction: "Add an index.",
            confidence: 0.9
        ),
        WrittenAnswer(
            "every escape",
            #"{"user_explanation":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00\u0301","technical_instruction":"","confidence":1}"#,
            "User Explanation: \"\\/\u{8}\u{C}\n\r\té😀\u{301}",
            explanation: "\"\\/\u{8}\u{C}\n\r\té😀\u{301}",
            confidence: 1
        ),
        WrittenAnswer(
            "halves of a character",
            #"{"user_explanation":"a\uD83Db\uDE00c\uD83D\uD83D\uDE00\uD83D","confidence":1}"#,
            "User Explanation: a\u{FFFD}b\u{FFFD}c\u{FFFD}😀\u{FFFD}",
            explanation: "a\u{FFFD}b\u{FFFD}c\u{FFFD}😀\u{FFFD}",
            confidence: 1
        ),
        WrittenAnswer(
            "the other order",
            #"{"confidence": 0.7, "technical_instruction": "Do it.", "user_explanation": "It works."}"#,
            "User Explanation: It works.\n\nTechnical Instruction: Do it.",
            explanation: "It works.",
            instruction: "Do it.",
            confidence: 0.7
        ),
        WrittenAnswer(
            "a fence and a sentence round it",
            "Sure! Here it is:\n```json\n{\"user_explanation\": \"Yes.\", \"confidence\": 0.2}\n```\nAnything else?",
            "User Explanation: Yes.",
            explanation: "Yes.",
            confidence: 0.2
        ),
        WrittenAnswer(
            "quotes inside",
            #"{"user_explanation": "He said "yes" and left.", "technical_instruction": "Say "no".", "confidence": 1}"#,
            "User Explanation: He said \"yes\" and left.\n\nTechnical Instruction: Say \"no\".",
            explanation: "He said \"yes\" and left.",
            instruction: "Say \"no\".",
            confidence: 1
        ),
        WrittenAnswer(
            "line breaks inside, and commas forgotten",
            "{\n\"user_explanation\": \"One\ntwo\"\n\"technical_instruction\": \"Three\"\n\"confidence\": 0.8\n}",
            "User Explanation: One\ntwo\n\nTechnical Instruction: Three",
            explanation: "One\ntwo",
            instruction: "Three",
            confidence: 0.8
        ),
        WrittenAnswer(
            "a comma too many, names without quotes, single quotes",
            "{user_explanation: 'It''s \"fine\"',, 'technical_instruction' : 'Go.', 'confidence': .75,}",
            "User Explanation: It''s \"fine\"\n\nTechnical Instruction: Go.",
            explanation: "It''s \"fine\"",
            instruction: "Go.",
            confidence: 0.75
        ),
        WrittenAnswer(
            "an end that never came",
            #"{"user_explanation": "It is slow.", "technical_instruction": "Add an in"#,
            "User Explanation: It is slow.\n\nTechnical Instruction: Add an in",
            explanation: "It is slow.",
            instruction: "Add an in"
        ),
        WrittenAnswer(
            "an end between two members",
            #"{"user_explanation": "It is slow.","#,
            "User Explanation: It is slow.",
            explanation: "It is slow."
        ),
        WrittenAnswer(
            "an instruction alone",
            #"{"technical_instruction": "Add an index."}"#,
            "Technical Instruction: Add an index.",
            instruction: "Add an index."
        ),
        WrittenAnswer(
            "a list where a text was asked for, and percents",
            #"{"user_explanation": ["One", "two"], "technical_instruction": {"do": ["it"]}, "confidence": "85%"}"#,
            "User Explanation: One\ntwo\n\nTechnical Instruction: {\"do\": [\"it\"]}",
            explanation: "One\ntwo",
            instruction: #"{"do": ["it"]}"#,
            confidence: 0.85
        ),
        WrittenAnswer(
            "members nobody asked for",
            #"{"thought": {"a": ["}", "\"]"]}, "user_explanation": "Yes.", "also": null, "confidence": 70}"#,
            "User Explanation: Yes.",
            explanation: "Yes.",
            confidence: 0.7
        ),
        WrittenAnswer(
            "a member twice: what is shown stays",
            #"{"user_explanation": "One.", "user_explanation": "Two.", "confidence": 0.1}"#,
            "User Explanation: One.",
            explanation: "One.",
            confidence: 0.1
        ),
        WrittenAnswer(
            "a confidence that is none",
            #"{"user_explanation": "One.", "confidence": "high"}"#,
            "User Explanation: One.",
            explanation: "One."
        ),
        WrittenAnswer(
            "a confidence out of range",
            #"{"user_explanation": "One.", "confidence": -3}"#,
            "User Explanation: One.",
            explanation: "One."
        ),
        WrittenAnswer(
            "a confidence over 1 that is no percentage",
            #"{"user_explanation": "One.", "confidence": 1.2}"#,
            "User Explanation: One.",
            explanation: "One."
        ),
        WrittenAnswer(
            "a confidence in hexadecimal",
            #"{"user_explanation": "One.", "confidence": 0x1}"#,
            "User Explanation: One.",
            explanation: "One."
        ),
        WrittenAnswer(
            "white space behind a number",
            "{ \"user_explanation\": \"One.\", \"confidence\": 0.9\t\r\n }",
            "User Explanation: One.",
            explanation: "One.",
            confidence: 0.9
        ),
        WrittenAnswer(
            "white space round percents",
            #"{"confidence": " 90 % ", "user_explanation": "One." }"#,
            "User Explanation: One.",
            explanation: "One.",
            confidence: 0.9
        ),
        WrittenAnswer(
            "quotes, a comma and quotes inside",
            #"{"user_explanation": "He said "hi", "bye" and left", "technical_instruction": "T", "confidence": 0.9}"#,
            "User Explanation: He said \"hi\", \"bye\" and left\n\nTechnical Instruction: T",
            explanation: "He said \"hi\", \"bye\" and left",
            instruction: "T",
            confidence: 0.9
        ),
        WrittenAnswer(
            "thoughts about objects before it",
            "<think>" + String(repeating: "{\"user_explanation\": \"no\"} ", count: 20)
                + "</think>\n{\"user_explanation\": \"Yes.\"}",
            "User Explanation: Yes.",
            explanation: "Yes."
        ),
        WrittenAnswer(
            "braces before it",
            #"For {you}: {"user_explanation": "Yes."}"#,
            "User Explanation: Yes.",
            explanation: "Yes."
        ),
        WrittenAnswer(
            "an object round it, and names in another case",
            #"{"answer": {"userExplanation": "Yes.", "Technical Instruction": "Go."}, "CONFIDENCE": 0.8}"#,
            "User Explanation: Yes.\n\nTechnical Instruction: Go.",
            explanation: "Yes.",
            instruction: "Go.",
            confidence: 0.8
        ),
        WrittenAnswer(
            "an object that breaks off in what is no text",
            #"{"user_explanation": "Yes.", "list": ]and more"#,
            "User Explanation: Yes.\n\n]and more",
            explanation: "Yes."
        ),
        WrittenAnswer(plain: "thoughts without an end", "<think>What {\"user_explanation\": \"is\"} it?"),
        WrittenAnswer(plain: "plain text", "It is slow since there is no index.\n\nAdd one."),
        WrittenAnswer(plain: "nothing", ""),
        WrittenAnswer(plain: "another object", #"{"answer": "It is slow.", "confidence": 0.9}"#),
        WrittenAnswer(plain: "an object cut off before it says anything", #"Sure: {"user_expl"#),
        WrittenAnswer(
            plain: "braces that are no object",
            "Use {braces} for {names}, as in f(x) { return x; } and so on."
        ),
        WrittenAnswer(plain: "empty members", #"{"user_explanation": "", "technical_instruction": ""}"#),
        WrittenAnswer(plain: "a list", #"[1, 2, "three"]"#),
        WrittenAnswer(
            plain: "a long text with an object late in it",
            String(repeating: "word ", count: 60) + #"{"a":1}"#
        ),
    ]
}

@Suite("An answer in two parts, read while it is written")
struct ExplainedAnswerReaderTests {
    private func read(_ pieces: [String]) -> (shown: String, reader: ExplainedAnswerReader) {
        var reader = ExplainedAnswerReader()
        var shown = ""
        for piece in pieces { shown += reader.feed(piece) }
        shown += reader.finish()
        return (shown, reader)
    }

    @Test("What comes of what a model writes", arguments: WrittenAnswer.all)
    func table(written: WrittenAnswer) {
        let (shown, reader) = read([written.written])
        #expect(bytes(shown) == bytes(written.shown))
        #expect(reader.answer == written.answer)
    }

    @Test("Wherever it is cut, the same comes of it", arguments: WrittenAnswer.all)
    func cuts(written: WrittenAnswer) {
        let scalars = Array(written.written.unicodeScalars)
        let whole = written.shown
        func text(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }
        for cut in 0...scalars.count {
            let (shown, reader) = read([text(0..<cut), text(cut..<scalars.count)])
            #expect(bytes(shown) == bytes(whole), "cut at \(cut)")
            #expect(reader.answer == written.answer, "cut at \(cut)")
        }
        let (shown, reader) = read(scalars.map { String($0) })
        #expect(bytes(shown) == bytes(whole))
        #expect(reader.answer == written.answer)
    }

    @Test("It is shown as it comes, and nothing is held back longer than needed")
    func streams() {
        var reader = ExplainedAnswerReader()
        #expect(reader.feed(#"{"user_explanation": "It "#) == "User Explanation: It ")
        #expect(reader.feed("is ") == "is ")
        #expect(reader.feed(#"slow.", "technical_instruction": "#) == "slow.")
        #expect(reader.feed(#""Add"#) == "\n\nTechnical Instruction: Add")
        #expect(reader.feed(#" it.", "confidence""#) == " it.")
        #expect(reader.feed(": 1}") == "")
        #expect(reader.finish() == "")
        var plain = ExplainedAnswerReader()
        let preamble = String(repeating: "x", count: 201)
        #expect(plain.feed(preamble) == preamble)
        #expect(plain.feed("{") == "{")
        #expect(plain.finish() == "" && plain.answer == nil)
    }

    @Test("What is held back is bounded, and comes out whole")
    func bounded() {
        var reader = ExplainedAnswerReader()
        var shown = reader.feed(#"{"thought": ""#)
        let thought = String(repeating: "long thought ", count: 100)
        for _ in 0..<300 { shown += reader.feed(thought) }
        #expect(bytes(shown) == bytes(#"{"thought": ""# + String(repeating: thought, count: 300)))
        var other = ExplainedAnswerReader()
        var rest = other.feed(#"{"user_explanation": "a", "list": ["#)
        for _ in 0..<300 { rest += other.feed(thought) }
        #expect(rest.utf8.count > 200 * thought.utf8.count)
        var name = ExplainedAnswerReader()
        rest = name.feed(#"{"user_explanation": "a", ""#)
        for _ in 0..<300 { rest += name.feed(thought) }
        #expect(rest.utf8.count >= 299 * thought.utf8.count)
        var space = ExplainedAnswerReader()
        rest = space.feed(#"{"user_explanation": "a""#)
        let gap = String(repeating: " ", count: 1000)
        for _ in 0..<300 { rest += space.feed(gap) }
        #expect(rest.utf8.count > 200_000)
        var instruction = ExplainedAnswerReader()
        var said = instruction.feed(#"{"technical_instruction": ""#)
        for _ in 0..<300 { said += instruction.feed(thought) }
        #expect(bytes(said) == bytes("Technical Instruction: " + String(repeating: thought, count: 300)))
    }

    @Test("Whatever a model writes, it is read to its end, the same whole and in pieces")
    func anything() {
        let alphabet: [String] = [
            "{", "}", "\"", "'", ",", ":", "\\", "\\u", "D83D", "DE00", "00e9", " ", "\n", "[", "]", "a", "1", "é",
            "user_explanation", "technical_instruction", "confidence", "\"user_explanation\":\"",
        ]
        for seed in UInt64(1)...3000 {
            var random = SplitMix64(seed: seed)
            let pieces = (0..<Int(random.next() % 40)).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))]
            }
            let (inPieces, reader) = read(pieces)
            let (whole, other) = read([pieces.joined()])
            #expect(bytes(inPieces) == bytes(whole), "seed \(seed)")
            #expect(reader.answer == other.answer, "seed \(seed)")
            if reader.answer == nil { #expect(bytes(whole) == bytes(pieces.joined()), "seed \(seed)") }
        }
    }
}
