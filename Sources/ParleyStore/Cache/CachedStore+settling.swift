public import ParleyCore

extension CachedStore {
    /// Brings the cache up to date with a commit, and hands it on.
    ///
    /// Whatever goes wrong, the entry's version tells.
    public func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> {
        var logs: [ConversationID: [Change]] = [:]
        for change in commit.changes { logs[change.conversationID, default: []].append(change) }
        var dropped: [ConversationID] = []
        for (conversation, changes) in logs {
            // Appends go to one conversation; were it several, nobody knew whose steps they are.
            let steps = logs.count == 1 ? commit.steps : []
            switch LogUpdate(after: changes.map(\.effect), steps: steps) {
            case .nothing: break
            case .drop: dropped.append(conversation)
            case .push(let before, let revision):
                guard let appended = appended(changes, steps), let after = steps.last?.after else {
                    dropped.append(conversation)
                    continue
                }
                local.append(
                    appended.map(\.message),
                    to: conversation,
                    from: before,
                    to: after,
                    limit: rule.limit
                )
                let elements = appended.map { CachedElement.encode($0.header, message: $0.message) }
                let push = LogPush(before: before, revision: revision, elements: elements)
                await cache.push(push, to: conversation)
            }
        }
        for conversation in dropped { local.remove(conversation) }
        if !dropped.isEmpty { await cache.drop(dropped) }
        return commit
    }

    /// The newest appended messages as bytes, oldest first; `nil` where one is too large to be kept.
    private func appended(_ changes: [Change], _ steps: [LogStep]) -> [(header: CachedHeader, message: [UInt8])]? {
        var appended: [(CachedHeader, [UInt8])] = []
        for (change, step) in Array(zip(changes, steps)).suffix(rule.limit) {
            guard case .messageAppended(let message) = change, message.wireBytes <= settings.elementBytes else {
                return nil
            }
            var writer = JSONWriter(capacity: message.wireBytes)
            writer.message(message)
            guard writer.bytes.count <= settings.elementBytes else { return nil }
            appended.append((CachedHeader(revision: message.revision, tag: step.after, seq: message.seq), writer.bytes))
        }
        return appended
    }
}

extension Change {
    fileprivate var conversationID: ConversationID {
        switch self {
        case .conversationCreated(let conversation), .conversationUpdated(let conversation),
            .conversationDeleted(let conversation):
            conversation.id
        case .messageAppended(let message), .messageUpdated(let message): message.conversationID
        }
    }

    fileprivate var effect: LogEffect {
        switch self {
        case .conversationCreated: .made
        case .messageAppended(let message) where message.status != .streaming:
            .appended(seq: message.seq, revision: message.revision)
        default: .other
        }
    }
}
