public import ParleyCore

extension CachedStore: EncodedLogReader {
    /// Every page that a client may ask for: what the cache doesn't hold is read and written here.
    public var encodedLimit: Int { Limits.pageSizes.upperBound }

    /// The newest messages, oldest first, as they go over the wire.
    public func encodedNewestMessages(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> EncodedMessagePage {
        switch try await newest(in: conversation, limit: limit, as: identity) {
        case .ready(let log, let count):
            EncodedMessagePage(messages: log.newest(limit), hasMore: count > min(limit, log.messages.count))
        case .page(let page):
            EncodedMessagePage(messages: EncodedLog(page.messages).bytes, hasMore: page.hasMore)
        }
    }
}
