public import ParleyCore

extension EmailAddress {
    /// A person of the tests: `name@example.org`, where `name` is in lower case.
    public static func person(_ name: String) -> EmailAddress {
        EmailAddress(normalized: "\(name)@example.org")
    }
}

extension Identity {
    /// A person of the tests: `name@example.org`.
    public static func person(_ name: String, department: String? = nil, sessionID: String? = nil) -> Identity {
        Identity(email: .person(name), department: department, sessionID: sessionID)
    }

    /// Whose things the tests are about.
    public static let alice = person("alice")
    /// Who may often write to Alice's things.
    public static let bob = person("bob")
    /// Who may often only read them.
    public static let carol = person("carol")
    /// Who has things of their own, and may see none of Alice's.
    public static let mallory = person("mallory")
    /// Whom no store has ever seen.
    public static let nobody = person("nobody")
}

extension NewMessage {
    /// What a person says.
    public static func user(_ content: String, id: MessageID? = nil) -> NewMessage {
        NewMessage(id: id, role: .user, content: content)
    }

    /// What a model says.
    public static func assistant(_ content: String, id: MessageID? = nil) -> NewMessage {
        NewMessage(id: id, role: .assistant, content: content)
    }
}
