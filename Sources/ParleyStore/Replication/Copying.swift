internal import ParleyCore
internal import Synchronization

/// Copies all that one store holds into another, once.
///
/// Where it stopped is written nowhere: what the target holds says what is missing, so it can be stopped at any time, started
/// again, and run while servers write. What the target has and the source hasn't is left alone and counted, unless it is to
/// overwrite.
public struct Copying: Sendable {
    /// How far it is, or what it has done.
    public struct Progress: Hashable, Sendable {
        /// Conversations that the source had at the beginning.
        public var total = 0
        /// Conversations that were looked at.
        public var looked = 0
        /// Conversations that were brought over.
        public var conversations = 0
        /// Messages that were written.
        public var messages = 0
        /// Projects that were brought over.
        public var projects = 0
        /// People that were brought over.
        public var people = 0
        /// What was removed from the target.
        public var removed = 0
        /// What the target has that the source hasn't, or has otherwise, by name; at most a thousand.
        public var refused: [String] = []
        /// How many of these there are.
        public var refusedCount = 0

        /// Nothing was done.
        public init() {}
    }

    private let replicator: Replicator
    private let width: Int

    /// Copies with `width` conversations at once.
    public init(_ replicator: Replicator, width: Int = 4) {
        self.replicator = replicator
        self.width = width
    }

    /// Copies everything; tells how far it is after each conversation.
    public func run(_ tell: @escaping @Sendable (Progress) -> Void) async throws -> Progress {
        let total = try await countConversations()
        let state = Mutex(Progress())
        let change: @Sendable ((inout Progress) -> Void) -> Void = { body in
            tell(
                state.withLock { progress in
                    body(&progress)
                    return progress
                }
            )
        }
        change { $0.total = total }
        let comparison = Comparison(
            replicator: replicator,
            isDeep: true,
            width: width,
            looked: { change { $0.looked += 1 } },
            retries: 5
        )
        try await comparison.run { outcome, name in
            state.withLock { $0.count(outcome, name) }
        }
        return state.withLock { $0 }
    }

    private func countConversations() async throws -> Int {
        var count = 0
        let source = replicator.source
        var projects = PagedList<ProjectID> { try await source.replicaProjects(after: $0, limit: 1000) }
        while let project = try await projects.peek() {
            projects.pass()
            var last: ConversationID?
            repeat {
                let heads = try await source.replicaConversations(in: project, after: last, limit: 5000)
                count += heads.count
                last = heads.last?.id
            } while last != nil
        }
        return count
    }
}

extension Copying.Progress {
    fileprivate mutating func count(_ outcome: Replicator.Outcome, _ name: MirrorName) {
        switch outcome {
        case .same: break
        case .removed: removed += 1
        case .refused:
            refusedCount += 1
            if refused.count < 1000 { refused.append(name.told) }
        case .written(let written):
            messages += written
            switch name {
            case .conversation: conversations += 1
            case .project, .wholeProject: projects += 1
            case .person: people += 1
            case .line, .everything: break
            }
        }
    }
}

extension MirrorName {
    /// What an operator who asked is told of it.
    var told: String {
        if case .person(let email) = self { "person \(email.value)" } else { logged }
    }
}
