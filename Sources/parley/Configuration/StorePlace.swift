import LibPQ

/// Where conversations are kept.
enum StorePlace: Hashable, Sendable, CustomStringConvertible {
    /// In a file of SQLite's.
    case sqlite(path: String)
    /// In a database of PostgreSQL's, by libpq's connection URL.
    case postgres(url: String)

    /// Reads the setting; `nil` where it is none of these.
    init?(_ text: String) {
        let scheme = "sqlite:"
        if text.hasPrefix(scheme), text.count > scheme.count {
            self = .sqlite(path: String(text.dropFirst(scheme.count)))
        } else if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") {
            self = .postgres(url: text)
        } else {
            return nil
        }
    }

    /// What is wrong with the place, as far as can be told without going there.
    var flaw: String? {
        switch self {
        case .sqlite: nil
        case .postgres(let url): PostgresSettings(url: url).flawOfURL()
        }
    }

    /// The place without passwords.
    var description: String {
        switch self {
        case .sqlite(let path): path
        case .postgres(let url): PasswordMask.mask(url)
        }
    }
}
