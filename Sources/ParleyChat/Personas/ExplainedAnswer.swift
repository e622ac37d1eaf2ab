import ParleyCore

/// An answer in two parts: what it means, for people, and what to do, for engineers; and how sure of it the model is.
struct ExplainedAnswer: Hashable, Sendable {
    /// What it means.
    var explanation: String?
    /// What to do.
    var instruction: String?
    /// How sure the model is, from 0 to 1.
    var confidence = Self.unknownConfidence

    /// What counts where a model does not say how sure it is.
    static let unknownConfidence = 0.5
    /// Under this an answer wants to be checked by a person.
    static let sufficientConfidence = 0.7

    /// What stands before the explanation in the message's text.
    static let explanationLabel = "User Explanation: "
    /// What stands before the instruction in the message's text.
    static let instructionLabel = "Technical Instruction: "

    /// Its members.
    enum Name: String, CaseIterable {
        case explanation = "user_explanation"
        case instruction = "technical_instruction"
        case confidence

        /// The member that a model means: it may write the name in another case, or without its `_`.
        init?(written name: String) {
            let letters = Self.letters(of: name)
            guard let meant = Self.allCases.first(where: { Self.letters(of: $0.rawValue) == letters }) else {
                return nil
            }
            self = meant
        }

        private static func letters(of name: String) -> String {
            name.filter(\.isLetter).lowercased()
        }
    }

    /// What a model is asked for.
    ///
    /// Without bounds on the number and with every property required, since a strict schema may say no more than that.
    static let schema = AnswerSchema(
        name: "explained_answer",
        schema: [
            "type": "object",
            "properties": [
                "user_explanation": [
                    "type": "string", "description": "What it means, for someone who does not write software.",
                ],
                "technical_instruction": [
                    "type": "string", "description": "What to do about it, for the engineers who will.",
                ],
                "confidence": [
                    "type": "number", "description": "How sure you are of it: 0 is a guess, 1 is certain.",
                ],
            ],
            "required": ["user_explanation", "technical_instruction", "confidence"],
            "additionalProperties": false,
        ]
    )

    /// As it is kept beside the text, and as a model writes it.
    var json: JSON {
        var object = JSONObject()
        if let explanation { object[Name.explanation.rawValue] = .string(explanation) }
        if let instruction { object[Name.instruction.rawValue] = .string(instruction) }
        object[Name.confidence.rawValue] = JSONNumber(confidence).map(JSON.number)
        return .object(object)
    }

    /// How sure a model is, as it wrote it: a number from 0 to 1, or percents; ``unknownConfidence`` where it is neither.
    static func confidence(_ text: String) -> Double {
        var digits = text.drop { $0.isWhitespace }
        while digits.last?.isWhitespace == true { digits.removeLast() }
        let isPercent = digits.last == "%"
        if isPercent { digits.removeLast() }
        while digits.last?.isWhitespace == true { digits.removeLast() }
        // Double also reads hexadecimals and words.
        guard digits.allSatisfy({ "0123456789.eE+-".contains($0) }), let value = Double(digits), value >= 0 else {
            return unknownConfidence
        }
        // No one is 2 % sure of an answer: a number from 2 on is a percentage, too.
        let share = isPercent || value >= 2 ? value / 100 : value
        return share <= 1 ? share : unknownConfidence
    }
}
