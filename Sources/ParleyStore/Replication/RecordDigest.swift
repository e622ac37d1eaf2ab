internal import Crypto
internal import ParleyCore

/// What one thing of a store comes to: the SHA-256 of its form, and of a conversation how long its log is.
struct RecordDigest: Hashable, Sendable {
    /// How many messages there are.
    var messages = 0
    /// SHA-256 over all of it.
    let hash: [UInt8]
    /// Whether a log has no gap and is as long as its conversation says.
    var isSound = true

    private static let page = 500

    /// Of one record.
    init(_ form: RecordForm) {
        hash = Array(SHA256.hash(data: form.bytes))
    }

    /// Of a project; none of none.
    init?(of record: ProjectRecord?) {
        guard let record else { return nil }
        self.init(RecordForm(record))
    }

    /// Of a conversation with all its messages, read page by page; none where there is none.
    init?(ofConversation id: ConversationID, in store: any ReplicaStore) async throws {
        guard let record = try await store.replicaConversation(id) else { return nil }
        var sum = SHA256()
        sum.update(data: RecordForm(record).bytes)
        var (count, last) = (0, 0)
        while true {
            let page = try await store.replicaMessages(of: id, changedSince: 0, afterSeq: last, limit: Self.page)
            guard let newest = page.last else { break }
            for message in page { sum.update(data: RecordForm(message).bytes) }
            count += page.count
            last = newest.message.seq
        }
        messages = count
        hash = Array(sum.finalize())
        isSound = count == last && count == record.fields.messageCount
    }
}
