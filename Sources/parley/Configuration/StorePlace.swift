import LibPQ
import RedisWire

/// Where conversations are kept.
enum StorePlace: Hashable, Sendable, CustomStringConvertible {
    /// In a file of SQLite's.
    case sqlite(path: String)
    /// In a database of PostgreSQL's, by libpq's connection URL.
    case postgres(url: String)
    /// In a Redis.
    case redis(url: String)

    /// Reads the setting; `nil` where it is none of these.
    init?(_ text: String) {
        let scheme = "sqlite:"
        if text.hasPrefix(scheme), text.count > scheme.count {
            self = .sqlite(path: String(text.dropFirst(scheme.count)))
        } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self = .postgres(url: text)
        } else if Self.redisSchemes.contains(where: { text.hasPrefix($0 + "://") }) {
            self = .redis(url: text)
        } else {
            return nil
        }
    }

    private static let redisSchemes = [
        "redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster",
    ]

    /// What is wrong with the place, as far as can be told without going there.
    var flaw: String? {
        switch self {
        case .sqlite: nil
        case .postgres(let url): PostgresSettings(url: url).flawOfURL().map { "is no URL that libpq takes: \($0)." }
        case .redis(let url): Self.flaw(ofRedis: url)
        }
    }

    private static func flaw(ofRedis url: String) -> String? {
        do throws(RedisError) {
            _ = try RedisURL(url)
            return nil
        } catch {
            return "is no URL of a Redis: \(error.message)"
        }
    }

    /// The place without passwords.
    var description: String {
        switch self {
        case .sqlite(let path): path
        case .postgres(let url), .redis(let url): PasswordMask.mask(url)
        }
    }
}
