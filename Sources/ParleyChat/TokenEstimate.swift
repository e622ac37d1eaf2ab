import ParleyCore

extension String {
    /// About how many tokens a model reads this text as.
    ///
    /// Every model has a vocabulary of its own, and Parley has none of them. Four letters of ASCII make a token in English
    /// prose; any other character counts as a token of its own, which is right for Chinese and more than enough for the
    /// rest: what is guessed too high costs some history, what is guessed too low costs the answer.
    var estimatedTokens: Int {
        var ascii = 0
        var others = 0
        for byte in utf8 {
            switch byte {
            case ..<0x80: ascii += 1
            case 0xC0...: others += 1
            // Goes on with a scalar that is counted already.
            default: break
            }
        }
        return (ascii + 3) / 4 + others
    }
}

extension PromptMessage {
    /// About how many tokens a model reads this message as.
    var estimatedTokens: Int {
        let spoken = content.estimatedTokens + parts.count * Limits.promptPartTokens
        return toolCalls.reduce(spoken) { $0 + $1.name.estimatedTokens + $1.arguments.estimatedTokens }
    }
}

extension [PromptMessage] {
    /// About how many tokens a model reads these messages as.
    var estimatedTokens: Int {
        reduce(0) { $0 + $1.estimatedTokens }
    }
}
