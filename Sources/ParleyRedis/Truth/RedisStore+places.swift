internal import ParleyCore
internal import RedisWire

/// What the key of a conversation's id says.
struct SessionPlace: Equatable {
    /// Where it is, or is moved from.
    let project: ProjectID
    /// Where it is being moved to.
    let target: ProjectID?
    /// The key's whole value.
    let text: String

    init?(_ text: String) {
        let halves = text.split(separator: ">", maxSplits: 1)
        guard let project = halves.first.flatMap({ ProjectID($0) }) else { return nil }
        self.project = project
        target = halves.count > 1 ? ProjectID(halves[1].prefix(36)) : nil
        self.text = text
    }

    /// The move's token, where it is moved.
    var token: String { String(text.drop { $0 != ":" }.dropFirst()) }

    /// Since when it is moved.
    var since: Timestamp? {
        text.split(separator: ":").last.flatMap { Int64($0) }.map(Timestamp.init(microseconds:))
    }
}

extension RedisStore {
    /// What a conversation's key says; `nil` where there is none.
    func place(of id: ConversationID) async throws -> SessionPlace? {
        let reply = try await send(["GET", .string(TruthKeys.session(id))])
        return reply.string.flatMap(SessionPlace.init)
    }

    /// Does something in the project that a conversation is in: where it was last, and where it isn't there, where its key
    /// leads.
    ///
    /// - Throws: ``ParleyError/notFound`` where it is nowhere; for other refusals the error of `access`.
    func inProject<Value>(
        of id: ConversationID,
        for access: Access,
        _ body: (ProjectID) async throws -> Value
    ) async throws -> Value {
        var asked: ProjectID?
        for _ in 0..<8 {
            let project: ProjectID
            if asked == nil, let last = known[id] {
                project = last
            } else {
                guard let place = try await place(of: id), place.project != asked else {
                    known[id] = nil
                    throw ParleyError.notFound
                }
                project = place.project
                known[id] = project
            }
            do {
                return try await body(project)
            } catch let refusal as Refusal {
                switch refusal {
                case .missing: asked = project
                case .moving:
                    if access == .read, let value = try await readWhereItIs(id, in: project, body) { return value }
                    try await awaitMove(of: id, in: project)
                    asked = nil
                    known[id] = nil
                default: throw refusal.error(for: access)
                }
            }
        }
        throw ParleyError.unavailable("The conversation is being moved.")
    }

    /// Reads a conversation that is being moved, as long as it has not moved; `nil` where it has.
    private func readWhereItIs<Value>(
        _ id: ConversationID,
        in project: ProjectID,
        _ body: (ProjectID) async throws -> Value
    ) async throws -> Value? {
        guard let place = try await place(of: id), place.project == project, place.target != nil else { return nil }
        do {
            return try await Self.$seesMoving.withValue(true) { try await body(project) }
        } catch is Refusal {
            return nil
        }
    }
}
