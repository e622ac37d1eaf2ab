import ParleyCore

@testable import ParleyLive

/// What a client knows of a conversation, put together from what it was told; and what was wrong with that.
struct Folded {
    private(set) var messages: [MessageID: Message] = [:]
    /// The last revision that was told.
    private(set) var revision = 0
    private(set) var flaws: [String] = []
    /// Whether the client was told that it has caught up: from then on nothing may be missing, and nothing come twice.
    private(set) var isInStep = false
    private let conversation: ConversationID
    /// Whether what never came by itself may have been read from the store, whose answer leaves out what is no more.
    private let hasFillings: Bool

    /// Folds frames into what the client has: all that the store had at some time.
    init(_ frames: [LiveFrame], into known: ChangePage?, of conversation: ConversationID, hasFillings: Bool = false) {
        self.conversation = conversation
        self.hasFillings = hasFillings
        for message in known?.messages ?? [] { messages[message.id] = message }
        for frame in frames where frame.about.conversationID == conversation { fold(frame) }
    }

    private mutating func fold(_ frame: LiveFrame) {
        switch frame.type {
        case "subscribed":
            isInStep = true
            revision = frame.object?["revision"]?.intValue ?? 0
        case "chat_message", "message_updated":
            take(frame)
            guard let message = frame.object?["message"].flatMap(Message.init(wire:)) else {
                return flaws.append("\(frame.type) without a message")
            }
            take(message)
        case "conversation_created", "conversation_updated": take(frame)
        case "message_delta": takePiece(frame)
        case "typing": break
        default: flaws.append("an unexpected \(frame.type)")
        }
    }

    private mutating func take(_ frame: LiveFrame) {
        guard let revision = frame.about.revision else { return flaws.append("\(frame.type) without a revision") }
        if isInStep {
            // What is filled in tells of the conversation behind its messages, with the revision of all.
            let isConversation = hasFillings && frame.type == "conversation_updated"
            if revision < self.revision || revision == self.revision && !isConversation {
                flaws.append("\(revision) behind \(self.revision)")
            }
            if !hasFillings, revision > self.revision + 1 { flaws.append("\(revision) after \(self.revision)") }
        }
        self.revision = max(self.revision, revision)
    }

    private mutating func take(_ message: Message) {
        let before = messages[message.id]
        if let before, before.revision > message.revision { return }
        // The same, with more of what is being written.
        if let before, before.revision == message.revision, before.nextIndex ?? 0 >= message.nextIndex ?? 0 { return }
        if isInStep, !hasFillings, let before, before.status == .streaming, message.status == .delivered,
            !message.isEdited,
            before.content != message.content
        {
            flaws.append("the pieces of \(message.id) were \(before.content), and it is \(message.content)")
        }
        messages[message.id] = message
    }

    private mutating func takePiece(_ frame: LiveFrame) {
        guard let id = frame.about.messageID, let index = frame.about.index,
            let text = frame.object?["text"]?.stringValue
        else { return flaws.append("a piece of nothing") }
        guard var message = messages[id], message.status == .streaming, let next = message.nextIndex else {
            // One whose message has ended, or is deleted, may have been under way just then.
            if isInStep, !hasFillings, messages[id] == nil {
                flaws.append("piece \(index) of \(id), which was not told")
            }
            return
        }
        if isInStep, index != next, !hasFillings { flaws.append("piece \(index) where \(next) is due") }
        guard index == next else { return }
        message.content += text
        message.nextIndex = next + 1
        messages[id] = message
    }
}
