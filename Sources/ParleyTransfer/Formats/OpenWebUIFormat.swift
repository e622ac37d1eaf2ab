internal import ParleyCore

/// A chat as Open WebUI exports it: `chat.history` with `messages` by id, each naming its parent, and `currentId`.
struct OpenWebUIFormat {
    let now: Timestamp

    /// Reads one chat; `nil` where it is none.
    func conversation(_ object: JSONObject) -> ForeignConversation? {
        // What old versions exported is the chat without what stands around it.
        let chat = object["chat"]?.objectValue ?? object
        guard let key = object["id"]?.name ?? chat["id"]?.name else { return nil }
        var source = ForeignConversation(key: key)
        source.title = object["title"]?.nonEmptyString ?? chat["title"]?.nonEmptyString
        source.createdAt = (object["created_at"] ?? chat["timestamp"])?.time(notAfter: now)
        source.updatedAt = object["updated_at"]?.time(notAfter: now)
        source.isArchived = object["archived"]?.boolValue ?? false
        source.isPinned = object["pinned"]?.boolValue ?? false
        let tree = chat["history"]?["messages"]?.objectValue
        let list = chat["messages"]?.arrayValue
        guard tree != nil || list != nil else { return nil }
        source.nodes = (tree?.members ?? []).map { node($0.name, $0.value, after: nil) }
        source.current = chat["history"]?["currentId"]?.name
        add(list ?? [], to: &source)
        var metadata = ForeignMetadata(.openwebui, id: key)
        for name in ["folder_id", "meta"] { metadata.keep(name, object[name]) }
        for name in ["models", "tags", "system", "params", "files"] { metadata.keep(name, chat[name]) }
        source.metadata = metadata.object()
        return source
    }

    /// Adds what stands in the list of what was on screen, and not in the tree.
    ///
    /// The list mostly repeats the tree; some versions filled only one of the two. Each follows the one before, where it names
    /// no other.
    private func add(_ list: [JSON], to source: inout ForeignConversation) {
        let isAlone = source.nodes.isEmpty
        var known = Set(source.nodes.map(\.id))
        let texts = Set(source.nodes.compactMap(\.message?.input.contentKey))
        var last: String?
        for (index, message) in list.enumerated() {
            let id = message["id"]?.name
            if let id, known.contains(id), !isAlone {
                last = id
                continue
            }
            let node = node(id ?? "\(index)", message, after: last)
            // Without an id, one that says the same is the same.
            if !isAlone, id == nil, let said = node.message?.input.contentKey, texts.contains(said) { continue }
            if source.current == last, node.message != nil, !isAlone { source.current = node.id }
            known.insert(node.id)
            last = node.id
            source.nodes.append(node)
        }
    }

