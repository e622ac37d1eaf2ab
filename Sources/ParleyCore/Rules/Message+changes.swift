// How a message changes, whichever store keeps it.

extension Message {
    /// Leaves only the message's place in the log.
    package mutating func clearForDeletion() {
        status = .deleted
        content = ""
        parts = nil
        contexts = nil
        aiResponse = nil
        metadata = JSONObject()
        reactions = []
        nextIndex = nil
    }

    /// Takes away what belonged to an answer that is written anew, and notes which version that will be, counted from 1.
    package mutating func clearAnswer(beginning version: Int) {
        content = ""
        parts = nil
        contexts = nil
        aiResponse = nil
        confidence = nil
        tokensUsed = nil
        latencyMilliseconds = nil
        metadata = ["version": .number(JSONNumber(version))]
        isEdited = false
    }

    /// Takes over what is known at a reply's end; what the outcome leaves out stays as it was.
    package mutating func take(_ outcome: ReplyOutcome) {
        for member in outcome.metadata.members { metadata[member.name] = member.value }
        if let model = outcome.model { self.model = model }
        if let tokens = outcome.tokensUsed { tokensUsed = tokens }
        if let latency = outcome.latencyMilliseconds { latencyMilliseconds = latency }
        if let parts = outcome.parts { self.parts = parts }
        if let contexts = outcome.contexts { self.contexts = contexts }
        if let answer = outcome.aiResponse { aiResponse = answer }
        if let confidence = outcome.confidence { self.confidence = confidence }
    }
}

extension [Reaction] {
    /// Adds or removes one person's use of an emoji; says whether that changed anything.
    package mutating func set(_ emoji: String, present: Bool, of email: EmailAddress) -> Bool {
        guard let index = firstIndex(where: { $0.emoji.isExactly(emoji) }) else {
            if present { append(Reaction(emoji: emoji, users: [email])) }
            return present
        }
        guard self[index].users.contains(email) != present else { return false }
        if present {
            self[index].users.append(email)
        } else {
            self[index].users.removeAll { $0 == email }
            if self[index].users.isEmpty { remove(at: index) }
        }
        return true
    }
}

extension ParleyError {
    /// Another version of a message would be more than is kept.
    package static let tooManyVersions = ParleyError(
        .conflict,
        "A message keeps at most \(Limits.versionsPerMessage) versions of \(Limits.versionBytesPerMessage) bytes together."
    )

    /// Pieces of a reply that leave a gap, or say something else than what is stored.
    package static let piecesDoNotFit = ParleyError(
        .conflict,
        "The pieces don't continue what is stored of this reply."
    )
}
