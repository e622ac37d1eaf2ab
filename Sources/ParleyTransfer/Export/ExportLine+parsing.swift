internal import ParleyCore

/// A line of Parley's own format, read.
enum ExportLine {
    case header
    case project(ExportedProject)
    case conversation(ExportedConversation)
    case message(ImportedMessage)
}

/// A project's line.
struct ExportedProject {
    /// What it was known by; none is the person's own.
    var id: ProjectID?
    var input: NewProject
}

/// A conversation's line.
struct ExportedConversation {
    var project: ProjectID?
    /// Without messages, and not yet in a project.
    var conversation: ImportedConversation
    var messages: Int
}

extension ExportLine {
    /// Reads a line.
    ///
    /// What it says of other people than the importer is kept, see ``ImportedPeople``. No time in it is later than `latest`.
    init(_ bytes: [UInt8], importer: EmailAddress, latest: Timestamp) throws(Unfit) {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw Unfit(.brokenJSON) }
        guard case .object(let object) = json else { throw Unfit(.notAnObject) }
        if let version = object["parley_export"] {
            guard version.intValue == ExportLines.version else { throw Unfit(.unknownKind) }
            self = .header
            return
        }
        switch object["type"]?.stringValue {
        case "project": self = .project(try ExportedProject(object))
        case "conversation":
            self = .conversation(try ExportedConversation(object, importer: importer, latest: latest))
        case "message": self = .message(try ImportedMessage(line: object, importer: importer, latest: latest))
        default: throw Unfit(.unknownKind)
        }
    }
}

extension ExportedProject {
    fileprivate init(_ object: JSONObject) throws(Unfit) {
        if object["personal"]?.boolValue == true {
            self.init(id: nil, input: NewProject(name: "Personal"))
            return
        }
        guard let id = object["id"]?.stringValue.flatMap({ ProjectID($0) }), let name = object["name"]?.stringValue
        else {
            throw Unfit(.unknownKind)
        }
        do {
            var input = NewProject(name: try Rules.projectName(name))
            if let text = object["description"]?.stringValue { input.description = try Rules.description(text) }
            if let persona = object["persona"]?.stringValue { input.persona = try Rules.persona(persona) }
            if let days = object["retention_days"]?.intValue { input.retentionDays = try Rules.retentionDays(days) }
            self.init(id: id, input: input)
        } catch { throw Unfit(.tooLarge) }
    }
}

extension ExportedConversation {
    fileprivate init(_ object: JSONObject, importer: EmailAddress, latest: Timestamp) throws(Unfit) {
        guard let id = object["id"]?.stringValue.flatMap({ ConversationID($0) }),
            let title = object["title"]?.stringValue,
            let created = object.time("created_at", latest),
            let status = ConversationStatus(rawValue: object["status"]?.stringValue ?? "active"),
            let count = object["messages"]?.intValue, count >= 0
        else { throw Unfit(.unknownKind) }
        let people = ImportedPeople(importer: importer, owner: EmailAddress(json: object["owner"]))
        var conversation = ImportedConversation(
            id: id,
            title: title,
            description: object["description"]?.stringValue,
            status: status,
            isPinned: object["pinned"]?.boolValue ?? false,
            metadata: object["metadata"]?.objectValue ?? JSONObject(),
            hasGivenTitle: object["title_given"]?.boolValue ?? true,
            forkedFrom: object["forked_from"].flatMap(ForkOrigin.init(line:)),
            createdAt: created,
            updatedAt: object.time("updated_at", latest),
            messages: []
        )
        guard title.isStorable, JSON.object(conversation.metadata).isStorable else { throw Unfit(.holdsNUL) }
        conversation.metadata[ImportedPeople.name] = nil
        do { try Rules.imported(conversation) } catch { throw Unfit(.tooLarge) }
        conversation.metadata[ImportedPeople.name] = people.value
        self.init(
            project: object["project"]?.stringValue.flatMap { ProjectID($0) },
            conversation: conversation,
            messages: count
        )
    }
}

extension ForkOrigin {
    fileprivate init?(line json: JSON) {
        guard let conversation = json["conversation_id"]?.stringValue.flatMap({ ConversationID($0) }),
            let seq = json["seq"]?.intValue, seq > 0
        else { return nil }
        self.init(conversationID: conversation, seq: seq)
    }
}

