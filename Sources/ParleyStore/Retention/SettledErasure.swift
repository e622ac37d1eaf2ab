public import ParleyCore

/// An ``ErasureStore`` whose commits pass the wrappers that stand around the truth: caches forget, and watchers are told.
///
/// Where some of a purge fails the rest is settled all the same.
public struct SettledErasure: ErasureStore {
    private let base: any ErasureStore
    private let wrappers: [any WrappingStore]

    /// Erases in `base`; `wrappers` are those around it, the innermost first.
    public init(_ base: any ErasureStore, settling wrappers: [any WrappingStore]) {
        self.base = base
        self.wrappers = wrappers
    }

    /// Erases a person and all that only they could reach.
    public func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport> {
        await settled(try await base.erase(person))
    }

    /// What would be removed at present.
    public func erasable(_ person: EmailAddress) async throws -> ErasureReport {
        try await base.erasable(person)
    }

    /// Conversations that are hidden since their project keeps none so long, the longest so first.
    public func expiredConversations(limit: Int) async throws -> [ExpiredConversation] {
        try await base.expiredConversations(limit: limit)
    }

    /// Deletes expired conversations.
    public func purgeExpired(limit: Int) async throws -> Commit<Int> {
        await settled(try await base.purgeExpired(limit: limit))
    }

    /// Writes the store's files anew.
    public func rewrite() async throws {
        try await base.rewrite()
    }

    private func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> {
        var commit = commit
        for wrapper in wrappers { commit = await wrapper.settled(commit) }
        return commit
    }
}
