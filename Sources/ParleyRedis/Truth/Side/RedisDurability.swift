public import ParleyCore
public import RedisWire

/// What a Redis says of itself: whether it will do as a truth, and what of it may lose what was acknowledged.
public struct RedisDurability: Hashable, Sendable {
    /// The oldest Redis that will do.
    public static let oldestVersion = [7, 0]
    /// What is asked of it.
    static let settings = ["appendonly", "appendfsync", "maxmemory-policy", "maxmemory"]
    /// How long a client waits where an operator must mend something.
    static let mendingTime = Duration.seconds(10)

    /// Its version as it says it, such as `7.2.5`.
    public var version: String
    /// Whether it follows another one, and takes no writes.
    public var isReplica: Bool
    /// What of its settings it tells; one that it doesn't tell is missing.
    public var settings: [String: String]
    /// Whether the last write to the file that commands are appended to went well.
    public var lastAppendFailed: Bool

    /// Describes a Redis.
    public init(
        version: String,
        isReplica: Bool = false,
        settings: [String: String] = [:],
        lastAppendFailed: Bool = false
    ) {
        self.version = version
        self.isReplica = isReplica
        self.settings = settings
        self.lastAppendFailed = lastAppendFailed
    }

    /// Asks a Redis.
    ///
    /// Where `CONFIG` is forbidden, the settings stay unknown.
    ///
    /// - Throws: ``RedisWire/RedisError`` where it does not answer, or not yet.
    public static func of(
        _ redis: any RedisCommanding,
        within timeout: Duration? = nil
    ) async throws(RedisError) -> RedisDurability {
        let server = try await info("server", redis, timeout)
        let replication = try await info("replication", redis, timeout)
        let persistence = try await info("persistence", redis, timeout)
        var settings: [String: String] = [:]
        for name in Self.settings {
            do throws(RedisError) {
                let reply = try await redis.send(["CONFIG", "GET", .string(name)], within: timeout)
                settings[name] = RedisHash(reply)[name]
            } catch  where error.code == .server {
                // Hosted ones forbid it, or have given it another name.
                break
            }
        }
        return RedisDurability(
            version: server["redis_version"] ?? "",
            isReplica: replication["role"] == "slave",
            settings: settings,
            lastAppendFailed: persistence["aof_last_write_status"] == "err"
        )
    }

    static func info(
        _ section: String,
        _ redis: any RedisCommanding,
        _ timeout: Duration?
    ) async throws(RedisError) -> [String: String] {
        let text = try await redis.send(["INFO", .string(section)], within: timeout).string ?? ""
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        return fields
    }

    /// Refuses a Redis that conversations can't be kept in.
    public func requireUsable() throws(ParleyError) {
        let numbers = version.split(separator: ".").map { Int($0) ?? 0 }
        guard !numbers.lexicographicallyPrecedes(Self.oldestVersion) else {
            let oldest = Self.oldestVersion.map(String.init).joined(separator: ".")
            throw .unavailable(
                "Redis \(oldest) or later is needed; this is \(version.isEmpty ? "none" : version).",
                retryAfter: Self.mendingTime
            )
        }
        guard !isReplica else {
            throw .unavailable(
                "This Redis is a replica and takes no writes: name its master, or its Sentinels.",
                retryAfter: Self.mendingTime
            )
        }
    }

    /// What of several masters' settings may lose acknowledged writes, each sentence once.
    public static func warnings(of reports: [RedisDurability]) -> [String] {
        var seen: Set<String> = []
        return reports.flatMap(\.warnings).filter { seen.insert($0).inserted }
    }

    /// What of its settings may lose acknowledged writes, in a sentence each.
    public var warnings: [String] {
        var warnings: [String] = []
        if lastAppendFailed { warnings.append("Redis could not write to its append-only file: look at its disk.") }
        let unknown = Self.settings.filter { settings[$0] == nil }
        if !unknown.isEmpty {
            warnings.append(
                "Redis does not tell \(unknown.joined(separator: ", ")): whether it keeps what it acknowledges can't be told."
            )
        }
        if let value = settings["appendonly"], value != "yes" {
            warnings.append(
                "appendonly is \(value): when Redis ends, all that was written since its last snapshot is lost."
            )
        } else if let value = settings["appendfsync"], value != "always" {
            let loss = value == "everysec" ? "about a second of" : "many"
            warnings.append("appendfsync is \(value): a crash of the machine may lose \(loss) acknowledged writes.")
        }
        if let value = settings["maxmemory-policy"], value != "noeviction" {
            let now = settings["maxmemory"] == "0" ? " as soon as maxmemory is set" : " when its memory is full"
            warnings.append("maxmemory-policy is \(value): Redis throws conversations away\(now). Set noeviction.")
        }
        return warnings
    }
}
