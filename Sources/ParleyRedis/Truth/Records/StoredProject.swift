internal import ParleyCore
internal import RedisWire

/// A project as its two hashes keep it.
struct StoredProject: Sendable {
    /// The project with its members.
    var project: Project
    /// Of what its create was given; none for a personal project, which nobody asked for.
    var fingerprint: Fingerprint?
    /// The name of this version: what a commit compares.
    var tag: LogTag

    init(_ project: Project, fingerprint: Fingerprint?) {
        self.project = project
        self.fingerprint = fingerprint
        tag = LogTag(bits: 0)
    }

    /// Reads what ``TruthScripts/project`` answers.
    init(_ id: ProjectID, _ answer: [RedisReply]) throws {
        guard answer.count == 2 else { throw UnreadableRecord(what: "project") }
        let hash = RedisHash(answer[0])
        let roles = RedisHash(answer[1])
        guard let name = hash["name"], let createdAt = hash.time("created_at"), let updatedAt = hash.time("updated_at"),
            let tag = hash["tag"].flatMap(LogTag.init(text:))
        else { throw UnreadableRecord(what: "project") }
        let members = roles.names.compactMap { email in
            roles[email].flatMap(Role.init(rawValue:)).map { Member(email: EmailAddress(normalized: email), role: $0) }
        }
        project = Project(
            id: id,
            name: name,
            description: hash["description"],
            persona: hash["persona"],
            retentionDays: hash.integer("retention_days"),
            isPersonal: hash["personal"] != nil,
            members: members.sorted { $0.email < $1.email },
            createdAt: createdAt,
            updatedAt: updatedAt
        )
        fingerprint = hash["fingerprint"].flatMap { Int64($0) }.map(Fingerprint.init(value:))
        self.tag = tag
    }

    /// The writes that make the hash of the project's fields so; members are another.
    func write(to batch: inout WriteBatch, isNew: Bool) {
        let optional: [(String, RedisArgument?)] = [
            ("name", .string(project.name)), ("created_at", .integer(project.createdAt.microseconds)),
            ("updated_at", .integer(project.updatedAt.microseconds)),
            ("description", project.description.map { .string($0) }), ("persona", project.persona.map { .string($0) }),
            ("retention_days", project.retentionDays.map { .integer($0) }),
            ("personal", project.isPersonal ? "1" : nil), ("fingerprint", fingerprint.map { .integer($0.value) }),
        ]
        let present = optional.compactMap { name, value in value.map { (name, $0) } }
        batch.command("HSET", "", present.flatMap { [.string($0.0), $0.1] })
        if !isNew { batch.command("HDEL", "", optional.filter { $0.1 == nil }.map { .string($0.0) }) }
    }
}
