internal import ParleyCore

/// Makes a plan of one conversation of another program.
///
/// The path that was on screen becomes the conversation. Where a message on it has siblings, which is what an edited question or
/// an answer written anew leaves, their texts become its versions. What followed a sibling is a continuation of its own, and
/// becomes a conversation of its own, forked at that place, with copies of what came before, as long as those together are not
/// many times what the source holds.
///
/// Where an earlier import has made the conversation of another path, that one is kept, and what was on screen now is one of the
/// continuations.
struct ForeignPlan {
    private var source: ForeignConversation
    private let tree: ForeignTree
    private let ids: DerivedIDs
    private let author: EmailAddress
    private let now: Timestamp
    private let kept: MessageID?
    /// What was on screen, where another path is kept: it becomes no version of what is there.
    private var shown = Set<Int>()
    private var result = ImportPlan()
    /// The place of each node's item.
    private var items: [Int] = []
    /// How many more copies may be made.
    private var copies: Int
    private var branches: [Branch] = []

    /// A continuation that is still to become a conversation.
    private struct Branch {
        let start: Int
        /// The path it was forked from, shared with all that were, and how much of it comes before.
        let path: [Int]
        let count: Int
        let origin: ConversationID
    }

    /// Plans with the path on which `keeping` is, which stands in the conversation already, or with that which was on screen.
    init(
        _ source: ForeignConversation,
        ids: DerivedIDs,
        importer: EmailAddress,
        now: Timestamp,
        keeping kept: MessageID? = nil
    ) {
        self.source = source
        self.ids = ids
        author = importer
        self.now = now
        self.kept = kept
        tree = ForeignTree(source.nodes)
        copies = max(2000, 4 * source.nodes.count)
    }

    /// The plan, in which each node has its item, and the conversation one before them.
    mutating func plan() -> ImportPlan {
        let key = Self.shown(source.key)
        let own = result.note(key, nil, .imported)
        for node in source.nodes {
            let name = key + "/" + Self.shown(node.id)
            switch node.content {
            case .message: items.append(result.note(name, nil, .imported))
            case .none(let outcome, let reason): items.append(result.note(name, nil, outcome, reason))
            }
        }
        let path = keptPath() ?? tree.path(to: source.current)
        guard !path.isEmpty else {
            let isRefused = source.nodes.contains { node in
                if case .none(.quarantined, _) = node.content { true } else { false }
            }
            result.items[own].outcome = isRefused ? .quarantined : .leftAlone
            result.items[own].reason = .empty
            return result
        }
        let id = ids.conversation([source.key])
        let title = title
        // One that had to be cut is kept as it was, where there is room.
        if let given = source.title, given != title, given.utf8.count <= Limits.descriptionLength,
            var kept = source.metadata["imported"]?.objectValue
        {
            kept["title"] = .string(given.storable)
            source.metadata["imported"] = .object(kept)
        }
        add(path, as: id, title: title, copied: 0, isMain: true, origin: nil)
        result.entries[0].sessionItem = own
        while let branch = branches.popLast() {
            // What is copied is what the person would see above it; a hostile tree could make of it much more than it holds.
            let isCopied = branch.count <= copies
            if isCopied { copies -= branch.count }
            let before = isCopied ? branch.path[..<branch.count] : []
            add(
                before + tree.branch(from: branch.start),
                as: ids.conversation([source.key, "branch", source.nodes[branch.start].id]),
                title: title + Self.suffix,
                copied: before.count,
                isMain: false,
                origin: branch.count == 0 ? nil : ForkOrigin(conversationID: branch.origin, seq: branch.count)
            )
        }
        return result
    }

    /// The path on which the message is that is to be kept.
    private mutating func keptPath() -> [Int]? {
        guard let kept else { return nil }
        let last = source.nodes.indices.first { index in
            source.nodes[index].message != nil && ids.message(in: [source.key], id: source.nodes[index].id) == kept
        }
        guard let last else { return nil }
        shown = Set(tree.path(to: source.current))
        return tree.path(to: source.nodes[last].id) + tree.branch(from: last).dropFirst()
    }

    private static let suffix = " (branch)"

    /// A name from the source in an account: its beginning.
    private static func shown(_ text: String) -> String {
        text.utf8.count <= 128 ? text : String(text.prefix(64)) + "…"
    }

    private var title: String {
        let given = source.title.flatMap { $0.isEmpty ? nil : $0.storable }
        let room = Limits.titleLength - Self.suffix.unicodeScalars.count
        if let given, given.unicodeScalars.count <= room, let title = try? Rules.title(given) { return title }
        // Too long, with line breaks, or none: the beginning of it, or of the first question.
        let first = source.nodes.lazy.compactMap(\.message).first { $0.input.role == .user }
        return (given ?? first?.input.content).map { MessageText.title(for: $0) } ?? Conversation.defaultTitle
    }

