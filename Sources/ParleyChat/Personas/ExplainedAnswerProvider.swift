import ParleyCore

/// Lets a model that was asked for an ``ExplainedAnswer`` be read as it writes.
struct ExplainedAnswerProvider: ReplyProvider {
    /// The provider whose text holds the answer.
    let base: any ReplyProvider

    func reply(to prompt: Prompt, consume: (ReplyChunk) async throws -> Void) async throws {
        var reader = ExplainedAnswerReader()
        var isEmpty = true
        do {
            try await base.reply(to: prompt) { chunk in
                guard case .text(let text) = chunk else { return try await consume(chunk) }
                isEmpty = isEmpty && text.isEmpty
                let readable = reader.feed(text)
                if !readable.isEmpty { try await consume(.text(readable)) }
            }
        } catch {
            // What had come stays, also what was held back until more is known.
            let rest = reader.finish()
            if !rest.isEmpty, !Task.isCancelled { try await consume(.text(rest)) }
            throw error
        }
        let rest = reader.finish()
        if !rest.isEmpty { try await consume(.text(rest)) }
        if let answer = reader.answer {
            try await consume(.structured(answer.json, confidence: answer.confidence))
        } else if !isEmpty {
            // Nobody knows how sure the model is of what it did not take apart.
            try await consume(.structured(.null, confidence: ExplainedAnswer.unknownConfidence))
        }
    }
}
