internal import Crypto
internal import ParleyCore

/// A conversation as it must stand in the new store, a line of `conversations.jsonl`.
struct ManifestConversation: Sendable {
    /// A message as it must stand there.
    struct Entry: Sendable {
        /// The ids of which it has one.
        let ids: [MessageID]
        /// The hash of what it says, and who said it when.
        let hash: String
        /// Whether its time is part of the hash.
        let hasTime: Bool
    }

    let id: ConversationID
    let project: ProjectID
    /// The old project's name; empty for what names none.
    let oldProject: ExactText
    /// The old session; none for what names none.
    let session: ExactText?
    /// In the order of the log.
    var messages: [Entry]

    var line: JSON {
        var old: JSONObject = ["project": .string(oldProject.value)]
        old["session"] = session.map { .string($0.value) }
        return [
            "conversation_id": .string(id.description),
            "project_id": .string(project.description),
            "old": .object(old),
            "messages": .array(
                messages.map { entry in
                    [
                        "ids": .array(entry.ids.map { .string($0.description) }), "hash": .string(entry.hash),
                        "has_time": .bool(entry.hasTime),
                    ]
                }
            ),
        ]
    }

    init(
        id: ConversationID,
        project: ProjectID,
        oldProject: ExactText,
        session: ExactText?,
        messages: [Entry] = []
    ) {
        self.id = id
        self.project = project
        self.oldProject = oldProject
        self.session = session
        self.messages = messages
    }

    init?(_ line: JSON) {
        guard let id = line["conversation_id"]?.stringValue.flatMap({ ConversationID($0) }),
            let project = line["project_id"]?.stringValue.flatMap({ ProjectID($0) }),
            let oldProject = line["old"]?["project"]?.stringValue,
            let messages = line["messages"]?.arrayValue
        else { return nil }
        self.init(
            id: id,
            project: project,
            oldProject: ExactText(oldProject),
            session: (line["old"]?["session"]?.stringValue).map(ExactText.init),
            messages: messages.compactMap { entry in
                guard let ids = entry["ids"]?.arrayValue, let hash = entry["hash"]?.stringValue else { return nil }
                return Entry(
                    ids: ids.compactMap { $0.stringValue.flatMap { MessageID($0) } },
                    hash: hash,
                    hasTime: entry["has_time"]?.boolValue ?? false
                )
            }
        )
    }
}

/// An old key after all was brought, a line of `keys.jsonl`.
struct ManifestKey: Sendable {
    /// What its removal would mean.
    enum Standing: String, Sendable {
        /// All of its records are in the new store.
        case migrated
        /// Some of them are put aside.
        case quarantined
        /// It is none of a chat's.
        case leftAlone = "left_alone"
    }

    let key: MigrationKey
    /// Of strings.
    let hash: ValueHash?
    let standing: Standing

    var line: JSON {
        var line: JSONObject = [:]
        line[key.member.name] = key.member.value
        line["sha256"] = hash.map { .string($0.sha256) }
        line["sha1"] = hash.map { .string($0.sha1) }
        line["standing"] = .string(standing.rawValue)
        return .object(line)
    }

    init(key: MigrationKey, hash: ValueHash?, standing: Standing) {
        self.key = key
        self.hash = hash
        self.standing = standing
    }

    init?(_ line: JSON) {
        guard let key = MigrationKey(line), let standing = line["standing"]?.stringValue.flatMap(Standing.init) else {
            return nil
        }
        var hash: ValueHash?
        if let sha256 = line["sha256"]?.stringValue, let sha1 = line["sha1"]?.stringValue {
            hash = ValueHash(sha256: sha256, sha1: sha1)
        }
        self.init(key: key, hash: hash, standing: standing)
    }
}

/// What a message says, hashed for comparison: role, author, text, answer, model, and the time where that is known.
enum MigratedContent {
    static func hash(of message: ImportedMessage, withTime: Bool) -> String {
        hash(
            message.input.role,
            message.input.role == .user ? message.author : nil,
            message.input.content,
            message.input.aiResponse,
            message.input.model,
            withTime ? message.createdAt : nil
        )
    }

    static func hash(of message: Message, withTime: Bool) -> String {
        hash(
            message.role,
            message.author,
            message.content,
            message.aiResponse,
            message.model,
            withTime ? message.createdAt : nil
        )
    }

    private static func hash(
        _ role: MessageRole,
        _ author: EmailAddress?,
        _ content: String,
        _ answer: JSON?,
        _ model: String?,
        _ time: Timestamp?
    ) -> String {
        var hash = SHA256()
        let words =
            [role.rawValue, author?.value ?? "", content, answer.map { $0.text } ?? "", model ?? ""]
            // What the wire says of a time.
            + [time.map(\.description) ?? ""]
        for word in words {
            hash.update(data: Array("\(word.utf8.count):".utf8))
            hash.update(data: Array(word.utf8))
        }
        return hash.finalize().hexadecimal
    }
}
