internal import ParleyCore

/// Goes through all of the old data and decides, a session at a time: in memory are the keys, what became of every record,
/// and the values of one session.
///
/// After all was decided, everything is read once more; what has changed meanwhile is decided again.
struct MigrationPass {
    /// What became of a group.
    struct Outcome {
        var hashes: [MigrationKey: ValueHash]
        var items: [MigrationItem]
        var summaries: [MigrationDecision.Summary]
    }

    /// All that was found out.
    struct Result {
        var account: MigrationAccount
        var survey: MigrationSurvey
        var outcomes: [MigrationSurvey.Group: Outcome]
    }

    /// How often what changes is read again.
    static let rounds = 4

    let redis: OldRedis
    let ids: DerivedIDs
    let now: Timestamp
    /// Which conversations sessions became before.
    var homes = SessionHomes()

    /// Goes through everything.
    ///
    /// `check` is asked before anything is brought; `bring` does with a decision what is to be done, notes the outcomes in it,
    /// and returns what stands where now.
    func run(
        checking check: (MigrationSurvey) throws -> Void = { _ in },
        _ bring: (_ decision: inout MigrationDecision) async throws -> [ManifestConversation]
    ) async throws -> Result {
        var survey = try await MigrationSurvey.make(of: redis, now: now)
        try check(survey)
        var homes = homes
        var outcomes: [MigrationSurvey.Group: Outcome] = [:]
        var pending = survey.groups.keys.sorted()
        var readAgain = 0
        for _ in 0..<Self.rounds {
            let spellings = survey.spellings
            for group in pending {
                var decision = try await decision(on: group, survey, spellings, homes)
                for line in try await bring(&decision) { homes.add(line) }
                outcomes[group] = Outcome(
                    hashes: decision.hashes,
                    items: decision.items,
                    summaries: decision.conversations.map(MigrationDecision.Summary.init)
                )
            }
            let next = try await MigrationSurvey.make(of: redis, now: now)
            outcomes = outcomes.filter { next.groups[$0.key] != nil }
            pending = next.groups.keys.filter { outcomes[$0]?.hashes != next.fingerprint(of: $0) }.sorted()
            for group in pending {
                let known = outcomes[group]?.hashes ?? [:]
                readAgain += next.fingerprint(of: group).count { known[$0.key] != $0.value }
            }
            survey = next
            if pending.isEmpty { break }
        }
        return Result(
            account: account(of: survey, outcomes, readAgain: readAgain, unsettled: pending.count),
            survey: survey,
            outcomes: outcomes
        )
    }

    private func decision(
        on group: MigrationSurvey.Group,
        _ survey: MigrationSurvey,
        _ spellings: [ConversationID: Int],
        _ homes: SessionHomes
    ) async throws -> MigrationDecision {
        var values: [OldValue] = []
        var hashes: [MigrationKey: ValueHash] = [:]
        let keys = (survey.groups[group] ?? []).compactMap { survey.entries[$0]?.measured }
        try await redis.values(of: keys) { batch in
            for (key, bytes) in batch {
                guard let bytes else { continue }
                hashes[key] = ValueHash(of: bytes)
                let value = OldValue(key, bytes, now: now)
                // One that belongs elsewhere by now is decided there, when it is looked at again.
                if MigrationSurvey.Group(value) == group { values.append(value) }
            }
        }
        var keepsID = false
        var known: [ExactText: ConversationID] = [:]
        if case .session(let name) = group {
            keepsID = survey.isOnlySpelling(of: name, spellings)
            known = homes.conversations[name] ?? [:]
        }
        var decision = MigrationDecision(values, of: group, keepsID: keepsID, known: known, ids: ids, now: now)
        decision.hashes = hashes
        return decision
    }

    private func account(
        of survey: MigrationSurvey,
        _ outcomes: [MigrationSurvey.Group: Outcome],
        readAgain: Int,
        unsettled: Int
    ) -> MigrationAccount {
        var account = MigrationAccount()
        account.keys = survey.entries.count
        for key in survey.entries.keys.sorted() {
            guard let entry = survey.entries[key] else { continue }
            account.found += entry.count
            if let item = entry.item { account.add(item) }
        }
        for group in outcomes.keys.sorted() {
            for item in outcomes[group]?.items ?? [] { account.add(item) }
            for summary in outcomes[group]?.summaries ?? [] { account.add(summary) }
        }
        account.readAgain = readAgain
        account.unsettled = unsettled
        return account
    }
}

/// Which conversation each session became in each old project: what decided that, such as the session's own key, may have
/// gone since.
struct SessionHomes: Sendable {
    private(set) var conversations: [ExactText: [ExactText: ConversationID]] = [:]

    mutating func add(_ line: ManifestConversation) {
        guard let session = line.session else { return }
        conversations[session, default: [:]][line.oldProject] = line.id
    }
}

extension MigrationPass.Result {
    /// Every record, those that were decided with their keys first.
    var items: [MigrationItem] {
        survey.entries.keys.sorted().compactMap { survey.entries[$0]?.item }
            + outcomes.keys.sorted().flatMap { outcomes[$0]?.items ?? [] }
    }
}

extension MigrationDecision {
    /// What an account says of a conversation.
    struct Summary {
        let project: ExactText
        let title: String
        let messages: Int
        let authors: Set<EmailAddress>
        let unnamed: Int
        let estimatedTimes: Int
        let isRenamed: Bool

        init(_ planned: Planned) {
            let said = planned.conversation.messages.filter { $0.input.role == .user }
            project = planned.project
            title = planned.conversation.title
            messages = planned.conversation.messages.count
            authors = Set(said.compactMap(\.author))
            unnamed = said.count { $0.author == nil }
            estimatedTimes = planned.hasKnownTime.count { !$0 }
            isRenamed = planned.conversation.metadata["legacy_session_id"] != nil
        }
    }
}