extension ImportedMessage {
    fileprivate init(line object: JSONObject, importer: EmailAddress, latest: Timestamp) throws(Unfit) {
        guard let id = object["id"]?.stringValue.flatMap({ MessageID($0) }),
            let role = object["role"]?.stringValue.flatMap(MessageRole.init(rawValue:)),
            let status = MessageStatus(rawValue: object["status"]?.stringValue ?? "delivered"), status != .streaming,
            let created = object.time("created_at", latest)
        else { throw Unfit(.unknownKind) }
        let updated = object.time("updated_at", latest)
        guard status != .deleted else {
            self.init(
                id: id,
                input: NewMessage(role: role, content: ""),
                status: .deleted,
                createdAt: created,
                updatedAt: updated
            )
            return
        }
        guard let content = object["content"]?.stringValue else { throw Unfit(.noContent) }
        let author = EmailAddress(json: object["author"])
        let reactions = (object["reactions"]?.arrayValue ?? []).compactMap(Reaction.init(line:))
        let versions = (object["versions"]?.arrayValue ?? []).compactMap(MessageVersion.init(line:))
        let people = ImportedPeople(
            importer: importer,
            author: role == .user ? author : nil,
            reactions: reactions,
            versions: versions.map(\.author)
        )
        var metadata = object["metadata"]?.objectValue ?? JSONObject()
        metadata[ImportedPeople.name] = nil
        // What can't be read of it isn't dropped without a word.
        if reactions.count < object["reactions"]?.listed ?? 0 { metadata.noteLeftOut("reactions") }
        if versions.count < object["versions"]?.listed ?? 0 { metadata.noteLeftOut("versions") }
        let input = NewMessage(
            role: role,
            content: content,
            parts: object["parts"]?.arrayValue,
            metadata: metadata,
            contexts: object["contexts"]?.arrayValue,
            aiResponse: object["ai_response"],
            confidence: object["confidence"]?.doubleValue,
            model: object["model"]?.stringValue
        )
        self.init(
            id: id,
            author: role == .user && author == importer ? importer : nil,
            input: input,
            status: status,
            isEdited: object["edited"]?.boolValue ?? false,
            reactions: reactions.compactMap { reaction in
                reaction.users.contains(importer) ? Reaction(emoji: reaction.emoji, users: [importer]) : nil
            },
            versions: versions.map { version in
                MessageVersion(
                    content: version.content,
                    author: version.author == importer ? importer : nil,
                    createdAt: version.createdAt
                )
            },
            tokensUsed: object["tokens_used"].flatMap(TokenUsage.init(line:)),
            latencyMilliseconds: object["latency_ms"]?.intValue,
            createdAt: created,
            updatedAt: updated
        )
        // By one of these an export knows that there are versions to ask for.
        if !versions.isEmpty, updatedAt == createdAt, metadata["version"] == nil { isEdited = true }
        guard content.isStorable, versions.allSatisfy(\.content.isStorable), JSON.object(metadata).isStorable else {
            throw Unfit(.holdsNUL)
        }
        guard content.utf8.count <= role.contentLimitBytes else { throw Unfit(.textTooLong) }
        do { try Rules.imported(self) } catch { throw Unfit(.tooLarge) }
        self.input.metadata[ImportedPeople.name] = people.value
    }
}

extension JSONObject {
    /// A time, at most the latest that can be.
    fileprivate func time(_ name: String, _ latest: Timestamp) -> Timestamp? {
        self[name]?.stringValue.flatMap { Timestamp(exact: $0) }.map { min($0, latest) }
    }

    /// Notes in a message's metadata that something of it had no place.
    fileprivate mutating func noteLeftOut(_ name: String) {
        // Somebody's own value of that name is not to go for it.
        guard var imported = (self["imported"] ?? [:]).objectValue else { return }
        let left = imported["left_out"]?.arrayValue ?? []
        guard !left.contains(.string(name)) else { return }
        imported["left_out"] = .array(left + [.string(name)])
        self["imported"] = .object(imported)
    }
}

extension JSON {
    /// How many entries a list has; what is no list is one that can't be read.
    fileprivate var listed: Int { arrayValue?.count ?? (saysSomething ? 1 : 0) }
}

extension MessageVersion {
    fileprivate init?(line json: JSON) {
        guard let content = json["content"]?.stringValue,
            let created = json["created_at"]?.stringValue.flatMap({ Timestamp(exact: $0) })
        else { return nil }
        self.init(content: content, author: EmailAddress(json: json["author"]), createdAt: created)
    }
}

extension TokenUsage {
    fileprivate init?(line json: JSON) {
        guard let prompt = json["prompt"]?.intValue, let completion = json["completion"]?.intValue else { return nil }
        self.init(prompt: prompt, completion: completion)
    }
}
