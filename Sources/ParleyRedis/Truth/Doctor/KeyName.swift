internal import ParleyCore

/// The name of a key, taken apart.
enum KeyName {
    /// A key that belongs to a conversation: its log, a message, or what is beside these.
    struct Part {
        let key: String
        let conversation: ConversationID
        let message: MessageID?
        /// Whether it is the message itself.
        let isMessage: Bool
    }

    case way(ConversationID)
    case project(ProjectID)
    case session(ProjectID, ConversationID)
    case part(ProjectID, Part)
    /// A bucket of places.
    case places(ProjectID)
    /// The records of some documents of the index, by their number.
    case documents(ProjectID, Int)
    /// The terms of a beginning.
    case shelf(ProjectID, beginning: String)
    /// A term's own list.
    case list(ProjectID, term: String)
    case other

    init(_ key: String) {
        self = .other
        if let found = Self.braced(key, "session:") {
            if found.rest.isEmpty, let id = ConversationID(found.id) { self = .way(id) }
            return
        }
        guard let found = Self.braced(key, "project:"), let project = ProjectID(found.id) else { return }
        let words = found.rest.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            .dropFirst().map { String(Substring($0)) }
        switch (words.first, words.dropFirst().first) {
        case (nil, _): self = .project(project)
        // Without more words it says how many digits the buckets' names have.
        case ("places", _?): self = .places(project)
        case ("documents", let number?): if let number = Int(number) { self = .documents(project, number) }
        case ("terms", let beginning?): self = .shelf(project, beginning: beginning)
        case ("term", let term?): self = .list(project, term: term)
        case ("sessions", let rest?): self = Self.session(rest, key, project)
        default: return
        }
    }

    private static func session(_ rest: String, _ key: String, _ project: ProjectID) -> Self {
        let words = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard let id = words.first.flatMap({ ConversationID($0) }) else { return .other }
        guard words.count > 1 else { return .session(project, id) }
        let message = words[1] == "messages" && words.count > 2 ? MessageID(words[2]) : nil
        let isMessage = message != nil && words.count == 3
        return .part(project, Part(key: key, conversation: id, message: message, isMessage: isMessage))
    }

    // By bytes: a term may begin with what makes one character of itself and the colon before it.
    private static func braced(_ key: String, _ prefix: String) -> (id: Substring, rest: Substring.UTF8View)? {
        let bytes = key.utf8
        guard bytes.starts(with: prefix.utf8), let end = bytes.firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let start = bytes.index(bytes.startIndex, offsetBy: prefix.utf8.count)
        guard bytes[start] == UInt8(ascii: "{") else { return nil }
        return (Substring(bytes[bytes.index(after: start)..<end]), bytes[bytes.index(after: end)...])
    }
}
