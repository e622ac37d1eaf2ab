import ParleyCore

/// Makes of the JSON that a model writes what people read, as it comes: the explanation and the instruction, each behind
/// its label, in this order.
///
/// An answer that is no such object stays as it is. Pure; bounded by what it has to hold back: text that may still turn
/// out to be an object's beginning, and an instruction that came before its explanation.
struct ExplainedAnswerReader: Sendable {
    private enum Phase {
        // Nothing is shown yet: what came may be an object, or not.
        case undecided
        case explained
        case plain
    }

    // How much may stand before the object: "Sure! Here is the answer as JSON:" and a fence.
    private static let preambleScalars = 200
    // How much of an object is waited for until one of its known members comes.
    private static let undecidedBytes = 256 * 1024

    private var phase = Phase.undecided
    private var object = LenientObjectReader()
    private var held = ""
    private var heldScalars = 0
    private var explanation = ""
    private var instruction = ""
    private var isExplained = false
    private var isInstructed = false
    private var shownInstructionBytes = 0
    private var confidenceText = ""
    private var confidence = ExplainedAnswer.unknownConfidence

    /// The answer taken apart, once it is finished; `nil` where it is plain text.
    var answer: ExplainedAnswer? {
        guard case .explained = phase else { return nil }
        return ExplainedAnswer(
            explanation: explanation.isEmpty ? nil : explanation,
            instruction: instruction.isEmpty ? nil : instruction,
            confidence: confidence
        )
    }

    /// Reads on, and returns what can be shown now.
    mutating func feed(_ text: String) -> String {
        if case .plain = phase { return text }
        var events: [LenientObjectReader.Event] = []
        for scalar in text.unicodeScalars { object.feed(scalar, into: &events) }
        if case .undecided = phase {
            held += text
            heldScalars += text.unicodeScalars.count
        }
        let readable = events.reduce(into: "") { take($1, &$0) }
        guard case .undecided = phase, isHopeless else { return readable }
        return showAsItIs()
    }

    /// Takes the answer as complete, and returns what is left to be shown.
    mutating func finish() -> String {
        if case .plain = phase { return "" }
        var events: [LenientObjectReader.Event] = []
        object.finish(into: &events)
        var readable = events.reduce(into: "") { take($1, &$0) }
        isExplained = true
        showInstruction(&readable)
        if case .undecided = phase { return showAsItIs() }
        return readable
    }

    private var isHopeless: Bool {
        switch object.progress {
        case .notBegun: heldScalars > Self.preambleScalars
        case .begun: held.utf8.count > Self.undecidedBytes && instruction.isEmpty
        // Members that came without a word shown are an instruction, which waits for the end.
        case .complete, .broken: instruction.isEmpty
        }
    }

    private mutating func showAsItIs() -> String {
        phase = .plain
        defer { held = "" }
        return held
    }

    private mutating func take(_ event: LenientObjectReader.Event, _ readable: inout String) {
        switch event {
        case .text(ExplainedAnswer.Name.explanation, let scalar) where !isExplained:
            if explanation.isEmpty { show(ExplainedAnswer.explanationLabel, &readable) }
            explanation.unicodeScalars.append(scalar)
            readable.unicodeScalars.append(scalar)
        case .endOfText(ExplainedAnswer.Name.explanation):
            // A second one would change what is shown already.
            isExplained = true
            showInstruction(&readable)
        case .text(ExplainedAnswer.Name.instruction, let scalar) where !isInstructed:
            instruction.unicodeScalars.append(scalar)
            // Too long to wait for an explanation any more.
            if instruction.utf8.count > Self.undecidedBytes { isExplained = true }
            if isExplained { showInstruction(&readable) }
        case .endOfText(ExplainedAnswer.Name.instruction): isInstructed = true
        case .text(ExplainedAnswer.Name.confidence, let scalar): confidenceText.unicodeScalars.append(scalar)
        case .endOfText(ExplainedAnswer.Name.confidence): confidence = ExplainedAnswer.confidence(confidenceText)
        case .text, .endOfText: break
        case .value(ExplainedAnswer.Name.confidence, let text): confidence = ExplainedAnswer.confidence(text)
        case .value(ExplainedAnswer.Name.explanation, let json) where !isExplained && explanation.isEmpty:
            for scalar in Self.text(of: json).unicodeScalars {
                take(.text(name: ExplainedAnswer.Name.explanation, scalar), &readable)
            }
            take(.endOfText(name: ExplainedAnswer.Name.explanation), &readable)
        case .value(ExplainedAnswer.Name.instruction, let json) where !isInstructed && instruction.isEmpty:
            instruction = Self.text(of: json)
            isInstructed = true
            if isExplained { showInstruction(&readable) }
        case .value: break
        }
    }

    private mutating func show(_ text: String, _ readable: inout String) {
        phase = .explained
        held = ""
        readable += text
    }

    /// Shows what of the instruction is not shown yet.
    private mutating func showInstruction(_ readable: inout String) {
        guard instruction.utf8.count > shownInstructionBytes else { return }
        if shownInstructionBytes == 0 {
            let gap = explanation.isEmpty ? "" : "\n\n"
            show(gap + ExplainedAnswer.instructionLabel, &readable)
        }
        readable += String(decoding: instruction.utf8.dropFirst(shownInstructionBytes), as: UTF8.self)
        shownInstructionBytes = instruction.utf8.count
    }

    /// What a model wrote where a text was asked for: a list's lines, or the JSON itself.
    private static func text(of json: String) -> String {
        guard let value = try? JSON(parsing: Array(json.utf8)) else { return json }
        switch value {
        case .null: return ""
        case .array(let elements):
            let lines = elements.compactMap(\.stringValue)
            return lines.count == elements.count ? lines.joined(separator: "\n") : json
        default: return json
        }
    }
}
