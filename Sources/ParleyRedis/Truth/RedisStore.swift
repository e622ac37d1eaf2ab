public import Logging
public import ParleyCore
public import RedisWire

/// A Redis that is the truth: every conversation, without any other database.
///
/// Whatever happens within a project is one script on one slot: it checks the caller's membership, looks whether everything
/// is still as it was when the write was worked out, and writes all or nothing; so it runs on Redis Cluster, too. What crosses
/// projects is done in steps, each of which leaves something that anybody can finish or undo. Writes are as durable as Redis's
/// `appendfsync` makes them. It needs a Redis of 7.0 or later, whose `maxmemory-policy` is `noeviction`.
///
/// ``TruthKeys`` says what lies where.
public final class RedisStore: Sendable {
    let redis: any RedisCommanding
    let clock: any WallClock
    let ids: any IDMaker
    let logger: Logger
    /// Where conversations were found last.
    let known = KnownPlaces()
    /// Who writes to a conversation, one after the other.
    let turns = WriteTurns<ConversationID>()
    /// Who changes a project or its members, one after the other.
    let projectTurns = WriteTurns<ProjectID>()
    /// Whether leases of replies go by this store's clock, and not by Redis's own, which all instances share.
    let leasesGoByStoreClock: Bool

    /// Whether a conversation that is being moved is read where it still is; else scripts say that it is.
    @TaskLocal static var seesMoving = false

    /// Makes a store; nothing is looked at before it is used.
    ///
    /// - Parameters:
    ///   - redis: Somebody else runs it.
    ///   - clock: Tells the times that are stored.
    ///   - ids: Makes the ids that are stored.
    ///   - logger: Takes faults of Redis, never a text of a message.
    ///   - leasesGoByStoreClock: Whether leases of replies go by `clock`, as tests want it; else by Redis's own clock.
    public init(
        _ redis: any RedisCommanding,
        clock: any WallClock,
        ids: any IDMaker,
        logger: Logger,
        leasesGoByStoreClock: Bool = false
    ) {
        self.redis = redis
        self.clock = clock
        self.ids = ids
        self.logger = logger
        self.leasesGoByStoreClock = leasesGoByStoreClock
    }

    /// Sends a command; throws what callers get.
    func send(_ command: RedisCommand) async throws -> RedisReply {
        do {
            return try await redis.send(command, within: nil)
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// Runs a script; throws what callers get.
    ///
    /// It names one more key, which never exists: while a slot of a cluster moves to another node, Redis then refuses the script
    /// before it runs. Without that it could end halfway, at the first key that isn't there any more or not yet, since the keys
    /// that a script makes up are looked at one by one.
    func run(_ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument]) async throws -> RedisReply {
        let keys = keys + TruthKeys.never(beside: keys)
        do {
            return try await redis.run(script, keys: keys, arguments: arguments, within: nil)
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// Runs one of ``TruthScripts`` in a project; what it returns behind `ok`.
    ///
    /// - Throws: ``Refusal`` where it says something else.
    func run(_ script: RedisScript, in project: ProjectID, _ arguments: [RedisArgument]) async throws -> [RedisReply] {
        let key = RedisArgument.string(TruthKeys.project(project))
        let reply = try await run(script, keys: Self.seesMoving ? [key, key] : [key], arguments: arguments)
        let elements = Array(reply.elements)
        let word = elements.first?.string ?? ""
        let rest = Array(elements.dropFirst())
        if word == "ok" { return rest }
        if let refusal = Refusal(word, rest) { throw refusal }
        throw ParleyError(.internalError, "What is stored could not be read.", cause: UnreadableRecord(what: "answer"))
    }

    /// What scripts are told of the time that leases go by.
    func leaseTime(_ now: Timestamp) -> RedisArgument {
        leasesGoByStoreClock ? .integer(now.microseconds) : ""
    }

    /// Does something for each of several, some of them at a time, with the results in order.
    func forEach<Input: Sendable, Output: Sendable>(
        _ inputs: [Input],
        _ body: @escaping @Sendable (Input) async throws -> Output
    ) async throws -> [Output] {
        try await withThrowingTaskGroup(of: (Int, Output).self) { group in
            var results: [Int: Output] = [:]
            for (index, input) in inputs.enumerated() {
                if index >= Self.atOnce, let (place, output) = try await group.next() { results[place] = output }
                group.addTask { (index, try await body(input)) }
            }
            for try await (place, output) in group { results[place] = output }
            return inputs.indices.compactMap { results[$0] }
        }
    }

    private static let atOnce = 32
}
