public import ParleyCore

extension RedisMigration {
    /// Brings everything that can be brought into a store, and says what became of every record.
    ///
    /// Each project's old id becomes a project of that name which `owner` owns and `members` belong to. The same again adds
    /// only what is new; nothing that is there is changed. Stopped anywhere, it goes on where it is run again. In `state` it
    /// leaves what it brought and every record's line.
    ///
    /// - Throws: ``ParleyError``; with code `conflict` where the directory belongs to another owner's migration or another store.
    public func apply(
        to store: any ConversationStore,
        as owner: Identity,
        members: MigrationMembers = .none,
        state: StateDirectory
    ) async throws -> MigrationAccount {
        let home = try await store.personalProject(as: owner).id
        try await claim(state, for: owner.email, home)
        // What was compared before says nothing of what is brought now.
        try state.remove(.validated)
        let ids = DerivedIDs(into: home, from: "redis")
        let before = try state.lines(.conversations).compactMap(ManifestConversation.init)
        var bringing = try MigrationBringing(store, as: owner, members: members, ids: ids, known: before, state: state)
        var pass = MigrationPass(redis: redis, ids: ids, now: clock.now())
        for conversation in before { pass.homes.add(conversation) }
        let known = bringing
        let result = try await pass.run { survey in
            try Self.check(members, survey, known)
        } _: { decision in
            try await bringing.bring(&decision)
        }
        try await write(result, bringing.known, to: state)
        return result.account
    }

    /// Sees that `members` names only projects that there are: one that is misspelled would be shown to nobody.
    private static func check(
        _ members: MigrationMembers,
        _ survey: MigrationSurvey,
        _ bringing: MigrationBringing
    ) throws {
        // What names no project has one here, too; and those of which everything is cleaned are here.
        let unknown = members.members.keys.filter { name in
            !name.value.isEmpty && !survey.projects.contains(name) && !bringing.knows(name)
        }
        guard !unknown.isEmpty else { return }
        let names = unknown.sorted().prefix(5).map { "\"\(MigrationAccount.plain($0.value))\"" }
        throw ParleyError(
            .invalidRequest,
            "The members are for projects that the old Redis doesn't have: \(names.joined(separator: ", "))."
        )
    }

    /// Notes whose migration this is, or sees that it is theirs.
    private func claim(_ state: StateDirectory, for owner: EmailAddress, _ home: ProjectID) async throws {
        let claim: JSON = ["owner": .string(owner.value), "home": .string(home.description)]
        if let known = try state.lines(.owner).first {
            guard known == claim else {
                throw ParleyError(
                    .conflict,
                    "This directory belongs to a migration for another owner or into another store: take a new one."
                )
            }
        } else {
            try await state.write(.owner) { try $0.write(claim) }
        }
    }

    /// Writes down what became of every record, and what must stand from now on: also what earlier runs have brought.
    private func write(
        _ result: MigrationPass.Result,
        _ conversations: [ConversationID: ManifestConversation],
        to state: StateDirectory
    ) async throws {
        let cleaned = try await cleaned(state, result.survey)
        let shown = Set(cleaned.map(\.shown))
        try await state.write(.records) { writer in
            // The new file takes the old one's name when it is whole.
            if !shown.isEmpty, state.exists(.records) {
                let reader = try LineReader(path: state.path(of: .records))
                while let line = try reader.next() {
                    let key = (try? JSON(parsing: line))?["key"]?.stringValue
                    if let key, shown.contains(key) { try writer.write(line: line) }
                }
            }
            for item in result.items { try writer.write(item.line) }
        }
        try await state.write(.conversations) { writer in
            for id in conversations.keys.sorted() { if let line = conversations[id]?.line { try writer.write(line) } }
        }
        let removed = try state.lines(.keys).compactMap(ManifestKey.init).filter { cleaned.contains($0.key) }
        try await state.write(.keys) { writer in
            for key in (removed + result.keys).sorted(by: { $0.key < $1.key }) { try writer.write(key.line) }
        }
    }

    /// The keys that the cleaning has removed; one that is there again is none of them any more.
    private func cleaned(_ state: StateDirectory, _ survey: MigrationSurvey) async throws -> Set<MigrationKey> {
        let noted = try state.lines(.cleaned).compactMap { MigrationKey($0) }
        let gone = noted.filter { survey.entries[$0] == nil }
        if gone.isEmpty {
            try state.remove(.cleaned)
        } else if gone.count < noted.count {
            try await state.write(.cleaned) { writer in
                for key in gone {
                    var line: JSONObject = [:]
                    line[key.member.name] = key.member.value
                    try writer.write(.object(line))
                }
            }
        }
        return Set(gone)
    }
}

extension MigrationPass.Result {
    /// All keys, and what became of them.
    var keys: [ManifestKey] {
        var standings: [ExactText: ManifestKey.Standing] = [:]
        for item in items {
            let key = ExactText(item.place.key)
            switch item.outcome {
            case .quarantined: standings[key] = .quarantined
            case .leftAlone where standings[key] != .quarantined: standings[key] = .leftAlone
            case .imported, .alreadyThere, .merged, .leftAlone: standings[key] = standings[key] ?? .migrated
            }
        }
        return survey.entries.keys.sorted().compactMap { key in
            guard let entry = survey.entries[key] else { return nil }
            // One without records would be removed for nothing.
            return ManifestKey(key: key, hash: entry.hash, standing: standings[ExactText(key.shown)] ?? .leftAlone)
        }
    }
}
