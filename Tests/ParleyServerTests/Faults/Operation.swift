import ParleyCore

/// A message as somebody was shown it.
struct Sight: Hashable, Sendable {
    var id: String
    var seq: Int
    var revision: Int
    var status: String
    /// The hash of its text's bytes.
    var text: Int
    /// The hash of the bytes that went over the wire; `nil` where it was seen elsewhere.
    var wire: Int?

    /// Whether it changes while its revision stays.
    var isStreaming: Bool { status == "streaming" }

    /// Whether both can be of the same message at the same revision.
    func agrees(with other: Sight) -> Bool {
        guard id == other.id, seq == other.seq, revision == other.revision, status == other.status else { return false }
        if isStreaming { return true }
        guard let wire, let otherWire = other.wire else { return text == other.text }
        return text == other.text && wire == otherWire
    }
}

extension Sight {
    /// Reads a message as it goes over the wire; `nil` where it is none.
    init?(_ message: JSON) {
        guard let id = message["id"]?.stringValue, let seq = message["seq"]?.intValue,
            let revision = message["revision"]?.intValue, let status = message["status"]?.stringValue,
            let content = message["content"]?.stringValue
        else { return nil }
        self.init(
            id: id,
            seq: seq,
            revision: revision,
            status: status,
            text: content.byteHash,
            wire: message.serialized.hashValue
        )
    }
}

extension String {
    /// A hash of the bytes: strings that only look alike differ.
    var byteHash: Int { Array(utf8).hashValue }
}

/// Something that a client has asked for, and what came of it.
struct Operation: Sendable {
    enum Kind: Hashable, Sendable {
        case create, append, edit, delete, deleteConversation, turn, follow
        /// A change that shows no message of its own: of the conversation, of a reaction, of a reply's end.
        case touch
        /// A conversation that begins with another's messages.
        case fork
        /// The newest messages, at most so many.
        case read(Int)
    }

    enum Outcome: Hashable, Sendable {
        case answered(Int)
        /// No whole answer came; why.
        case lost(String)
    }

    var client: Int
    var instance: Int
    var kind: Kind
    var conversation: String
    /// The message that it makes or changes, or the reply that it follows.
    var message = ""
    /// The hash of the text that was sent.
    var text: Int?
    /// In nanoseconds.
    var start = 0
    var end = 0
    var outcome = Outcome.lost("It did not begin.")
    /// How long the client was told to wait.
    var retryAfter: Int?
    /// The messages that were shown, in order.
    var sights: [Sight] = []
    /// The conversation's revision, and how many messages it has, where the answer said it.
    var revision: Int?
    var count: Int?
    /// The reply of a turn, and the pieces of a reply, as far as they were shown.
    var reply: String?
    var pieces: [UInt8] = []

    /// Whether it was said to be done.
    var isDone: Bool { outcome == .answered(200) || outcome == .answered(201) }

    /// Whether it may have happened or not.
    var isInDoubt: Bool {
        switch outcome {
        case .answered(503), .lost: true
        default: false
        }
    }

    var isRead: Bool { if case .read = kind { true } else { false } }
}
