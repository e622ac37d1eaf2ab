import ParleyCore

/// What the keys beside the conversations are called, in a Redis that is the truth.
///
/// - `account:{email}` HASH: `password_hash`, `name`, `department`, `created_at`, and `generation`, which another password
///   replaces: a sign-in that bears another one has ended.
/// - `account:{email}:sign-ins` ZSET: the hashes of the account's tokens in hexadecimal, by when they end, or later: an
///   index, by which an account's sign-ins are found.
/// - `sign-in:{hash}` HASH: `email`, `generation`, `created_at`, `expires_at`.
/// - `people` ZSET: addresses that something is kept of beside projects, all with the score 0, so in the order of bytes. It
///   is written before what it leads to, and may lead nowhere.
/// - `erasing` ZSET: addresses whose erasure has begun and not ended, by when it began.
/// - `query-log` ZSET: the days that lines of the query log are of, such as `2026-05-04`, by their number since 1970.
/// - `query-log:{day}` ZSET: that day's lines as JSON, by time in microseconds; each begins with its message's id.
/// - `signing-secret` STRING: what all servers on this Redis sign with that were given no secret.
///
/// Times are microseconds since 1970. The braces are really there: keys that a script uses together share them, and so a
/// slot of Redis Cluster.
enum SideKeys {
    static let people = "people"
    static let erasing = "erasing"
    static let queryLogDays = "query-log"
    static let signingSecret = "signing-secret"

    static func account(_ email: EmailAddress) -> String { "account:{\(tag(email))}" }
    static func signIns(of email: EmailAddress) -> String { account(email) + ":sign-ins" }
    static func signIn(_ hash: String) -> String { "sign-in:{\(hash)}" }
    static func queryLog(of day: String) -> String { "query-log:{\(day)}" }

    /// An address as it stands between braces: one that holds braces itself would put its keys in different slots.
    private static func tag(_ email: EmailAddress) -> String {
        guard email.value.utf8.contains(where: { [0x25, 0x7B, 0x7D].contains($0) }) else { return email.value }
        return email.value.replacing("%", with: "%25").replacing("{", with: "%7B").replacing("}", with: "%7D")
    }
}
