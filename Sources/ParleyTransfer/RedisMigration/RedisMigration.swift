public import ParleyCore
public import RedisWire

/// Rescues the conversations that an old server kept in Redis, in steps that can each be run alone, stopped, and run again.
///
/// 1. ``backup(to:again:)`` writes down what is there, to be restored to the last bit.
/// 2. ``plan()`` says what would become of it, and writes nothing anywhere.
/// 3. ``apply(to:as:members:state:)`` brings it into a store; the same again adds nothing.
/// 4. ``validate(_:state:)`` compares both.
/// 5. ``clean(_:withQuarantined:)`` removes what was brought, and not before a comparison has held.
///
/// ``rollback(_:)`` is the way back from anywhere, and ``undoImport(from:as:state:)`` takes back what was brought.
public struct RedisMigration: Sendable {
    let redis: OldRedis
    let clock: any WallClock

    /// Takes the old Redis, which nobody but the backup's way back and the cleaning writes to.
    public init(from redis: any RedisCommanding, clock: any WallClock = SystemClock()) {
        self.redis = OldRedis(redis)
        self.clock = clock
    }

    /// Says what would become of every record, and only reads.
    public func plan() async throws -> MigrationAccount {
        // Ids hang on the owner's personal project, and are never shown here.
        let ids = DerivedIDs(into: ProjectID(high: 0, low: 0), from: "redis")
        return try await MigrationPass(redis: redis, ids: ids, now: clock.now()).run { _ in [] }.account
    }
}

/// Who else may see the projects that are made, by their old names.
public struct MigrationMembers: Sendable {
    /// For each project its members.
    let members: [ExactText: [Member]]

    /// Nobody.
    public static let none = MigrationMembers(members: [:])

    init(members: [ExactText: [Member]]) {
        self.members = members
    }

    /// Reads `{"project": [{"email": …, "role": "owner" | "editor" | "viewer"}]}`.
    public init(parsing bytes: [UInt8]) throws(ParleyError) {
        let flaw = ParleyError(
            .invalidRequest,
            "The members must be a JSON object: for each project's old id a list of {\"email\", \"role\"}."
        )
        guard let object = (try? JSON(parsing: bytes))?.objectValue else { throw flaw }
        var members: [ExactText: [Member]] = [:]
        for project in object.members {
            guard let list = project.value.arrayValue else { throw flaw }
            for person in list {
                guard let email = person["email"]?.stringValue.flatMap(EmailAddress.init),
                    let role = Role(rawValue: person["role"]?.stringValue ?? "editor")
                else { throw flaw }
                members[ExactText(project.name), default: []].append(Member(email: email, role: role))
            }
        }
        self.init(members: members)
    }
}
