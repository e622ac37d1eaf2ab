internal import ParleyCore

/// A conversation as ChatGPT exports it in `conversations.json`: a `mapping` of nodes with parents, and `current_node`.
struct ChatGPTFormat {
    let now: Timestamp

    /// Reads one conversation; `nil` where it is none.
    func conversation(_ object: JSONObject) -> ForeignConversation? {
        guard let key = object["conversation_id"]?.nonEmptyString ?? object["id"]?.nonEmptyString,
            case .object(let mapping) = object["mapping"]
        else { return nil }
        var source = ForeignConversation(key: key)
        source.title = object["title"]?.nonEmptyString
        source.createdAt = object["create_time"]?.time(notAfter: now)
        source.updatedAt = object["update_time"]?.time(notAfter: now)
        source.isArchived = object["is_archived"]?.boolValue ?? false
        source.isPinned = object["is_starred"]?.boolValue ?? false
        source.current = object["current_node"]?.nonEmptyString
        var metadata = ForeignMetadata(.chatgpt, id: key)
        let known: Set = [
            "mapping", "title", "current_node", "id", "conversation_id", "create_time", "update_time", "is_archived",
            "is_starred",
        ]
        for member in object.members where !known.contains(member.name) { metadata.keep(member.name, member.value) }
        source.metadata = metadata.object()
        source.nodes = mapping.members.map { node($0.name, $0.value) }
        return source
    }

    private func node(_ id: String, _ value: JSON) -> ForeignNode {
        let parent = value["parent"]?.stringValue
        let nothing = { (outcome: ImportItemOutcome, reason: ImportReason) in
            ForeignNode(id: id, parent: parent, content: .none(outcome, reason))
        }
        guard let message = value["message"]?.objectValue else {
            // The root of each tree says nothing.
            let isNothing = value.objectValue != nil && (value["message"] ?? .null) == .null
            return isNothing ? nothing(.leftAlone, .empty) : nothing(.quarantined, .notAnObject)
        }
        let details = message["metadata"]
        let kind = message["content"]?["content_type"]?.stringValue ?? "text"
        let isHidden = details?["is_visually_hidden_from_conversation"]?.boolValue == true
        guard !isHidden, !Self.instructions.contains(kind) else { return nothing(.leftAlone, .hidden) }
        let role: MessageRole
        switch message["author"]?["role"]?.stringValue {
        case "user": role = .user
        case "assistant": role = .assistant
        case "system": role = .system
        case "tool": role = .tool
        default: return nothing(.quarantined, .unknownRole)
        }
        guard let content = message["content"]?.objectValue else { return nothing(.quarantined, .noContent) }
        let (text, attached) = Self.text(of: content, kind)
        guard !text.isEmpty else { return nothing(.leftAlone, .empty) }
        var input = NewMessage(role: role, content: text)
        input.model = details?["model_slug"]?.modelName
        var metadata = ForeignMetadata(.chatgpt, id: id)
        if kind != "text" { metadata.keep("content_type", .string(kind)) }
        metadata.keep("name", message["author"]?["name"])
        if message["recipient"] != "all" { metadata.keep("recipient", message["recipient"]) }
        metadata.keep("channel", message["channel"])
        metadata.keep("parts", attached.isEmpty ? nil : .array(attached))
        metadata.keep("metadata", details)
        let created = message["create_time"]?.time(notAfter: now)
        input.metadata = created == nil ? metadata.object(("time", "estimated")) : metadata.object()
        var result = ForeignMessage(input)
        result.createdAt = created
        result.updatedAt = message["update_time"]?.time(notAfter: now)
        if message["status"] == "in_progress", role == .assistant { result.status = .interrupted }
        return result.node(id, parent: parent)
    }

    /// What is sent along and never shown.
    private static let instructions: Set = ["user_editable_context", "model_editable_context"]

    /// What a content says, and the parts of it that are no text.
    private static func text(of content: JSONObject, _ kind: String) -> (text: String, attached: [JSON]) {
        let said = content["text"]?.nonEmptyString
        switch kind {
        case "code":
            return (said.map { MarkdownText.fenced($0, language: content["language"]?.stringValue) } ?? "", [])
        case "thoughts":
            let thoughts = content["thoughts"]?.arrayValue ?? []
            let texts = thoughts.map { thought in
                [thought["summary"]?.nonEmptyString.map { "**\($0)**" }, thought["content"]?.nonEmptyString]
                    .compactMap(\.self).joined(separator: "\n\n")
            }
            return (texts.filter { !$0.isEmpty }.joined(separator: "\n\n"), [])
        case "tether_quote":
            let source = [content["title"], content["url"]].compactMap { $0?.nonEmptyString }.joined(separator: ", ")
            return ([source, said ?? ""].filter { !$0.isEmpty }.joined(separator: "\n\n"), [])
        default: break
        }
        var texts: [String] = []
        var attached: [JSON] = []
        for part in content["parts"]?.arrayValue ?? [] {
            switch part {
            case .string(let text): texts.append(text)
            case .object(let object):
                // What was heard is text; a picture or a sound is not in the export but by its name.
                if let text = object["text"]?.nonEmptyString {
                    texts.append(text)
                } else {
                    let kind = object["content_type"]?.nonEmptyString ?? "attachment"
                    let name = object["asset_pointer"]?.nonEmptyString.map { ": \($0)" } ?? ""
                    texts.append("[\(kind)\(name)]")
                }
                attached.append(part)
            default: attached.append(part)
            }
        }
        if texts.allSatisfy(\.isEmpty) {
            texts = [said ?? content["result"]?.nonEmptyString ?? content["content"]?.nonEmptyString ?? ""]
        }
        return (texts.filter { !$0.isEmpty }.joined(separator: "\n\n"), attached)
    }
}

/// Texts that are read as Markdown.
enum MarkdownText {
    /// A text as a block of code, within a fence that nothing in it ends.
    static func fenced(_ text: String, language: String?) -> String {
        var longest = 0
        var run = 0
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: max(3, longest + 1))
        let isWord = language.map { name in
            1...32 ~= name.utf8.count && name.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "`") }
        }
        let name = isWord == true && language != "unknown" ? language ?? "" : ""
        return "\(fence)\(name)\n\(text)\n\(fence)"
    }
}