    /// Adds a conversation of these nodes, of which the first are copies, and notes what branches off.
    private mutating func add(
        _ path: [Int],
        as id: ConversationID,
        title: String,
        copied: Int,
        isMain: Bool,
        origin: ForkOrigin?
    ) {
        let session = copied > 0 ? [source.key, "branch", source.nodes[path[copied]].id] : [source.key]
        let times = times(of: path)
        var versions: [(item: Int, message: Int, version: Int)] = []
        var messages: [ImportedMessage] = []
        var branching = Set<Int>()
        for (place, index) in path.enumerated() {
            guard let message = source.nodes[index].message else { continue }
            let isCopy = place < copied
            var imported = ImportedMessage(
                id: ids.message(in: isCopy ? session : [source.key], id: source.nodes[index].id),
                author: message.input.role == .user ? author : nil,
                input: message.input,
                status: message.status,
                isEdited: message.isEdited,
                tokensUsed: message.tokensUsed,
                latencyMilliseconds: message.latencyMilliseconds,
                createdAt: times[place],
                updatedAt: message.updatedAt.map { max($0, times[place]) }
            )
            if !isCopy {
                // The first of a branch is the sibling of one that has looked after this place.
                let siblings = isMain || place > copied ? self.siblings(of: index) : []
                var details = ForeignVersions(of: imported)
                for sibling in siblings {
                    let isVersion = !shown.contains(sibling) && addVersion(sibling, to: &imported)
                    if isVersion { versions.append((items[sibling], messages.count, imported.versions.count - 1)) }
                    if isVersion, tree.children[sibling].isEmpty, let other = source.nodes[sibling].message {
                        details.add(other, version: imported.versions.count)
                    }
                    if !isVersion || !tree.children[sibling].isEmpty {
                        branches.append(Branch(start: sibling, path: path, count: place, origin: id))
                        branching.insert(items[sibling])
                    }
                }
                details.keep(in: &imported)
                if !imported.versions.isEmpty {
                    imported.input.metadata["version"] = .number(JSONNumber(imported.versions.count + 1))
                }
            }
            messages.append(imported)
        }
        if let last = path.last {
            // The path need not have ended with the last message.
            for child in tree.children[last] {
                branches.append(Branch(start: child, path: path, count: path.count, origin: id))
            }
        }
        var created = min(source.createdAt ?? times.first ?? now, now)
        if let first = times.min() { created = min(created, first) }
        let conversation = ImportedConversation(
            id: id,
            title: title,
            status: source.isArchived ? .archived : .active,
            isPinned: source.isPinned && isMain,
            metadata: source.metadata,
            hasGivenTitle: source.title != nil,
            forkedFrom: origin,
            createdAt: created,
            updatedAt: isMain ? source.updatedAt : nil,
            messages: messages
        )
        var entry = ImportPlan.Entry(
            conversation: conversation,
            items: path.enumerated().map { place, index in place < copied ? nil : items[index] }
        )
        // What has a branch of its own is accounted for there.
        entry.versions = versions.filter { !branching.contains($0.item) }
        result.entries.append(entry)
    }

    private func siblings(of index: Int) -> [Int] {
        (tree.parents[index].map { tree.children[$0] } ?? tree.roots).filter { $0 != index }
    }

    /// Makes a sibling's text a version where it can be one.
    private func addVersion(_ sibling: Int, to message: inout ImportedMessage) -> Bool {
        guard let other = source.nodes[sibling].message, other.input.role == message.input.role else { return false }
        let version = MessageVersion(
            content: other.input.content,
            author: other.input.role == .user ? author : nil,
            createdAt: other.createdAt ?? message.createdAt
        )
        let bytes = message.versions.reduce(version.content.utf8.count) { $0 + $1.content.utf8.count }
        guard message.versions.count < Limits.versionsPerMessage, bytes <= Limits.versionBytesPerMessage else {
            return false
        }
        message.versions.append(version)
        return true
    }

    /// Each message's time: its own, else a millisecond after the one before.
    private func times(of path: [Int]) -> [Timestamp] {
        var time = path.lazy.compactMap { source.nodes[$0].message?.createdAt }.first ?? source.createdAt ?? now
        return path.enumerated().map { place, index in
            if let own = source.nodes[index].message?.createdAt {
                time = own
            } else if place > 0 {
                time = min(now, time + .milliseconds(1))
            }
            return time
        }
    }
}
