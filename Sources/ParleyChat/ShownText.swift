import ParleyCore

/// How much of a reply a follower has been shown as pieces, from its beginning.
struct ShownText: Sendable {
    private var bytes = 0
    private var nextIndex = 0

    /// Counts an event that is shown.
    mutating func add(_ event: Event) {
        guard case .delta(let delta) = event.kind else { return }
        // A reply that was begun anew is shown from its beginning again.
        if delta.index == 0 { bytes = 0 }
        bytes += delta.text.utf8.count
        nextIndex = delta.index + 1
    }

    /// What is missing of a reply that has ended, as one piece; `nil` where nothing is.
    func rest(of message: Message) -> ReplyDelta? {
        guard message.status != .streaming, message.status != .deleted, message.content.utf8.count > bytes else {
            return nil
        }
        let text = String(decoding: message.content.utf8.dropFirst(bytes), as: UTF8.self)
        return ReplyDelta(messageID: message.id, index: nextIndex, text: text)
    }
}
