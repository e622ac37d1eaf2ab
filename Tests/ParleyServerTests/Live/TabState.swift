import ParleyCore

/// What a tab shows: folded by revision from what it has read and what it was told, in whatever order that came.
struct TabState: Sendable {
    /// What is to be asked for, since the state can't be told from what came.
    enum Need: Hashable, Sendable {
        /// The lists: something was missed, and it is not known where.
        case lists
        /// What has changed in an open conversation since the revision that is held.
        case changes(String)
        /// To be kept in step with an open conversation, from the revision that is held.
        case subscription(String)
        /// A message of which pieces are missing.
        case message(String, of: String)
    }

    /// A conversation as a list shows it.
    struct Entry: Sendable {
        var revision: Int
        var conversation: JSON
    }

    /// An open conversation's messages.
    struct Log: Sendable {
        /// Everything up to here is held; `nil` before the first answer.
        var revision: Int?
        /// What is held beyond.
        var later: Set<Int> = []
        var messages: [String: JSON] = [:]
        /// Whether the server says that it keeps the tab in step.
        var isInStep = false
    }

    private(set) var entries: [String: Entry] = [:]
    private(set) var logs: [String: Log] = [:]
    private(set) var gone: Set<String> = []
    /// Whether what is beyond the next revision is taken as a sign that something is missing.
    var asksAboutGaps = false

    // MARK: What it shows

    /// A conversation with all of its messages, without what only a list has.
    struct Shown: Hashable, Sendable {
        var head: [JSON?]
        var messages: [JSON]

        init(head conversation: JSON, messages: some Sequence<JSON>) {
            head = TabState.head(conversation)
            self.messages = messages.sorted { ($0["seq"]?.intValue ?? 0) < ($1["seq"]?.intValue ?? 0) }
        }
    }

    /// What a list and an open conversation show of it beside its messages.
    static func head(_ conversation: JSON) -> [JSON?] {
        ["id", "project_id", "owner", "title", "description", "status", "pinned", "metadata", "forked_from"]
            .map { conversation[$0] }
    }

    /// An open conversation as it is shown; `nil` where it is not.
    func shown(_ conversation: String) -> Shown? {
        guard let entry = entries[conversation], let log = logs[conversation] else { return nil }
        return Shown(head: entry.conversation, messages: log.messages.values)
    }

    /// The list.
    var list: [String: [JSON?]] { entries.mapValues { Self.head($0.conversation) } }

    // MARK: What it reads

    /// Opens a conversation.
    mutating func open(_ conversation: String) {
        if logs[conversation] == nil { logs[conversation] = Log() }
    }

    /// Forgets what it shows, as a page that is loaded anew.
    mutating func reload() { (entries, logs, gone) = ([:], [:], []) }

    /// Nobody keeps it in step: the connection has ended.
    mutating func disconnected() { for id in logs.keys { logs[id]?.isInStep = false } }

    /// A conversation is not there to be seen.
    mutating func lose(_ conversation: String) {
        (entries[conversation], logs[conversation]) = (nil, nil)
    }

    /// What is in the store of one to whom this one's past is unknown.
    mutating func forget(_ conversation: String) {
        if logs[conversation] != nil { logs[conversation] = Log() }
        entries[conversation] = nil
    }

    /// Takes conversations of a list.
    mutating func take(listed conversations: [JSON]) {
        for conversation in conversations { take(conversation: conversation) }
    }

    /// Takes an answer of `/changes`: everything up to its revision is held then.
    mutating func take(changes page: JSON, of id: String) {
        take(messages: page["messages"]?.arrayValue ?? [], of: id)
        if let conversation = page["conversation"], page["has_more"] == false { take(conversation: conversation) }
        if let revision = page["revision"]?.intValue { reach(revision, in: id) }
    }

    /// Takes messages that were read.
    mutating func take(messages: [JSON], of conversation: String) {
        for message in messages { _ = take(message, of: conversation) }
    }