    private func node(_ id: String, _ value: JSON, after last: String?) -> ForeignNode {
        let parent = value["parentId"]?.name ?? last
        let nothing = { (outcome: ImportItemOutcome, reason: ImportReason) in
            ForeignNode(id: id, parent: parent, content: .none(outcome, reason))
        }
        guard case .object(let message) = value else { return nothing(.quarantined, .notAnObject) }
        let role: MessageRole
        switch message["role"]?.stringValue {
        case "user": role = .user
        case "assistant": role = .assistant
        case "system": role = .system
        case "tool": role = .tool
        default: return nothing(.quarantined, .unknownRole)
        }
        var metadata = ForeignMetadata(.openwebui, id: id)
        var text: String
        switch message["content"] {
        case .string(let content): text = content
        case .array(let parts):
            text = parts.compactMap(Self.text(of:)).joined(separator: "\n\n")
            if parts.contains(where: { $0.stringValue == nil && $0["text"]?.stringValue == nil }) {
                metadata.keep("content", .array(parts))
            }
        case nil, .null: text = ""
        default: return nothing(.quarantined, .contentNotText)
        }
        if text.isEmpty {
            // A question that is nothing but pictures or files.
            text = (message["files"]?.arrayValue ?? []).compactMap(Self.file).joined(separator: "\n\n")
        }
        let error = message["error"].flatMap { $0.saysSomething ? $0 : nil }
        guard !text.isEmpty || error != nil && role == .assistant else { return nothing(.leftAlone, .empty) }
        var input = NewMessage(role: role, content: text)
        input.model = message["model"]?.modelName
        let sources = OpenWebUISources(message["sources"])
        input.contexts = sources.passages
        let known: Set = [
            "id", "parentId", "childrenIds", "role", "content", "timestamp", "model", "sources", "done",
        ]
        for member in message.members where !known.contains(member.name) { metadata.keep(member.name, member.value) }
        metadata.keep("sources", sources.rest)
        if !sources.isComplete { metadata.leaveOut("sources.document") }
        let created = message["timestamp"]?.time(notAfter: now)
        input.metadata = created == nil ? metadata.object(("time", "estimated")) : metadata.object()
        var result = ForeignMessage(input)
        result.createdAt = created
        if role == .assistant {
            if message["done"] == .bool(false) { result.status = .interrupted }
            if error != nil { result.status = .failed }
            let usage = message["usage"] ?? message["info"]
            let read = (usage?["prompt_tokens"] ?? usage?["prompt_eval_count"])?.count
            let written = (usage?["completion_tokens"] ?? usage?["eval_count"])?.count
            if let read, let written { result.tokensUsed = TokenUsage(prompt: read, completion: written) }
        }
        return result.node(id, parent: parent)
    }

    /// What a part says; of a picture or a file, what it is, and its address where that is short.
    private static func text(of part: JSON) -> String? {
        if let text = part.stringValue ?? part["text"]?.stringValue { return text.isEmpty ? nil : text }
        guard let kind = part["type"]?.nonEmptyString else { return nil }
        return placeholder(kind, part[kind]?["url"] ?? part[kind])
    }

    private static func file(_ file: JSON) -> String? {
        guard file.objectValue != nil else { return nil }
        return placeholder(file["type"]?.nonEmptyString ?? "file", file["name"] ?? file["url"])
    }

    private static func placeholder(_ kind: String, _ name: JSON?) -> String {
        let said = name?.nonEmptyString.flatMap { $0.hasPrefix("data:") || $0.utf8.count > 1024 ? nil : $0 }
        return "[\(kind.prefix(64))\(said.map { ": \($0)" } ?? "")]"
    }
}

/// The passages that an answer was made with.
private struct OpenWebUISources {
    /// Those of which there is room for the text, the first ones.
    private(set) var passages: [JSON]?
    /// What is known of them beside titles and texts, such as pages.
    private(set) var rest: JSON?
    /// Whether there was room for all.
    private(set) var isComplete = true

    init(_ sources: JSON?) {
        var passages: [JSON] = []
        var rest: [JSON] = []
        var bytes = 2
        for source in sources?.arrayValue ?? [] {
            let title = source["source"]?["name"]?.stringValue ?? ""
            for text in (source["document"]?.arrayValue ?? []).compactMap(\.nonEmptyString) {
                let passage: JSON = ["title": .string(title.storable), "text": .string(text.storable)]
                bytes += passage.serialized.count + 1
                guard bytes <= Limits.messageAttachmentBytes else {
                    isComplete = false
                    break
                }
                passages.append(passage)
            }
            guard var more = source.objectValue else { continue }
            more["document"] = nil
            if more["metadata"]?.arrayValue?.allSatisfy({ !$0.saysSomething }) == true { more["metadata"] = nil }
            // The name stays, so that the rest can be told apart.
            if more.members.contains(where: { $0.value.saysSomething && !Self.isName($0.name, $0.value) }) {
                rest.append(.object(more))
            }
        }
        self.passages = passages.isEmpty ? nil : passages
        self.rest = rest.isEmpty ? nil : .array(rest)
    }

    private static func isName(_ member: String, _ value: JSON) -> Bool {
        member == "source" && value.objectValue?.members.allSatisfy { $0.name == "name" } == true
    }
}

extension JSON {
    /// An id: a text, or a whole number.
    fileprivate var name: String? { nonEmptyString ?? intValue.map { "\($0)" } }
}
