internal import ParleyCore

extension ImportRun {
    /// The newest message of a plan's first conversation, as it is stored, that the plan would bring once more elsewhere.
    ///
    /// An export has another branch on screen than an earlier one of the same conversation, which that made of what was on
    /// screen then. `nil` where the plan fits what is there.
    func displaced(by plan: ImportPlan, as identity: Identity) async throws -> MessageID? {
        guard plan.entries.count > 1, let main = plan.entries.first?.conversation else { return nil }
        let own = Set(main.messages.map(\.id))
        var others = Set<MessageID>()
        for entry in plan.entries.dropFirst() {
            // What has no record is a copy, under an id of its own.
            for (item, message) in zip(entry.items, entry.conversation.messages) where item != nil {
                others.insert(message.id)
            }
        }
        var range = MessageRange.newest
        do {
            while true {
                let page = try await store.messages(
                    in: main.id,
                    range,
                    limit: Limits.pageSizes.upperBound,
                    as: identity
                )
                for message in page.messages.reversed() {
                    if own.contains(message.id) { return nil }
                    if others.contains(message.id) { return message.id }
                }
                guard page.hasMore, let oldest = page.messages.first else { return nil }
                range = .before(oldest.seq)
            }
        } catch let error as ParleyError where error.code == .notFound {
            return nil
        }
    }
}
