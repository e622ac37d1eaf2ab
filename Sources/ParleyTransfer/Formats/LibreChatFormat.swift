internal import ParleyCore

/// A conversation as LibreChat exports it: messages in a list, or within each other's `children`, that name their parents.
struct LibreChatFormat {
    let now: Timestamp

    /// The conversation of a text; `nil` where it is none.
    func conversation(_ bytes: [UInt8]) throws(JSONSyntaxError) -> ForeignConversation? {
        let (whole, children) = try NestedChildren.hoisted(bytes)
        guard case .object(let object) = try JSON(mending: whole),
            let key = object["conversationId"]?.nonEmptyString
        else { return nil }
        guard case .array(var messages) = object["messages"] ?? object["messagesTree"] else { return nil }
        let listed = messages.count
        for child in children { messages.append(try JSON(mending: child.text)) }
        let name = { (index: Int) in messages[index]["messageId"]?.nonEmptyString ?? "\(index)" }
        // One that names no parent answers the message in which it stood.
        let standing = { (index: Int) -> String? in
            guard index >= listed else { return nil }
            switch children[index - listed].parent {
            case .listed(let place): return place < listed ? name(place) : nil
            case .child(let place): return name(listed + place)
            }
        }
        var source = ForeignConversation(key: key)
        source.title = object["title"]?.nonEmptyString
        source.createdAt = object["createdAt"]?.time(notAfter: now)
        source.updatedAt = object["updatedAt"]?.time(notAfter: now)
        source.isArchived = object["isArchived"]?.boolValue ?? false
        source.isPinned = object["pinned"]?.boolValue ?? false
        var metadata = ForeignMetadata(.librechat, id: key)
        for name in ["endpoint", "options", "tags", "exportAt"] { metadata.keep(name, object[name]) }
        source.metadata = metadata.object()
        var places: [String: Int] = [:]
        for (index, message) in messages.enumerated() {
            let id = name(index)
            if let place = places[id] {
                // A list without branches may repeat what it has.
                let isSame = messages[place] == message
                let content: ForeignNode.Content = .none(isSame ? .merged : .quarantined, isSame ? .empty : .differs)
                source.nodes.append(ForeignNode(id: "\(id)#\(index)", parent: nil, content: content))
                continue
            }
            places[id] = index
            source.nodes.append(node(id, message, in: standing(index)))
        }
        return source
    }

    private func node(_ id: String, _ value: JSON, in standing: String?) -> ForeignNode {
        let parent = value["parentMessageId"]?.stringValue ?? standing
        let nothing = { (outcome: ImportItemOutcome, reason: ImportReason) in
            ForeignNode(id: id, parent: parent, content: .none(outcome, reason))
        }
        guard case .object(let message) = value else { return nothing(.quarantined, .notAnObject) }
        let role: MessageRole
        switch (message["isCreatedByUser"]?.boolValue, message["sender"]?.stringValue?.lowercased()) {
        case (true, _), (nil, "user"): role = .user
        case (false, _), (nil, .some): role = .assistant
        case (nil, nil): return nothing(.quarantined, .unknownRole)
        }
        let said = message["text"]?.nonEmptyString ?? ""
        let text = said.isEmpty ? Self.text(of: message["content"]?.arrayValue ?? []) : said
        let isError = message["error"]?.boolValue == true
        guard !text.isEmpty || isError && role == .assistant else { return nothing(.leftAlone, .empty) }
        var input = NewMessage(role: role, content: text)
        input.model = message["model"]?.modelName
        var metadata = ForeignMetadata(.librechat, id: id)
        let known: Set = [
            "_id", "__v", "messageId", "conversationId", "parentMessageId", "isCreatedByUser", "text", "model", "user",
            "createdAt", "updatedAt", "children", "unfinished", "error", "isEdited",
        ]
        for member in message.members where !known.contains(member.name) { metadata.keep(member.name, member.value) }
        let created = message["createdAt"]?.time(notAfter: now)
        input.metadata = created == nil ? metadata.object(("time", "estimated")) : metadata.object()
        var result = ForeignMessage(input)
        result.createdAt = created
        result.updatedAt = message["updatedAt"]?.time(notAfter: now)
        result.isEdited = message["isEdited"]?.boolValue ?? false
        if role == .assistant {
            if message["unfinished"]?.boolValue == true { result.status = .interrupted }
            if isError { result.status = .failed }
        }
        return result.node(id, parent: parent)
    }

    /// What an answer in parts says: texts, thoughts, and what tools were asked and found.
    private static func text(of parts: [JSON]) -> String {
        let texts = parts.map { part -> String in
            switch part["type"]?.stringValue {
            case "think": return part["think"]?.stringValue ?? ""
            case "tool_call":
                let call = part["tool_call"]
                let name = call?["name"]?.stringValue ?? "tool"
                let output = call?["output"]?.nonEmptyString
                return output.map { MarkdownText.fenced($0, language: nil) }.map { "\(name):\n\n\($0)" } ?? ""
            default: return part["text"]?.stringValue ?? part["text"]?["value"]?.stringValue ?? ""
            }
        }
        return texts.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }
}
