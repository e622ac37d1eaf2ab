public import ParleyCore

/// What was taken back.
public struct UndoReport: Hashable, Sendable {
    /// Conversations that are deleted.
    public internal(set) var conversations = 0
    /// Projects that are deleted.
    public internal(set) var projects = 0
    /// Conversations that were there before, or in which people have written since: they stay.
    public internal(set) var kept: [ConversationID] = []
    /// Conversations that are gone, or that the owner can't delete any more.
    public internal(set) var gone = 0

    /// The report for people.
    public var table: String {
        var lines = [
            "\(conversations) conversations and \(projects) projects are taken back; \(gone) were gone before."
        ]
        if !kept.isEmpty {
            lines.append("Kept, since they were there before or somebody has written in them since:")
            lines += kept.prefix(20).map { "  \($0)" } + (kept.count > 20 ? ["  …"] : [])
        }
        return lines.joined(separator: "\n")
    }

    /// The report as JSON.
    public var json: JSON {
        [
            "conversations": JSON(integerLiteral: conversations), "projects": JSON(integerLiteral: projects),
            "gone": JSON(integerLiteral: gone), "kept": .array(kept.map { .string($0.description) }),
        ]
    }
}

extension RedisMigration {
    /// Deletes what apply has made: conversations that hold nothing else, and then projects that are empty.
    ///
    /// - Throws: ``ParleyError``, with code `conflict` where `owner` is not who it was brought for.
    public func undoImport(
        from store: any ConversationStore,
        as owner: Identity,
        state: StateDirectory
    ) async throws -> UndoReport {
        let home = try await store.personalProject(as: owner).id
        let claim = try state.lines(.owner).first
        guard claim?["owner"]?.stringValue == owner.email.value, claim?["home"]?.stringValue == home.description else {
            throw ParleyError(.conflict, "Nothing was brought for this owner into this store from this directory.")
        }
        // From here on it says nothing any more.
        try state.remove(.validated)
        var report = UndoReport()
        var seen = Set<String>()
        var projects: [ProjectID] = []
        for line in try state.lines(.places) {
            guard let name = line["id"]?.stringValue, seen.insert(name).inserted else { continue }
            let isNew = line["existed"]?.boolValue == false
            if line["kind"]?.stringValue == "project" {
                if isNew, let id = ProjectID(name) { projects.append(id) }
            } else if let id = ConversationID(name) {
                try await takeBack(id, isNew: isNew, store, owner, &report)
            }
        }
        for project in projects {
            do {
                let filter = ConversationFilter(projectID: project)
                let page = try await store.conversations(filter, page: PageRequest(limit: 1), as: owner)
                guard page.elements.isEmpty else { continue }
                _ = try await store.deleteProject(project, as: owner)
                report.projects += 1
            } catch let error as ParleyError where error.code == .notFound || error.code == .forbidden {}
        }
        for file in [StateDirectory.File.keys, .conversations, .records] { try state.remove(file) }
        // What stays is still known by its line, so that nobody takes it for new.
        if report.kept.isEmpty { try state.remove(.places) }
        return report
    }

    private func takeBack(
        _ id: ConversationID,
        isNew: Bool,
        _ store: any ConversationStore,
        _ owner: Identity,
        _ report: inout UndoReport
    ) async throws {
        do {
            guard isNew else {
                _ = try await store.conversation(id, newestMessages: 1, as: owner)
                report.kept.append(id)
                return
            }
            let revision = try await revisionOfImported(id, store, owner)
            guard let revision else {
                report.kept.append(id)
                return
            }
            _ = try await store.deleteConversation(id, expectedRevision: revision, as: owner)
            report.conversations += 1
        } catch let error as ParleyError where error.code == .stale {
            report.kept.append(id)
        } catch let error as ParleyError where error.code == .notFound || error.code == .forbidden {
            report.gone += 1
        }
    }

    /// The revision at which a conversation holds nothing but what was brought, as it came; `nil` where somebody has written
    /// in it, or changed a message.
    private func revisionOfImported(
        _ id: ConversationID,
        _ store: any ConversationStore,
        _ owner: Identity
    ) async throws -> Int? {
        let revision = try await store.conversation(id, newestMessages: 1, as: owner).conversation.revision
        var seq = 0
        while true {
            let page = try await store.messages(in: id, .after(seq), limit: Limits.pageSizes.upperBound, as: owner)
            for message in page.messages {
                guard message.isAsMade, message.metadata["legacy"]?["source"] == "redis" else { return nil }
                seq = message.seq
            }
            guard page.hasMore, !page.messages.isEmpty else { return revision }
        }
    }
}
