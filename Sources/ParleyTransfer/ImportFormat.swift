internal import ParleyCore

/// What can be imported.
public enum ImportFormat: String, Hashable, Sendable, CaseIterable {
    /// A browser's localStorage, as an object of its keys and values.
    case localStorage = "localstorage"
    /// ChatGPT's export: `conversations.json`, or the archive that holds it.
    case chatgpt
    /// Open WebUI's export of chats.
    case openwebui
    /// LibreChat's export of a conversation, or several of them one after the other.
    case librechat
    /// Parley's own export.
    case jsonl

    /// Whether a file in an archive is one to read.
    func reads(_ entry: ZipArchive.Entry) -> Bool {
        let name = entry.lastName.lowercased()
        guard !entry.name.hasPrefix("__MACOSX/"), !name.hasPrefix(".") else { return false }
        return switch self {
        case .localStorage: false
        // Large exports come in several: conversations-000.json and so on.
        case .chatgpt: name.hasPrefix("conversations") && name.hasSuffix(".json")
        case .openwebui, .librechat: name.hasSuffix(".json")
        case .jsonl: name.hasSuffix(".jsonl")
        }
    }

    var shape: JSONSplitter.Shape { self == .jsonl ? .lines : .elements }
}

/// Makes plans of what other programs have exported, one conversation at a time.
struct ForeignReading: Sendable {
    let format: ImportFormat
    let importer: EmailAddress
    let home: ProjectID
    let now: Timestamp

    /// The plan of one conversation's text; `name` is what the account calls it where it can't be read.
    ///
    /// `kept` is a message of it that an earlier import has brought, on a path that is to stay the conversation.
    func plan(_ text: [UInt8], named name: String, keeping kept: MessageID? = nil) -> ImportPlan {
        do {
            guard let source = try conversation(text) else { return .refused(name, .unknownKind) }
            var plan = ForeignPlan(
                source,
                ids: DerivedIDs(into: home, from: format.rawValue),
                importer: importer,
                now: now,
                keeping: kept
            )
            return plan.plan()
        } catch {
            return .refused(name, .brokenJSON)
        }
    }

    private func conversation(_ text: [UInt8]) throws(JSONSyntaxError) -> ForeignConversation? {
        if format == .librechat { return try LibreChatFormat(now: now).conversation(text) }
        guard case .object(let object) = try JSON(mending: text) else { return nil }
        return switch format {
        case .chatgpt: ChatGPTFormat(now: now).conversation(object)
        case .openwebui: OpenWebUIFormat(now: now).conversation(object)
        case .librechat, .localStorage, .jsonl: nil
        }
    }
}

extension ImportPlan {
    /// A record of which nothing comes.
    static func refused(_ key: String, _ reason: ImportReason) -> ImportPlan {
        var plan = ImportPlan()
        _ = plan.note(key, nil, .quarantined, reason)
        return plan
    }
}
