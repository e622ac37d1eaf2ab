internal import ParleyCore
internal import RedisWire

/// What the keys of the truth in Redis are called: one place, since several instances, other parts and `redis-cli` rely on it.
///
/// With pid, sid, mid the lower-case text of ids; the braces are really there, so that all of a project shares one slot:
/// - `project:{pid}` HASH of the project's fields, `project:{pid}:members` HASH of roles by address
/// - `project:{pid}:sessions` SET of session ids, `project:{pid}:recent` ZSET of them by `updated_at`
/// - `project:{pid}:sessions:sid` HASH, `…:messages` LIST of message ids, `…:messages:mid` STRING with the message as JSON
/// - beside those, where there is something: `…:messages:mid:versions` LIST, `…:messages:mid:pieces` LIST of a running reply,
///   `…:sessions:sid:changed` ZSET of `seq`s by revision, of messages that changed after they were appended,
///   `…:drafts` and `…:read` HASHes by address, `…:imports` HASH of what imports did, by batch
/// - `project:{pid}:leases` ZSET of sessions with a running reply, by the lease's end
/// - `project:{pid}:places:d` HASHes of the sessions that hold a message, 16 bytes each, by the message's 16 bytes; d are its
///   last hexadecimal digits, as many as `project:{pid}:places` says (none: 1), or fewer
/// - `project:{pid}:trash` SET of deleted sessions whose messages are still there, `project:{pid}:building` ZSET of sessions
///   whose messages are there before they are, by the time that began, `project:{pid}:moving` HASH of sessions on their way,
///   `to:pid:token:since` where they come from and `from:pid:token:since` where they go; there `…:sessions:sid:arriving` is
///   the hash until it has arrived
/// - `project:{pid}:ahead` SET of sessions that hold messages with times later than their `updated_at`
/// - `project:{pid}:never` and others that end so are never there, see ``RedisStore/run(_:keys:arguments:)``
/// - `session:{sid}` STRING, its project; while it moves `from>to:token:since`
/// - `person:{email}` HASH: `personal`, `draft`; `person:{email}:projects` SET of projects the person may be in;
///   `person:{email}:imports` SET of batches, `person:{email}:imports:batch` SET of sessions
/// - `projects` SET of all projects, `running` ZSET of projects with turns, by the last one's beginning
///
/// Times are microseconds since 1970. Nothing expires.
enum TruthKeys {
    /// What all keys of a project begin with, and the hash of its fields.
    static func project(_ id: ProjectID) -> String { "project:{\(id)}" }

    /// A key of the same slot that never exists; none where the first key's slot is its own.
    static func never(beside keys: [RedisArgument]) -> [RedisArgument] {
        guard let first = keys.first else { return [] }
        let never = RedisArgument.string("\(first):never")
        return RedisSlot(ofKey: never) == RedisSlot(ofKey: first) ? [never] : []
    }

    /// The key that leads from a conversation to its project.
    static func session(_ id: ConversationID) -> String { "session:{\(id)}" }

    /// What is kept of a person beside projects.
    static func person(_ email: EmailAddress) -> String { "person:{\(email)}" }

    /// The projects that a person may be in; whether they are, the project says.
    static func projects(of email: EmailAddress) -> String { person(email) + ":projects" }

    /// The imports of a person that did something.
    static func imports(of email: EmailAddress) -> String { person(email) + ":imports" }

    /// The conversations that a person's import touched.
    static func imports(of email: EmailAddress, _ batch: ImportBatchID) -> String {
        "\(imports(of: email)):\(batch)"
    }

    /// All projects.
    static let projects = "projects"

    /// Projects with turns, by when the last one began.
    static let running = "running"

    // MARK: Behind a project's key

    static func session(in id: ConversationID) -> String { ":sessions:\(id)" }
    static func messages(of id: ConversationID) -> String { ":sessions:\(id):messages" }
    static func message(_ message: MessageID, of id: ConversationID) -> String { ":sessions:\(id):messages:\(message)" }
    static func versions(of message: MessageID, in id: ConversationID) -> String {
        ":sessions:\(id):messages:\(message):versions"
    }
    static func pieces(of message: MessageID, in id: ConversationID) -> String {
        ":sessions:\(id):messages:\(message):pieces"
    }
    static func changed(of id: ConversationID) -> String { ":sessions:\(id):changed" }
    static func drafts(of id: ConversationID) -> String { ":sessions:\(id):drafts" }
    static func readMarks(of id: ConversationID) -> String { ":sessions:\(id):read" }
    static func imports(of id: ConversationID) -> String { ":sessions:\(id):imports" }
}
