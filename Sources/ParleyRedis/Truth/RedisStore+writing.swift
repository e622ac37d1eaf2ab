internal import ParleyCore
internal import RedisWire

extension RedisStore {
    /// How often a write is worked out again because somebody else was faster.
    static let attempts = 512

    /// How a batch is committed.
    struct CommitTerms {
        var email: EmailAddress?
        var access: Access = .write
        var now: Timestamp
        var session: ConversationID?
        /// The tag that the session must have; `nil` for any.
        var tag: LogTag?
        var isNewSession = false
        /// The tag that the session gets.
        var nextTag: LogTag?
        var projectTag: LogTag?
        var isNewProject = false
        var nextProjectTag: LogTag?
        var flags = ""
    }

    /// Applies a batch, all or nothing; returns the preview where `flags` ask for it.
    @discardableResult
    func commit(_ batch: WriteBatch, in project: ProjectID, _ terms: CommitTerms) async throws -> String? {
        let head: [RedisArgument] = [
            .string(terms.email?.value ?? ""), .string(terms.email == nil ? "none" : terms.access.rawValue),
            .integer(terms.now.microseconds), .string(terms.session.map { "\($0)" } ?? ""),
            .string(terms.isNewSession ? "new" : terms.tag?.stored ?? ""), .string(terms.nextTag?.stored ?? ""),
            .string(terms.isNewProject ? "new" : terms.projectTag?.stored ?? ""),
            .string(terms.nextProjectTag?.stored ?? ""), .string(terms.flags),
        ]
        let answer = try await run(TruthScripts.commit, in: project, head + batch.arguments)
        return answer.first.flatMap(SessionView.preview)
    }

    /// Changes a conversation: reads what is needed, works out what it becomes, and commits that if it is still as it was;
    /// else all over again.
    ///
    /// Nobody is asked for where `email` is `nil`, as for who holds a lease. `flags` are those of ``TruthScripts/view``; with
    /// `p` the preview is read anew behind the commit. `body` may run several times; where it makes no writes, nothing is
    /// committed. What it returned comes back with the preview.
    func write<Value: Sendable>(
        to id: ConversationID,
        _ part: SessionView.Part,
        flags: String = "",
        for access: Access = .write,
        as email: EmailAddress?,
        _ body: (inout SessionWriting) throws -> Value
    ) async throws -> (value: Value, preview: String?) {
        try await turns.take(id) {
            for _ in 0..<Self.attempts {
                do {
                    return try await inProject(of: id, for: access) { project in
                        try await attempt(id, in: project, part, flags, access, email, body)
                    }
                } catch is LostRace {
                    continue
                }
            }
            throw ParleyError.unavailable("Too many change the same thing.")
        }
    }

    /// Somebody else's write came first.
    struct LostRace: Error {}

    private func attempt<Value: Sendable>(
        _ id: ConversationID,
        in project: ProjectID,
        _ part: SessionView.Part,
        _ flags: String,
        _ access: Access,
        _ email: EmailAddress?,
        _ body: (inout SessionWriting) throws -> Value
    ) async throws -> (value: Value, preview: String?) {
        let now = clock.now()
        let view = try await view(id, in: project, part, flags: flags, for: access, as: email, at: now)
        var writing = SessionWriting(view, at: now)
        let value = try body(&writing)
        let batch = writing.finished()
        guard !batch.isEmpty else { return (value, view.preview) }
        let terms = CommitTerms(
            email: email,
            access: access,
            now: now,
            session: id,
            tag: view.session.tag,
            nextTag: .random(),
            flags: flags.contains("p") ? "p" : ""
        )
        do {
            return (value, try await commit(batch, in: project, terms))
        } catch Refusal.lost {
            throw LostRace()
        }
    }
}
