import ArgumentParser
import Foundation
import Logging
import ParleyCore
import ParleyTransfer
import RedisWire

/// The command `parley migrate redis`.
struct MigrateRedisCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redis",
        abstract: "Rescue the conversations that an older server kept in Redis, step by step.",
        discussion: """
            backup, plan, apply, validate, clean; rollback is the way back. Each step can be run alone, stopped, and run \
            again. docs/migration.md walks through it.
            """,
        subcommands: [
            MigrateRedisBackup.self, MigrateRedisPlan.self, MigrateRedisApply.self, MigrateRedisValidate.self,
            MigrateRedisClean.self, MigrateRedisRollback.self,
        ]
    )
}

/// What every step is told.
struct MigrateRedisOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The old Redis, with the number of its database.", valueName: "redis://…"))
    var from: String

    @Flag(help: "Print JSON.")
    var json = false

    /// Connects to the old Redis for the time of `body`.
    func withMigration<Value: Sendable>(
        _ body: @escaping @Sendable (RedisMigration) async throws -> Value
    ) async throws -> Value {
        let client: RedisClient
        do {
            let url = try RedisURL(from)
            if case .cluster = url.target {
                throw ParleyError.invalid("from", "--from must name one server, not a cluster.")
            }
            var configuration = RedisConfiguration(url: url)
            configuration.clientName = "parley-migrate"
            configuration.connectTimeout = .seconds(5)
            // A value may be as large as Redis lets it be, and nobody else waits here.
            configuration.maxBytes = 1 << 30
            configuration.limits = RESPLimits(replyBytes: 1 << 30)
            var logger = Logger(label: "parley")
            logger.logLevel = .critical
            client = try RedisClient(configuration, logger: logger)
        } catch let error as RedisError {
            throw ParleyError.invalid("from", "--from: \(error.message)")
        }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                await client.run()
                return nil
            }
            group.addTask {
                try await Self.waitUntilConnected(client)
                return try await body(RedisMigration(from: client))
            }
            while let result = try await group.next() {
                guard let value = result else { continue }
                group.cancelAll()
                return value
            }
            throw ParleyError.unavailable("The connection to the old Redis ended.")
        }
    }

    /// Waits for the first connection, but not for ever.
    private static func waitUntilConnected(_ client: RedisClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await client.waitUntilConnected() } catch { throw CancellationError() }
            }
            group.addTask {
                // Not a wait but a limit: who names the wrong server is told so.
                try await Task.sleep(for: .seconds(10))
                let reason = client.lastFailure.map { ": \($0.message)" } ?? "."
                throw ParleyError.unavailable("The old Redis can't be reached\(reason)")
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Prints a report as it is wanted.
    func show(_ table: String, _ value: JSON) {
        print(json ? value.text : table)
    }
}

/// Where a migration's files are.
struct MigrateRedisState: ParsableArguments {
    @Option(help: ArgumentHelp("Where the steps keep what they know.", valueName: "directory"))
    var state: String

    func open() throws -> StateDirectory { try StateDirectory(path: state) }
}

/// The command `parley migrate redis backup`.
struct MigrateRedisBackup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write all old keys to a file, to be restored to the last bit."
    )

    @OptionGroup var redis: MigrateRedisOptions
    @OptionGroup var place: MigrateRedisState
    @Flag(help: "Make another where there is one; that one is kept under another name.")
    var again = false

    func run() async throws {
        try await CommandFailure.reporting {
            let (state, again) = (try place.open(), again)
            let report = try await redis.withMigration { try await $0.backup(to: state, again: again) }
            redis.show(report.table, report.json)
        }
    }
}

/// The command `parley migrate redis plan`.
struct MigrateRedisPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what would become of every record; write nothing anywhere."
    )

    @OptionGroup var redis: MigrateRedisOptions
    @Option(help: ArgumentHelp("Not used: a plan leaves nothing behind.", visibility: .hidden))
    var state: String?

    func run() async throws {
        try await CommandFailure.reporting {
            let account = try await redis.withMigration { try await $0.plan() }
            redis.show(
                "Nothing is written. This is what apply would do, for the owner it is given:\n\n" + account.table,
                account.json
            )
            try account.mustAddUp()
        }
    }
}

