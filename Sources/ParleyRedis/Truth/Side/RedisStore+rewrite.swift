internal import Logging
internal import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Writes Redis's files anew, so that what was deleted is in none of them any more.
    ///
    /// That is the append-only file, and the snapshot where there are any. It takes as long as Redis takes to write all of its memory.
    ///
    /// What follows the Redis, and copies of its files, are others: a replica rewrites its own.
    public func rewrite() async throws {
        do {
            _ = try await redis.forEachMaster { try await RedisFiles(redis: $0, logger: logger).rewrite() }
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// What of Redis's settings may lose acknowledged writes, as it is now, in a sentence each.
    public func warnings() async throws -> [String] {
        do {
            return RedisDurability.warnings(of: try await redis.forEachMaster { try await RedisDurability.of($0) })
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// Returns when Redis answers, and takes writes as far as it says.
    public func check() async throws {
        // A command with a key, which a cluster can send somewhere.
        _ = try await send(["EXISTS", .string(SideKeys.people)])
        do {
            let states = try await redis.forEachMaster { master in
                let replication = try await RedisDurability.info("replication", master, nil)
                let memory = try await RedisDurability.info("memory", master, nil)
                return RedisState(replication: replication, memory: memory)
            }
            for state in states { try state.requireWritable() }
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }
}

/// Whether a Redis takes writes, by what it says of itself.
struct RedisState: Hashable, Sendable {
    /// Whether it follows another one.
    let isReplica: Bool
    /// Whether its memory is full.
    let isFull: Bool

    /// Reads the fields of `INFO replication` and `INFO memory`.
    init(replication: [String: String], memory: [String: String]) {
        isReplica = replication["role"] == "slave"
        let (used, limit) = (memory["used_memory"].flatMap { Int($0) }, memory["maxmemory"].flatMap { Int($0) })
        isFull = limit.map { $0 > 0 && used ?? 0 >= $0 } ?? false
    }

    /// Refuses one that takes no writes.
    func requireWritable() throws(ParleyError) {
        guard isReplica || isFull else { return }
        throw .unavailable(
            isReplica ? "This Redis follows another one and takes no writes." : "Redis has no memory left for writes.",
            retryAfter: RedisFault.mendingTime
        )
    }
}

/// The files of one Redis.
private struct RedisFiles {
    let redis: any RedisCommanding
    let logger: Logger

    /// How often Redis is asked whether it has written its files; it tells nobody by itself.
    private static let interval = Duration.milliseconds(100)

    func rewrite() async throws {
        // Its memory of slow commands holds their arguments; where it is forbidden, they are few and soon go.
        _ = try? await redis.send(["SLOWLOG", "RESET"])
        if try await persistence()["aof_enabled"] == "1" {
            try await write(
                ["BGREWRITEAOF"],
                state: "aof_rewrite_in_progress",
                "aof_rewrite_scheduled",
                "aof_last_bgrewrite_status"
            )
        }
        if try await keepsSnapshots() {
            try await write(["BGSAVE"], state: "rdb_bgsave_in_progress", nil, "rdb_last_bgsave_status")
        }
    }

    /// Has a file written from what is there from now on, and waits for it.
    private func write(
        _ command: RedisCommand,
        state name: String,
        _ scheduled: String?,
        _ outcome: String
    ) async throws {
        while true {
            // One that is being written may have begun before the last deletion.
            _ = try await idle(name, scheduled)
            do {
                _ = try await redis.send(command, within: nil)
                break
            } catch  where error.code == .server && error.message.contains("in progress") {
                continue
            } catch {
                throw RedisFault.translate(error, logger: logger)
            }
        }
        let state = try await idle(name, scheduled)
        guard state[outcome] == "ok" else {
            throw ParleyError.unavailable(
                "Redis could not write its files: look at its log.",
                retryAfter: RedisFault.mendingTime
            )
        }
    }

    private func idle(_ name: String, _ scheduled: String?) async throws -> [String: String] {
        while true {
            let state = try await persistence()
            if state[name] != "1", scheduled.map({ state[$0] != "1" }) ?? true { return state }
            // Redis tells nobody that it is through: it has to be asked.
            try await Task.sleep(for: Self.interval)
        }
    }

    /// Whether there are snapshots: where they are written now and then, or one was since Redis started, or it does not tell.
    private func keepsSnapshots() async throws -> Bool {
        do {
            let save = RedisHash(try await redis.send(["CONFIG", "GET", "save"], within: nil))["save"]
            guard save == "" else { return true }
        } catch  where error.code == .server {
            return true
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
        return try await persistence()["rdb_saves"] != "0"
    }

    private func persistence() async throws -> [String: String] {
        do {
            return try await RedisDurability.info("persistence", redis, nil)
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }
}
