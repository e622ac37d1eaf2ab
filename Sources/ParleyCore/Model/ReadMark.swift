/// How far a person has read a conversation: theirs alone, and the same on all of their devices.
public struct ReadMark: Hashable, Sendable {
    /// The conversation.
    public let conversationID: ConversationID
    /// The `seq` of the last message that was read; 0 where none was.
    public let seq: Int

    /// Makes a mark.
    public init(conversationID: ConversationID, seq: Int) {
        self.conversationID = conversationID
        self.seq = seq
    }
}