/// The command `parley migrate redis apply`.
struct MigrateRedisApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Bring everything into the configured store; the same again adds nothing."
    )

    @OptionGroup var redis: MigrateRedisOptions
    @OptionGroup var place: MigrateRedisState
    @Option(help: ArgumentHelp("Who owns the projects that are made.", valueName: "e-mail"))
    var owner: String
    @Option(help: "A JSON file with members: {\"project\": [{\"email\", \"role\"}]}.")
    var members: String?
    @OptionGroup var options: SettingOptions

    func run() async throws {
        try await CommandFailure.reporting {
            guard let email = EmailAddress(owner) else {
                throw ParleyError.invalid("owner", "'\(owner)' is not an e-mail address.")
            }
            let people = try members.map { try MigrationMembers(parsing: Self.read($0)) } ?? .none
            let state = try place.open()
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            let store = try await wiring.openStoreBesideServer()
            let redis = redis
            let account = try await store.use { store in
                try await redis.withMigration { migration in
                    try await migration.apply(
                        to: store.conversations,
                        as: Identity(email: email),
                        members: people,
                        state: state
                    )
                }
            }
            redis.show(account.table, account.json)
            try account.mustAddUp()
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw ParleyError.unavailable("\(path) can't be read.")
        }
    }
}

/// The command `parley migrate redis validate`.
struct MigrateRedisValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Compare what was brought with what is there; status 1 where anything differs.",
        discussion: "With --server it looks through the public API, else straight into the configured store."
    )

    @OptionGroup var redis: MigrateRedisOptions
    @OptionGroup var place: MigrateRedisState
    @Option(help: ArgumentHelp("The running server.", valueName: "url"))
    var server: String?
    @Option(help: "The owner's bearer token there, as parley token makes it.")
    var token: String?
    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard (server == nil) == (token == nil) else { throw ValidationError("--server and --token go together.") }
    }

    func run() async throws {
        try await CommandFailure.reporting {
            let state = try place.open()
            let report = try await report(state)
            redis.show(report.table, report.json)
            if !report.holds { throw ExitCode(1) }
        }
    }

    private func report(_ state: StateDirectory) async throws -> ValidationReport {
        let redis = redis
        if let server, let token {
            return try await ServedConversations.with(server, token: token) { served in
                try await redis.withMigration { try await $0.validate(served, state: state) }
            }
        }
        guard let owner = try state.owner else {
            throw ParleyError(.conflict, "There is nothing to compare with: run apply first.")
        }
        let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
        return try await wiring.openStoreBesideServer().use { store in
            let stored = StoredConversations(store.conversations, as: Identity(email: owner))
            return try await redis.withMigration { try await $0.validate(stored, state: state) }
        }
    }
}

/// The command `parley migrate redis clean`.
struct MigrateRedisClean: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Remove the old keys that are backed up and brought, after a validate that held."
    )

    @OptionGroup var redis: MigrateRedisOptions
    @OptionGroup var place: MigrateRedisState
    @Flag(help: "Also keys of which something was put aside: only the backup has that then.")
    var quarantined = false

    func run() async throws {
        try await CommandFailure.reporting {
            let (state, quarantined) = (try place.open(), quarantined)
            let report = try await redis.withMigration { try await $0.clean(state, withQuarantined: quarantined) }
            redis.show(report.table, report.json)
        }
    }
}

/// The command `parley migrate redis rollback`.
struct MigrateRedisRollback: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Make the old keys what they were when they were backed up, byte for byte.",
        discussion: "Keys that are new since then stay, and what is overwritten is kept in the directory."
    )

    @OptionGroup var redis: MigrateRedisOptions
    @OptionGroup var place: MigrateRedisState
    @Flag(help: "Also delete from the configured store what apply has made and nobody has written in since.")
    var undoImport = false
    @OptionGroup var options: SettingOptions

    func run() async throws {
        try await CommandFailure.reporting {
            let state = try place.open()
            let report = try await redis.withMigration { try await $0.rollback(state) }
            guard undoImport else {
                redis.show(report.table, report.json)
                return try Self.mustHold(report)
            }
            guard let owner = try state.owner else { throw ParleyError(.conflict, "Nothing was brought yet.") }
            let wiring = Wiring(settings: try await options.settings(), logger: Logger(label: "parley"))
            let redis = redis
            let undone = try await wiring.openStoreBesideServer().use { store in
                try await redis.withMigration { migration in
                    try await migration.undoImport(from: store.conversations, as: Identity(email: owner), state: state)
                }
            }
            redis.show(report.table + "\n" + undone.table, ["restored": report.json, "undone": undone.json])
            try Self.mustHold(report)
        }
    }

    private static func mustHold(_ report: RollbackReport) throws {
        if !report.holds { throw ExitCode(1) }
    }
}

extension MigrationAccount {
    /// Ends the command with a status to test for where a record has come to no end.
    fileprivate func mustAddUp() throws {
        guard !addsUp else { return }
        CommandFailure.complain(
            unsettled > 0
                ? "The old data still changes: run this again when nothing writes to it."
                : "Of \(found) records \(accounted) are accounted for: this is a fault of Parley's."
        )
        throw unsettled > 0 ? CommandFailure.unavailable : ExitCode(70)
    }
}
