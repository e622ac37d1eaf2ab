import ParleyCore

/// One of two stores that the same script runs against.
///
/// Stores make their own ids, so the script speaks of things by the order in which they came up, and what comes back is
/// written down with names in place of ids.
struct ScriptedStore {
    let store: any ConversationStore
    private(set) var conversations: [ConversationID] = []
    private(set) var messages: [(conversation: ConversationID, id: MessageID)] = []
    private(set) var leases: [ReplyLease] = []
    private(set) var projects: [ProjectID] = []
    private var names: [String: String] = [:]

    init(_ store: any ConversationStore) {
        self.store = store
    }

    func conversation(_ place: Int) -> ConversationID {
        conversations.indices ~= place ? conversations[place] : ConversationID(high: 0, low: 1)
    }

    func message(_ place: Int) -> (conversation: ConversationID, id: MessageID) {
        messages.indices ~= place
            ? messages[place] : (ConversationID(high: 0, low: 1), MessageID(high: 0, low: 2))
    }

    func project(_ place: Int) -> ProjectID {
        projects.indices ~= place ? projects[place] : ProjectID(high: 0, low: 3)
    }

    func lease(_ place: Int) -> ReplyLease? {
        leases.indices ~= place ? leases[place] : nil
    }

    /// Takes note of what a write brought up.
    mutating func learn(_ changes: [Change]) {
        for change in changes {
            switch change {
            case .conversationCreated(let conversation): conversations.append(conversation.id)
            case .messageAppended(let message): messages.append((message.conversationID, message.id))
            case .conversationUpdated, .conversationDeleted, .messageUpdated: break
            }
        }
    }

    mutating func learn(_ lease: ReplyLease) { leases.append(lease) }

    mutating func learn(_ project: Project) {
        if !projects.contains(project.id) { projects.append(project.id) }
    }

    /// What came of an operation, as text with names in place of ids.
    mutating func transcript(of operation: StoreOperation) async -> String {
        do {
            return renamed(try await operation.run(&self))
        } catch let error as ParleyError {
            return "\(error.code) \(error.parameter ?? "") \(error.revision.map(String.init) ?? "")"
        } catch {
            return "\(error)"
        }
    }

    private mutating func renamed(_ text: String) -> String {
        var result = ""
        var word = ""
        for character in text + " " {
            if character.isHexDigit || character == "-" {
                word.append(character)
                continue
            }
            result += word.count == 36 ? name(of: word) : word
            result.append(character)
            word = ""
        }
        return result
    }

    private mutating func name(of id: String) -> String {
        if let name = names[id] { return name }
        let name = "#\(names.count)"
        names[id] = name
        return name
    }
}
