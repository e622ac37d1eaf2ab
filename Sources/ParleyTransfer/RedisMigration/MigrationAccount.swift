public import ParleyCore

/// What a migration found, and what became of it, or would: every record counts once.
public struct MigrationAccount: Sendable {
    /// One project of the old data.
    public struct Project: Sendable {
        /// Its name there; empty for what names none.
        public var name: String
        /// How many conversations it gets.
        public var conversations = 0
        /// How many messages these hold.
        public var messages = 0
        /// Those who wrote in it, by e-mail address.
        public var authors: Set<EmailAddress> = []
        /// How many of the people's messages name nobody.
        public var unnamed = 0
        /// How many messages have no time of their own.
        public var estimatedTimes = 0
    }

    /// How many keys were walked over.
    public var keys = 0
    /// How many records these hold, counted as they were read.
    public var found = 0
    /// What became of them, counted by outcome.
    public var outcomes: [ImportItemOutcome: Int] = [:]
    /// Why records were left alone or put aside: how many, and the first few.
    public var reasons: [String: (count: Int, samples: [String])] = [:]
    /// What the types of memory are, and how many keys of each became what.
    public var types: [String: [ImportItemOutcome: Int]] = [:]
    /// The projects, by their old names.
    public var projects: [Project] = []
    /// How many conversations there will be.
    public var conversations = 0
    /// How many messages these hold.
    public var messages = 0
    /// Sessions whose id is no UUID, or stands in several projects: their conversations have other ids.
    public var renamedSessions = 0
    /// The first conversations, for a look.
    public var samples: [(title: String, project: String, messages: Int)] = []
    /// Keys that changed while they were read, and were read again.
    public var readAgain = 0
    /// Groups of keys that still changed after the last reading.
    public var unsettled = 0
    private var projectIndices: [ExactText: Int] = [:]

    /// The sum of all outcomes.
    public var accounted: Int { outcomes.values.reduce(0, +) }

    /// Whether every record that was found has come to an end, to the last.
    public var addsUp: Bool { accounted == found && unsettled == 0 }

    /// How many samples are kept.
    static let sampleCount = 5

    /// How many records came to an end.
    public func count(of outcome: ImportItemOutcome) -> Int { outcomes[outcome, default: 0] }

    mutating func add(_ item: MigrationItem) {
        outcomes[item.outcome, default: 0] += 1
        if let reason = item.reason {
            var entry = reasons[reason] ?? (0, [])
            entry.count += 1
            if entry.samples.count < Self.sampleCount {
                let place = [
                    item.place.key, item.place.index.map { "[\($0)]" } ?? "", item.place.part.map { " " + $0 } ?? "",
                ]
                entry.samples.append(place.joined())
            }
            reasons[reason] = entry
        }
        if case .memory(_, let type, _) = MigrationKey(item.place.key).kind {
            // Somebody may have made a type of every key.
            let name = types[type] != nil || types.count < 100 ? type : "…"
            types[name, default: [:]][item.outcome, default: 0] += 1
        }
    }

    mutating func add(_ planned: MigrationDecision.Summary) {
        conversations += 1
        messages += planned.messages
        let index: Int
        if let known = projectIndices[planned.project] {
            index = known
        } else {
            index = projects.count
            projectIndices[planned.project] = index
            projects.append(Project(name: planned.project.value))
        }
        projects[index].conversations += 1
        projects[index].messages += planned.messages
        projects[index].authors.formUnion(planned.authors)
        projects[index].unnamed += planned.unnamed
        projects[index].estimatedTimes += planned.estimatedTimes
        if planned.isRenamed { renamedSessions += 1 }
        if samples.count < Self.sampleCount {
            samples.append((planned.title, planned.project.value, planned.messages))
        }
    }
}

extension MigrationAccount {
    /// The account as JSON.
    public var json: JSON {
        var json: JSONObject = [
            "keys": JSON(integerLiteral: keys), "found": JSON(integerLiteral: found),
        ]
        for outcome in ImportItemOutcome.allCases { json[outcome.rawValue] = JSON(integerLiteral: count(of: outcome)) }
        json["adds_up"] = .bool(addsUp)
        json["conversations"] = JSON(integerLiteral: conversations)
        json["messages"] = JSON(integerLiteral: messages)
        json["sessions_with_new_ids"] = JSON(integerLiteral: renamedSessions)
        json["read_again"] = JSON(integerLiteral: readAgain)
        json["still_changing"] = JSON(integerLiteral: unsettled)
        json["reasons"] = .object(
            object(reasons.sorted { $0.key < $1.key }) { entry in
                ["count": JSON(integerLiteral: entry.count), "samples": .array(entry.samples.map(JSON.string))]
            }
        )
        json["types"] = .object(
            object(types.sorted { $0.key < $1.key }) { counts in
                .object(
                    object(counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.rawValue, $0.value) }) {
                        JSON(integerLiteral: $0)
                    }
                )
            }
        )
        json["projects"] = .array(
            projects.map { project in
                [
                    "name": .string(project.name), "conversations": JSON(integerLiteral: project.conversations),
                    "messages": JSON(integerLiteral: project.messages),
                    "authors": .array(project.authors.sorted().map { .string($0.value) }),
                    "messages_without_author": JSON(integerLiteral: project.unnamed),
                    "estimated_times": JSON(integerLiteral: project.estimatedTimes),
                ]
            }
        )
        json["samples"] = .array(
            samples.map { sample in
                [
                    "title": .string(sample.title), "project": .string(sample.project),
                    "messages": JSON(integerLiteral: sample.messages),
                ]
            }
        )
        return .object(json)
    }

    private func object<Value>(_ pairs: [(key: String, value: Value)], _ convert: (Value) -> JSON) -> JSONObject {
        var object = JSONObject()
        for (key, value) in pairs { object[key] = convert(value) }
        return object
    }
}