    /// Everything up to a revision is held.
    mutating func reach(_ revision: Int, in conversation: String) {
        guard let log = logs[conversation] else { return }
        logs[conversation]?.revision = max(log.revision ?? 0, revision)
        closeUp(conversation)
    }

    private mutating func closeUp(_ conversation: String) {
        guard var log = logs[conversation], var revision = log.revision else { return }
        log.later = log.later.filter { $0 > revision }
        while log.later.remove(revision + 1) != nil { revision += 1 }
        log.revision = revision
        logs[conversation] = log
    }

    private mutating func take(conversation: JSON) {
        guard let id = conversation["id"]?.stringValue, let revision = conversation["revision"]?.intValue else {
            return
        }
        guard !gone.contains(id), revision > entries[id]?.revision ?? 0 else { return }
        entries[id] = Entry(revision: revision, conversation: conversation)
    }

    /// Takes a message; returns whether that is its newest state.
    private mutating func take(_ message: JSON, of conversation: String) -> Bool {
        guard let id = message["id"]?.stringValue, let revision = message["revision"]?.intValue,
            let held = logs[conversation]?.messages[id]
        else {
            if let id = message["id"]?.stringValue { logs[conversation]?.messages[id] = message }
            return true
        }
        let heldRevision = held["revision"]?.intValue ?? 0
        let isNewer =
            revision > heldRevision
            || revision == heldRevision && message["next_index"]?.intValue ?? 0 > held["next_index"]?.intValue ?? 0
        if isNewer { logs[conversation]?.messages[id] = message }
        return isNewer
    }

    // MARK: What it is told

    /// Folds an event; returns what is to be asked for.
    mutating func take(_ event: JSON) -> [Need] {
        guard let type = event["type"]?.stringValue else { return [] }
        guard let id = event["conversation_id"]?.stringValue else { return type == "resync" ? missed() : [] }
        switch type {
        case "chat_message", "message_updated":
            guard let message = event["message"], let revision = event["revision"]?.intValue else { return [] }
            _ = take(message, of: id)
            return saw(revision, of: id)
        case "conversation_created", "conversation_updated":
            guard let conversation = event["conversation"], let revision = event["revision"]?.intValue else {
                return []
            }
            take(conversation: conversation)
            return saw(revision, of: id)
        case "conversation_deleted":
            lose(id)
            gone.insert(id)
            return []
        case "message_delta":
            return takePiece(event, of: id)
        case "subscribed":
            guard logs[id] != nil, let revision = event["revision"]?.intValue else { return [] }
            logs[id]?.isInStep = true
            reach(revision, in: id)
            return []
        case "resync":
            logs[id]?.isInStep = false
            return logs[id] == nil ? [] : [.changes(id)]
        default:
            return []
        }
    }

    private mutating func missed() -> [Need] {
        for id in logs.keys { logs[id]?.isInStep = false }
        return [.lists] + logs.keys.map { .changes($0) }
    }

    private mutating func saw(_ revision: Int, of conversation: String) -> [Need] {
        guard let held = logs[conversation]?.revision, revision > held else { return [] }
        logs[conversation]?.later.insert(revision)
        closeUp(conversation)
        guard asksAboutGaps, let log = logs[conversation], log.isInStep, !log.later.isEmpty else { return [] }
        return [.changes(conversation)]
    }

    private mutating func takePiece(_ event: JSON, of conversation: String) -> [Need] {
        guard let id = event["message_id"]?.stringValue, let index = event["index"]?.intValue,
            let text = event["text"]?.stringValue, case .object(var message)? = logs[conversation]?.messages[id],
            message["status"] == "streaming", let next = message["next_index"]?.intValue
        else { return [] }
        if index < next { return [] }
        guard index == next else { return [.message(id, of: conversation)] }
        message["content"] = .string((message["content"]?.stringValue ?? "") + text)
        message["next_index"] = .number(JSONNumber(next + 1))
        logs[conversation]?.messages[id] = .object(message)
        return []
    }
}
