internal import Crypto
public import ParleyCore

/// The new store, as those who validate see it: through the public API, or through the port.
public protocol MigratedConversations: Sendable {
    /// What it is seen through, in a word: `api` or `store`.
    var means: String { get }

    /// A part of a conversation's log, oldest first. One that can't be seen is ``ParleyError/notFound``.
    func messages(in conversation: ConversationID, after seq: Int, limit: Int) async throws -> MessagePage
}

/// The new store through the port.
public struct StoredConversations: MigratedConversations {
    private let store: any ConversationStore
    private let identity: Identity

    /// Takes a store, and who looks.
    public init(_ store: any ConversationStore, as identity: Identity) {
        self.store = store
        self.identity = identity
    }

    /// The word `store`.
    public var means: String { "store" }

    /// A part of a conversation's log.
    public func messages(in conversation: ConversationID, after seq: Int, limit: Int) async throws -> MessagePage {
        try await store.messages(in: conversation, .after(seq), limit: limit, as: identity)
    }
}

/// What a comparison found.
public struct ValidationReport: Sendable {
    /// What was expected and isn't so.
    public struct Difference: Hashable, Sendable {
        /// In a word: `missing_conversation`, `message_count`, `missing_message`, `surplus_message`, `order`, `content`,
        /// `new_key`, `changed_key`, or `missing_key`.
        public let kind: String
        /// The conversation's or message's id, or the key.
        public let place: String
        /// What is meant, in a sentence.
        public let detail: String
    }

    /// What the new store was seen through.
    public let means: String
    /// How many conversations were compared.
    public internal(set) var conversations = 0
    /// How many messages were compared.
    public internal(set) var messages = 0
    /// How many old keys were compared.
    public internal(set) var keys = 0
    /// Messages that are there beside: written since.
    public internal(set) var since = 0
    /// How many differences there are.
    public internal(set) var count = 0
    /// The first of them.
    public internal(set) var differences: [Difference] = []
    /// Whether old keys may be removed after it; it takes a backup, too.
    public internal(set) var allowsCleaning = false

    /// How many differences are kept.
    static let kept = 1000

    init(means: String) {
        self.means = means
    }

    /// Whether all is as it must be.
    public var holds: Bool { count == 0 }

    mutating func note(_ kind: String, _ place: String, _ detail: String) {
        count += 1
        if differences.count < Self.kept { differences.append(Difference(kind: kind, place: place, detail: detail)) }
    }
}

extension RedisMigration {
    /// Compares what was brought with what is there, and what was read with what the old Redis holds now.
    ///
    /// Where all holds and there is a backup, `state` gets the word that old keys may be removed.
    ///
    /// - Throws: ``ParleyError``, with code `conflict` where nothing was brought yet.
    public func validate(_ target: any MigratedConversations, state: StateDirectory) async throws -> ValidationReport {
        guard state.exists(.keys), state.exists(.conversations) else {
            throw ParleyError(.conflict, "There is nothing to compare with: run apply to its end first.")
        }
        try state.remove(.validated)
        var report = ValidationReport(means: target.means)
        let reader = try LineReader(path: state.path(of: .conversations))
        while let line = try reader.next() {
            guard let conversation = (try? JSON(parsing: line)).flatMap(ManifestConversation.init) else {
                throw ParleyError(.invalidRequest, "conversations.jsonl can't be read.")
            }
            try await compare(conversation, target, &report)
        }
        try await compareKeys(state, &report)
        guard report.holds, state.exists(.backup) else { return report }
        let backup = try await BackupFile.read(state.path(of: .backup)).sha256
        let stamp: JSON = [
            "backup_sha256": .string(backup), "manifest_sha256": .string(try Self.manifestHash(state)),
            "means": .string(target.means), "at": .string(clock.now().description),
        ]
        try await state.write(.validated) { try $0.write(stamp) }
        report.allowsCleaning = true
        return report
    }

    /// The hash of what apply has noted.
    static func manifestHash(_ state: StateDirectory) throws -> String {
        var hash = SHA256()
        for file in [StateDirectory.File.keys, .conversations] {
            let reader = try LineReader(path: state.path(of: file))
            while let line = try reader.next() { hash.update(data: line + [UInt8(ascii: "\n")]) }
        }
        return hash.finalize().hexadecimal
    }

