internal import ParleyCore

/// The lines of Parley's own format: one JSON object each.
///
/// The first names the format and its version. A project comes before its conversations, a conversation before its messages,
/// of which it says how many there are. Nothing in a line depends on the store, or on when it was written: no revision, no
/// owner, no project that is the person's own. Members that have their usual value are left out.
enum ExportLines {
    static let version = 1

    static func header() -> [UInt8] {
        line { $0.member("parley_export", version) }
    }

    static func project(_ project: Project) -> [UInt8] {
        line { writer in
            writer.member("type", "project")
            guard !project.isPersonal else { return writer.member("personal", true) }
            writer.member("id", project.id)
            writer.member("name", project.name)
            writer.member("description", project.description)
            writer.member("persona", project.persona)
            writer.member("retention_days", project.retentionDays)
        }
    }

    /// `project` is none where that is the person's own.
    static func conversation(
        _ conversation: Conversation,
        in project: ProjectID?,
        for reader: EmailAddress
    ) -> [UInt8] {
        let people = ImportedPeople(conversation.metadata)
        return line { writer in
            writer.member("type", "conversation")
            writer.member("id", conversation.id)
            writer.member("project", project)
            let owner = people.owner ?? conversation.owner
            if owner != reader { writer.member("owner", owner.value) }
            writer.member("title", conversation.title)
            if !conversation.hasGivenTitle { writer.member("title_given", false) }
            writer.member("description", conversation.description)
            if conversation.status != .active { writer.member("status", conversation.status.rawValue) }
            if conversation.isPinned { writer.member("pinned", true) }
            let metadata = ImportedPeople.without(conversation.metadata)
            if !metadata.isEmpty { writer.member("metadata", metadata) }
            if let origin = conversation.forkedFrom {
                writer.name("forked_from")
                writer.object {
                    $0.member("conversation_id", origin.conversationID)
                    $0.member("seq", origin.seq)
                }
            }
            writer.time("created_at", conversation.createdAt)
            writer.time("updated_at", conversation.updatedAt)
            writer.member("messages", conversation.messageCount)
        }
    }

    static func message(_ message: Message, versions: [MessageVersion]) -> [UInt8] {
        line { writer in
            writer.member("type", "message")
            writer.member("id", message.id)
            writer.member("role", message.role.rawValue)
            guard message.status != .deleted else {
                writer.member("status", message.status.rawValue)
                return times(of: message, &writer)
            }
            let people = ImportedPeople(message.metadata)
            writer.member("author", (message.author ?? people.author)?.value)
            writer.member("content", message.content)
            writer.member("parts", message.parts.map(JSON.array))
            // Whoever reads this elsewhere has what had come by then, and nobody writes on.
            let status = message.status == .streaming ? .interrupted : message.status
            if status != .delivered { writer.member("status", status.rawValue) }
            if message.isEdited { writer.member("edited", true) }
            let reactions = people.reactions(with: message.reactions)
            if !reactions.isEmpty {
                writer.name("reactions")
                writer.array { for reaction in reactions { $0.reaction(reaction) } }
            }
            if !versions.isEmpty {
                writer.name("versions")
                writer.array { writer in
                    for (index, version) in versions.enumerated() {
                        writer.version(version, author: version.author ?? people.versionAuthor(index))
                    }
                }
            }
            let metadata = ImportedPeople.without(message.metadata)
            if !metadata.isEmpty { writer.member("metadata", metadata) }
            writer.member("contexts", message.contexts.map(JSON.array))
            writer.member("ai_response", message.aiResponse)
            writer.member("confidence", message.confidence.flatMap { JSONNumber($0) }.map(JSON.number))
            writer.member("model", message.model)
            if let tokens = message.tokensUsed {
                writer.name("tokens_used")
                writer.object {
                    $0.member("prompt", tokens.prompt)
                    $0.member("completion", tokens.completion)
                }
            }
            writer.member("latency_ms", message.latencyMilliseconds)
            times(of: message, &writer)
        }
    }

    private static func times(of message: Message, _ writer: inout JSONWriter) {
        writer.time("created_at", message.createdAt)
        if message.updatedAt != message.createdAt { writer.time("updated_at", message.updatedAt) }
    }

    private static func line(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(write)
        return writer.bytes + [0x0A]
    }
}

extension JSONWriter {
    fileprivate mutating func reaction(_ reaction: Reaction) {
        object { writer in
            writer.member("emoji", reaction.emoji)
            writer.name("users")
            writer.array { for user in reaction.users { $0.string(user.value) } }
        }
    }

    fileprivate mutating func version(_ version: MessageVersion, author: EmailAddress?) {
        object {
            $0.member("content", version.content)
            $0.member("author", author?.value)
            $0.time("created_at", version.createdAt)
        }
    }

    /// A time with all six digits that stores keep.
    fileprivate mutating func time(_ name: StaticString, _ time: Timestamp) {
        member(name, time.exactText)
    }
}

extension Timestamp {
    /// RFC 3339 with milliseconds, and with microseconds where there are some.
    var exactText: String {
        let text = description
        let rest = ((microseconds % 1000) + 1000) % 1000
        guard rest != 0 else { return text }
        let digits = String(rest)
        return text.dropLast() + String(repeating: "0", count: 3 - digits.count) + digits + "Z"
    }

    /// Reads ``exactText`` back, and no other form.
    init?(exact text: String) {
        guard text.utf8.count == 27 else {
            self.init(text)
            return
        }
        let digits = text.dropLast().suffix(3)
        guard text.last == "Z", digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let rest = Int64(digits), rest > 0,
            let whole = Timestamp(text.dropLast(4) + "Z")
        else { return nil }
        self.init(microseconds: whole.microseconds + rest)
    }
}
