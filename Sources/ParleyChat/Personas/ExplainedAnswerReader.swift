import ParleyCore

/// Makes of the JSON that a model writes what people read, as it comes: the explanation and the instruction, each behind
/// its label, in this order.
///
/// An answer that is no such object stays as it is, and what follows a place where it stops being one is shown as it came.
/// Pure; bounded by what it has to hold back: text that may still turn out to be an object's beginning, and an instruction
/// that came before its explanation.
struct ExplainedAnswerReader: Sendable {
    private enum Phase {
        // Nothing is shown yet: what came may be an object, or not.
        case undecided
        case explained
        // The object has broken off in the middle of its text.
        case broken
        case plain
    }

    // How much may stand before the object: "Sure! Here is the answer as JSON:" and a fence.
    private static let preambleScalars = 200
    // How much is waited for until one of the object's known members comes, or the model's thoughts end.
    private static let undecidedBytes = 256 * 1024
    private static let confidenceScalars = 64

    private var phase = Phase.undecided
    private var object = Self.newObject()
    private var held = ""
    private var heldScalars = 0
    private var isThinking: Bool?
    // Names are asked for with each scalar.
    private var meaning: (written: String, name: ExplainedAnswer.Name?) = ("", nil)
    private var explanation = ""
    private var instruction = ""
    private var isExplained = false
    private var isInstructed = false
    private var shownInstructionBytes = 0
    private var confidenceText = String.UnicodeScalarView()
    private var confidence = ExplainedAnswer.unknownConfidence

    /// The answer taken apart, once it is finished; `nil` where it is plain text.
    var answer: ExplainedAnswer? {
        switch phase {
        case .undecided, .plain: nil
        case .explained, .broken:
            ExplainedAnswer(
                explanation: explanation.isEmpty ? nil : explanation,
                instruction: instruction.isEmpty ? nil : instruction,
                confidence: confidence
            )
        }
    }

    /// Reads on, and returns what can be shown now.
    mutating func feed(_ text: String) -> String {
        switch phase {
        case .plain, .broken: return text
        case .undecided, .explained: break
        }
        var readable = ""
        var events: [LenientObjectReader.Event] = []
        for scalar in text.unicodeScalars {
            if case .undecided = phase { hold(scalar) }
            switch phase {
            case .plain, .broken:
                readable.unicodeScalars.append(scalar)
                continue
            case .undecided where isThinking == true:
                if held.utf8.count > Self.undecidedBytes { showAsItIs(&readable) }
                continue
            case .undecided, .explained: break
            }
            object.feed(scalar, into: &events)
            for event in events { take(event, &readable) }
            events.removeAll(keepingCapacity: true)
            settle(at: scalar, &readable)
        }
        return readable
    }

    /// Takes the answer as complete, and returns what is left to be shown.
    mutating func finish() -> String {
        switch phase {
        case .plain, .broken: return ""
        case .undecided, .explained: break
        }
        var events: [LenientObjectReader.Event] = []
        object.finish(into: &events)
        var readable = ""
        for event in events { take(event, &readable) }
        isExplained = true
        showInstruction(&readable)
        if case .undecided = phase { showAsItIs(&readable) }
        return readable
    }

    private static func newObject() -> LenientObjectReader {
        LenientObjectReader { ExplainedAnswer.Name(written: $0) != nil }
    }

    // A model may think aloud first, and about objects too.
    private mutating func hold(_ scalar: Unicode.Scalar) {
        held.unicodeScalars.append(scalar)
        heldScalars += 1
        switch isThinking {
        case nil:
            let tag = "<think>"
            let beginning = held.drop { $0.isWhitespace }
            if beginning.isEmpty { break }
            if beginning.hasPrefix(tag) { isThinking = true } else if !tag.hasPrefix(beginning) { isThinking = false }
        case true?:
            guard scalar == ">", held.utf8.suffix(8).elementsEqual("</think>".utf8) else { break }
            isThinking = false
            heldScalars = 0
        case false?: break
        }
    }

    private mutating func settle(at scalar: Unicode.Scalar, _ readable: inout String) {
        switch (phase, object.progress) {
        case (.undecided, .notBegun): if heldScalars > Self.preambleScalars { showAsItIs(&readable) }
        case (.undecided, .begun):
            if held.utf8.count > Self.undecidedBytes, instruction.isEmpty { showAsItIs(&readable) }
        case (.undecided, .complete), (.undecided, .broken):
            // Braces in a sentence, or another object; an instruction that came alone waits for the end.
            if instruction.isEmpty { object = Self.newObject() }
        case (.explained, .broken):
            showInstruction(&readable)
            phase = .broken
            readable += "\n\n"
            readable.unicodeScalars.append(scalar)
        case (.explained, _), (.broken, _), (.plain, _): break
        }
    }

    private mutating func showAsItIs(_ readable: inout String) {
        phase = .plain
        readable += held
        held = ""
    }

    private mutating func take(_ event: LenientObjectReader.Event, _ readable: inout String) {
        switch event {
        case .text(let written, let scalar): take(scalar, of: name(written), &readable)
        case .endOfText(let written): end(name(written), &readable)
        case .value(let written, let json):
            let name = name(written)
            switch name {
            case .confidence: confidence = ExplainedAnswer.confidence(json)
            case .explanation where isExplained || !explanation.isEmpty: break
            case .instruction where isInstructed || !instruction.isEmpty: break
            case .explanation, .instruction:
                for scalar in Self.text(of: json).unicodeScalars { take(scalar, of: name, &readable) }
                end(name, &readable)
            case nil: break
            }
        }
    }

    private mutating func name(_ written: String) -> ExplainedAnswer.Name? {
        if meaning.written != written { meaning = (written, ExplainedAnswer.Name(written: written)) }
        return meaning.name
    }

    private mutating func take(_ scalar: Unicode.Scalar, of name: ExplainedAnswer.Name?, _ readable: inout String) {
        switch name {
        case .explanation where !isExplained:
            if explanation.isEmpty { show(ExplainedAnswer.explanationLabel, &readable) }
            explanation.unicodeScalars.append(scalar)
            readable.unicodeScalars.append(scalar)
        case .instruction where !isInstructed:
            instruction.unicodeScalars.append(scalar)
            // Too long to wait for an explanation any more.
            if instruction.utf8.count > Self.undecidedBytes { isExplained = true }
            if isExplained { showInstruction(&readable) }
        case .confidence: if confidenceText.count < Self.confidenceScalars { confidenceText.append(scalar) }
        case .explanation, .instruction, nil: break
        }
    }

    private mutating func end(_ name: ExplainedAnswer.Name?, _ readable: inout String) {
        switch name {
        case .explanation:
            // A second one would change what is shown already.
            isExplained = true
            showInstruction(&readable)
        case .instruction: isInstructed = true
        case .confidence: confidence = ExplainedAnswer.confidence(String(confidenceText))
        case nil: break
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