    private func compare(
        _ conversation: ManifestConversation,
        _ target: any MigratedConversations,
        _ report: inout ValidationReport
    ) async throws {
        report.conversations += 1
        var expected: [MessageID: Int] = [:]
        for (index, entry) in conversation.messages.enumerated() {
            for id in entry.ids { expected[id] = index }
        }
        var found: [Int: Int] = [:]
        var last = -1
        var beside = 0
        var seq = 0
        do {
            while true {
                let page = try await target.messages(
                    in: conversation.id,
                    after: seq,
                    limit: Limits.pageSizes.upperBound
                )
                for message in page.messages {
                    seq = message.seq
                    guard let index = expected[message.id] else {
                        if message.metadata["legacy"]?["source"] == "redis" {
                            let detail = "It comes from the old Redis, beside what was brought."
                            report.note("surplus_message", "\(conversation.id)/\(message.id)", detail)
                        } else {
                            beside += 1
                        }
                        continue
                    }
                    let entry = conversation.messages[index]
                    found[index, default: 0] += 1
                    report.messages += 1
                    if MigratedContent.hash(of: message, withTime: entry.hasTime) != entry.hash {
                        report.note("content", "\(conversation.id)/\(message.id)", "The message says something else.")
                    }
                    if last > index {
                        report.note("order", "\(conversation.id)/\(message.id)", "The message stands too late.")
                    }
                    last = index
                }
                guard page.hasMore, !page.messages.isEmpty else { break }
            }
        } catch let error as ParleyError where error.code == .notFound {
            report.note(
                "missing_conversation",
                conversation.id.description,
                "There is no such conversation, or it can't be seen."
            )
            return
        }
        report.since += beside
        for (index, entry) in conversation.messages.enumerated() where found[index] == nil {
            let id = entry.ids.first.map(\.description) ?? ""
            report.note("missing_message", "\(conversation.id)/\(id)", "The message isn't there.")
        }
        let count = found.values.reduce(0, +)
        if count != conversation.messages.count {
            let detail = "\(conversation.messages.count) messages were brought, \(count) of them are there."
            report.note("message_count", conversation.id.description, detail)
        }
    }

    private func compareKeys(_ state: StateDirectory, _ report: inout ValidationReport) async throws {
        var known: [MigrationKey: ManifestKey] = [:]
        for key in try state.lines(.keys).compactMap(ManifestKey.init) { known[key.key] = key }
        let cleaned = Set(try state.lines(.cleaned).compactMap { MigrationKey($0) })
        let survey = try await MigrationSurvey.make(of: redis, now: clock.now())
        for (key, entry) in survey.entries.sorted(by: { $0.key < $1.key }) {
            report.keys += 1
            guard let before = known[key] else {
                // What is none of a chat's was not brought, and needn't be.
                if entry.item?.outcome != .leftAlone {
                    report.note("new_key", key.shown, "The key is new since the last apply.")
                }
                continue
            }
            if before.hash != entry.hash, before.standing != .leftAlone || entry.group != nil {
                report.note("changed_key", key.shown, "The value has changed since the last apply.")
            }
        }
        for key in known.keys.sorted() where survey.entries[key] == nil && !cleaned.contains(key) {
            guard known[key]?.standing != .leftAlone else { continue }
            report.note("missing_key", key.shown, "The key is gone, and not by cleaning.")
        }
    }
}

extension ValidationReport {
    /// The report for people.
    public var table: String {
        let through = means == "api" ? "the public API" : "the store itself, not the API: no server was named"
        var lines = [
            "Compared \(conversations) conversations, \(messages) messages and \(keys) old keys, through \(through).",
            holds ? "There is no difference." : "\(count) differences:",
        ]
        for difference in differences.prefix(20) {
            lines.append("  \(difference.kind) \(MigrationAccount.plain(difference.place)): \(difference.detail)")
        }
        if count > 20 { lines.append("  …") }
        if since > 0 { lines.append("\(since) messages were written since.") }
        if holds {
            lines.append(allowsCleaning ? "Old keys may be removed." : "Without a backup no old key can be removed.")
        }
        return lines.joined(separator: "\n")
    }

    /// The report as JSON.
    public var json: JSON {
        [
            "holds": .bool(holds), "through": .string(means), "conversations": JSON(integerLiteral: conversations),
            "messages": JSON(integerLiteral: messages), "keys": JSON(integerLiteral: keys),
            "written_since": JSON(integerLiteral: since), "differences": JSON(integerLiteral: count),
            "allows_cleaning": .bool(allowsCleaning),
            "items": .array(
                differences.map {
                    ["kind": .string($0.kind), "place": .string($0.place), "detail": .string($0.detail)]
                }
            ),
        ]
    }
}
