import ArgumentParser
import Logging
import ParleyCore

/// The command `parley purge`.
struct PurgeCommand: AsyncParsableCommand {
    /// How many conversations a dry run names.
    private static let shown = 1000

    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Delete the conversations that their projects keep no longer.",
        discussion: """
            A server does so itself every few minutes; what has expired is hidden before that. It works while servers run. \
            With --rewrite the store's files are written anew afterwards, so that nothing of it is in them any more; that \
            takes long, and others wait for it.
            """
    )

    @Flag(help: "Say what would go, and delete nothing.")
    var dryRun = false

    @Flag(help: "Write the store's files anew afterwards.")
    var rewrite = false

    @Flag(help: "Answer with JSON.")
    var json = false

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard !(dryRun && rewrite) else { throw ValidationError("--dry-run and --rewrite contradict each other.") }
    }

    func run() async throws {
        try await CommandFailure.reporting {
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            try await wiring.withErasure { erasure in
                guard !dryRun else { return try await look(erasure) }
                var count = 0
                while true {
                    let purged = try await erasure.purgeExpired(limit: Limits.expiryBatch).value
                    if purged == 0 { break }
                    count += purged
                }
                if rewrite { try await erasure.rewrite() }
                var writer = JSONWriter(capacity: 64)
                writer.object {
                    $0.member("deleted", count)
                    $0.member("rewritten", rewrite)
                }
                guard !json else { return print(String(decoding: writer.bytes, as: UTF8.self)) }
                print("Deleted \(count) expired conversation\(count == 1 ? "" : "s").")
                if rewrite { print("The store's files were written anew.") }
            }
        }
    }

    private func look(_ erasure: any ErasureStore) async throws {
        let expired = try await erasure.expiredConversations(limit: Self.shown + 1)
        let hasMore = expired.count > Self.shown
        guard !json else {
            var writer = JSONWriter(capacity: 1024)
            writer.object { writer in
                writer.name("expired")
                writer.array { writer in
                    for conversation in expired.prefix(Self.shown) {
                        writer.object {
                            $0.member("id", conversation.id)
                            $0.member("project_id", conversation.projectID)
                            $0.member("message_count", conversation.messageCount)
                            $0.member("updated_at", conversation.updatedAt)
                        }
                    }
                }
                writer.member("has_more", hasMore)
            }
            return print(String(decoding: writer.bytes, as: UTF8.self))
        }
        for conversation in expired.prefix(Self.shown) {
            print(
                "\(conversation.id)  last changed \(conversation.updatedAt), messages: \(conversation.messageCount), "
                    + "project \(conversation.projectID)"
            )
        }
        let count = hasMore ? "More than \(Self.shown)" : "\(expired.count)"
        print("\(count) expired conversation\(expired.count == 1 ? "" : "s"); nothing was deleted.")
    }
}
