public import ParleyCore

/// Erases from a truth and from its mirror alike.
///
/// What stands around the truth, caches and who watches, hears of it before the mirror is written: where that fails, they know.
public struct MirrorErasureStore: ErasureStore {
    /// Who brings to the mirror what has changed.
    private enum Bringer: Sendable {
        /// A mirror that runs, later.
        case mirror(Mirror)
        /// Nobody else, so it is done at once.
        case replicator(Replicator)
    }

    private let truth: any ErasureStore
    private let copy: any ErasureStore
    private let bringer: Bringer

    /// Wraps the truth, for a server; `copy` is the store that the mirror writes.
    public init(_ truth: any ErasureStore, copy: any ErasureStore, noting mirror: Mirror) {
        self.truth = truth
        self.copy = copy
        bringer = .mirror(mirror)
    }

    /// Wraps the truth, for a command: nobody else may know of what it does, so it brings that over itself by `replicator`.
    public init(_ truth: any ErasureStore, copy: any ErasureStore, by replicator: Replicator) {
        self.truth = truth
        self.copy = copy
        bringer = .replicator(replicator)
    }

    /// Erases a person from both.
    ///
    /// Where the second fails, so does the call: asked again, it goes on.
    public func erase(_ person: EmailAddress) async throws -> Commit<ErasureReport> {
        let commit = try await truth.erase(person)
        if case .mirror(let mirror) = bringer { mirror.note(.person(person)) }
        try await bring(commit)
        _ = try await copy.erase(person)
        return commit
    }

    /// What would be removed from the truth at present.
    public func erasable(_ person: EmailAddress) async throws -> ErasureReport {
        try await truth.erasable(person)
    }

    /// Conversations that are hidden since their project keeps none so long.
    public func expiredConversations(limit: Int) async throws -> [ExpiredConversation] {
        try await truth.expiredConversations(limit: limit)
    }

    /// Deletes expired conversations.
    public func purgeExpired(limit: Int) async throws -> Commit<Int> {
        let commit = try await truth.purgeExpired(limit: limit)
        try await bring(commit)
        return commit
    }

    /// Writes the files of both anew, once the mirror holds what the truth does.
    public func rewrite() async throws {
        if case .mirror(let mirror) = bringer { await mirror.rest() }
        try await truth.rewrite()
        try await copy.rewrite()
    }

    private func bring<Value>(_ commit: Commit<Value>) async throws {
        switch bringer {
        case .mirror(let mirror): mirror.note(commit.changes, commit.notices)
        case .replicator(let replicator):
            for change in commit.changes {
                let (name, isReplaced) = MirrorName.changed(by: change)
                try await replicator.bring(name, isReplaced: isReplaced)
            }
            for notice in commit.notices { try await replicator.bring(MirrorName.changed(by: notice)) }
        }
    }
}

extension Replicator {
    fileprivate func bring(_ name: MirrorName, isReplaced: Bool = false) async throws {
        switch name {
        case .conversation(let id):
            if isReplaced { try await target.removeReplica(id) }
            _ = try await bring(id)
        case .project(let id): _ = try await bring(id)
        case .wholeProject(let id):
            _ = try await bring(id)
            try await Comparison(replicator: self, isDeep: true, width: 1).run(on: id) { _, _ in }
        case .person(let email): _ = try await bring(email)
        case .line(let line): try await target.putReplica([line])
        case .everything: try await Comparison(replicator: self, isDeep: true, width: 1).run { _, _ in }
        }
    }
}
