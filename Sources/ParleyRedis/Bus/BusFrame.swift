import ParleyCore

/// What a ``BusSenderID`` names: one run of one instance.
enum BusSender {}

/// Tells the frames of one run of an instance from all others.
typealias BusSenderID = ID<BusSender>

/// What goes over Redis in one piece: the events and notices of one channel that one instance published together.
///
/// As JSON, so that `redis-cli SUBSCRIBE` can be read; see decision 10 for its members.
struct BusFrame: Hashable, Sendable {
    /// The version that this code writes and reads.
    static let version = 1
    /// The longest frame in bytes.
    static let maxBytes = 64 * 1024
    /// The longest item in bytes: a larger message goes as a reference.
    static let maxItemBytes = 32 * 1024

    /// Who published it.
    let sender: BusSenderID
    /// The sender's life of this channel.
    let epoch: Int
    /// The place in it, from 1 on; of a beacon, the place of the frame before it.
    let number: Int
    /// Whether a frame before it failed that no other made up for: who doesn't know the number before must look.
    var followsFailure = false
    /// What it brings; nothing in a beacon.
    let items: [BusItem]
}

/// Something that a frame brings.
enum BusItem: Hashable, Sendable {
    /// An event.
    case event(Event)
    /// Somebody may see more or less than before.
    case notice(AccessNotice)
    /// An event that was too large: what it tells of is to be looked up.
    case reference(EventReference)
    /// Something in a conversation that was too large and can't be looked up.
    case lost(ConversationID)
}

/// Where to find what an event tells of.
struct EventReference: Hashable, Sendable {
    /// What kind of change it was.
    enum Kind: String, Hashable, Sendable, CaseIterable {
        case conversationCreated = "conversation_created"
        case conversationUpdated = "conversation_updated"
        case conversationDeleted = "conversation_deleted"
        case messageAppended = "chat_message"
        case messageUpdated = "message_updated"
    }

    /// What kind of change it was.
    let kind: Kind
    /// The conversation.
    let conversationID: ConversationID
    /// The message, where it is about one.
    let messageID: MessageID?
    /// The revision that the change made.
    let revision: Int
}

extension EventReference {
    /// Refers to what a change tells of.
    init(_ change: Change) {
        switch change {
        case .conversationCreated(let conversation): self.init(.conversationCreated, conversation)
        case .conversationUpdated(let conversation): self.init(.conversationUpdated, conversation)
        case .conversationDeleted(let conversation): self.init(.conversationDeleted, conversation)
        case .messageAppended(let message): self.init(.messageAppended, message)
        case .messageUpdated(let message): self.init(.messageUpdated, message)
        }
    }

    private init(_ kind: Kind, _ conversation: Conversation) {
        self.init(
            kind: kind,
            conversationID: conversation.id,
            messageID: nil,
            revision: conversation.revision
        )
    }

    private init(_ kind: Kind, _ message: Message) {
        self.init(
            kind: kind,
            conversationID: message.conversationID,
            messageID: message.id,
            revision: message.revision
        )
    }
}
