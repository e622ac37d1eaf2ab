public import ParleyCore

/// What can be exported.
public enum ExportFormat: String, Hashable, Sendable, CaseIterable {
    /// Parley's own: everything, a line each, to be imported again.
    case jsonl
    /// To be read by people.
    case markdown

    /// What the bytes are, for whoever is sent them.
    public var contentType: String {
        switch self {
        case .jsonl: "application/x-ndjson"
        case .markdown: "text/markdown; charset=utf-8"
        }
    }

    /// How such a file's name ends.
    public var fileExtension: String { self == .jsonl ? "jsonl" : "md" }
}

/// Writes what a person owns: their personal project, and the projects they are an owner of.
///
/// Conversations come project by project, the personal one first, by id, so that the same content makes the same bytes
/// whatever store it is in. Each is as it was at one revision, unless it is changed ``Limits/exportAttempts`` times while it is
/// read, or is longer than ``Limits/exportHeldBytes`` and changed meanwhile; then it holds what it held when reading began,
/// some of it as it was changed since. Memory is bounded by that, and by 24 bytes for each conversation.
public struct ConversationExport: Sendable {
    private let store: any ConversationStore
    private let format: ExportFormat

    /// Prepares an export.
    public init(_ format: ExportFormat, from store: any ConversationStore) {
        self.format = format
        self.store = store
    }

    /// Writes everything, or one conversation that the person may read; that is looked for before anything is written.
    public func callAsFunction(
        of conversation: ConversationID? = nil,
        as identity: Identity,
        write: (_ bytes: [UInt8]) async throws -> Void
    ) async throws {
        if let conversation {
            let project = try await project(of: conversation, as: identity)
            try await write(format == .jsonl ? ExportLines.header() : ExportMarkdown.header())
            try await write(projectBytes(project))
            try await self.write(conversation, in: project, as: identity, write)
            return
        }
        let projects = try await ownProjects(as: identity)
        try await write(format == .jsonl ? ExportLines.header() : ExportMarkdown.header())
        for project in projects {
            try await write(projectBytes(project))
            for id in try await conversations(of: project, as: identity) {
                do {
                    try await self.write(id, in: project, as: identity, write)
                } catch let error as ParleyError where error.code == .notFound {
                    // It was deleted, or moved away, since it was listed.
                    continue
                }
            }
        }
    }

    /// Checks that the person may read a conversation, before an answer begins.
    public func check(_ conversation: ConversationID, as identity: Identity) async throws {
        _ = try await project(of: conversation, as: identity)
    }

    private func project(of conversation: ConversationID, as identity: Identity) async throws -> Project {
        let found = try await store.conversation(conversation, newestMessages: 1, as: identity).conversation
        return try await store.project(found.projectID, as: identity)
    }

    private func projectBytes(_ project: Project) -> [UInt8] {
        switch format {
        case .jsonl: ExportLines.project(project)
        case .markdown: ExportMarkdown.project(project)
        }
    }

    private func ownProjects(as identity: Identity) async throws -> [Project] {
        var projects: [ProjectID: Project] = [:]
        var page = PageRequest(limit: 100)
        while true {
            let found = try await store.projects(page: page, as: identity)
            for project in found.elements where project.role(of: identity.email) == .owner {
                projects[project.id] = project
            }
            guard let next = found.next else { break }
            page = PageRequest(limit: 100, after: next)
        }
        return projects.values.sorted { ($0.isPersonal ? 0 : 1, $0.id) < ($1.isPersonal ? 0 : 1, $1.id) }
    }

    /// The ids of all conversations of a project.
    ///
    /// They are listed by the time of their last change: one that is changed meanwhile goes to the top, unseen. So the list is
    /// begun again until nothing new stands above what was seen.
    private func conversations(of project: Project, as identity: Identity) async throws -> [ConversationID] {
        let filter = ConversationFilter(projectID: project.id)
        var known = Set<ConversationID>()
        var seenUpTo: Timestamp?
        while true {
            var newest: Timestamp?
            var page = PageRequest(limit: 100)
            var isEnded = false
            while !isEnded {
                let found = try await store.conversations(filter, page: page, as: identity)
                newest = newest ?? found.elements.first?.updatedAt
                known.formUnion(found.elements.map(\.id))
                let isSeen = seenUpTo.map { limit in found.elements.contains { $0.updatedAt < limit } } ?? false
                if let next = found.next, !isSeen {
                    page = PageRequest(limit: 100, after: next)
                } else {
                    isEnded = true
                }
            }
            guard let newest, newest != seenUpTo else { return known.sorted() }
            seenUpTo = newest
        }
    }
}

extension ConversationExport {
    /// Writes one conversation as it is at one revision, where it can be had.
    private func write(
        _ id: ConversationID,
        in project: Project,
        as identity: Identity,
        _ write: (_ bytes: [UInt8]) async throws -> Void
    ) async throws {
        for attempt in 1...Limits.exportAttempts {
            let conversation = try await store.conversation(id, newestMessages: 1, as: identity).conversation
            // One that was moved is written where it is now, if that comes later, and is else as it was.
            var held = conversationBytes(conversation, in: project, for: identity)
            var isWriting = attempt == Limits.exportAttempts
            var seq = 0
            while seq < conversation.messageCount {
                let page = try await store.messages(in: id, .after(seq), limit: 100, as: identity)
                for message in page.messages where message.seq <= conversation.messageCount {
                    held += try await bytes(of: message, as: identity)
                    seq = message.seq
                    guard isWriting || held.count > Limits.exportHeldBytes else { continue }
                    isWriting = true
                    try await write(held)
                    held = []
                }
                guard page.hasMore, page.messages.last.map({ $0.seq < conversation.messageCount }) == true else {
                    break
                }
            }
            if !isWriting {
                let now = try await store.conversation(id, newestMessages: 1, as: identity).conversation
                guard now.revision == conversation.revision else { continue }
            }
            if format == .markdown { held += ExportMarkdown.end }
            return try await write(held)
        }
    }

    private func conversationBytes(
        _ conversation: Conversation,
        in project: Project,
        for identity: Identity
    ) -> [UInt8] {
        switch format {
        case .jsonl:
            ExportLines.conversation(
                conversation,
                in: project.isPersonal ? nil : project.id,
                for: identity.email
            )
        case .markdown: ExportMarkdown.conversation(conversation)
        }
    }

    private func bytes(of message: Message, as identity: Identity) async throws -> [UInt8] {
        switch format {
        case .markdown: return ExportMarkdown.message(message)
        case .jsonl:
            // Whatever gave a message another text has changed its time, or marked it.
            let hasVersions =
                message.status != .deleted
                && (message.isEdited || message.updatedAt != message.createdAt || message.metadata["version"] != nil)
            let versions =
                hasVersions
                ? try await store.versions(of: message.id, in: message.conversationID, as: identity) : []
            return ExportLines.message(message, versions: versions)
        }
    }
}
