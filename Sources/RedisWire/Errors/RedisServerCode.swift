/// The first word of an error that Redis answered with: its kind.
///
/// Redis and its modules can invent more at any time, so this is no closed list.
public struct RedisServerCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word as Redis sends it, such as `READONLY`.
    public let rawValue: String

    /// Makes a code of the word that Redis sends.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// An error without a kind of its own.
    public static let generic = Self(rawValue: "ERR")
    /// The key holds a value of another type.
    public static let wrongType = Self(rawValue: "WRONGTYPE")
    /// The server is a replica: writes go to its master.
    public static let readOnly = Self(rawValue: "READONLY")
    /// The server still loads its data.
    public static let loading = Self(rawValue: "LOADING")
    /// The memory that the server may use is full.
    public static let outOfMemory = Self(rawValue: "OOM")
    /// The server can't write to its disk, and takes no more writes.
    public static let misconfigured = Self(rawValue: "MISCONF")
    /// A script has been running for long.
    public static let busy = Self(rawValue: "BUSY")
    /// The replica has lost its master, and is told not to answer with old data.
    public static let masterDown = Self(rawValue: "MASTERDOWN")
    /// Fewer replicas are connected than writes ask for.
    public static let noReplicas = Self(rawValue: "NOREPLICAS")
    /// Nobody has logged in on this connection.
    public static let noAuthentication = Self(rawValue: "NOAUTH")
    /// The user name or the password is wrong.
    public static let wrongPassword = Self(rawValue: "WRONGPASS")
    /// The user may not do this.
    public static let noPermission = Self(rawValue: "NOPERM")
    /// The server doesn't know the script with this hash.
    public static let noScript = Self(rawValue: "NOSCRIPT")
    /// The server doesn't speak the protocol's version.
    public static let noProtocol = Self(rawValue: "NOPROTO")
    /// The key lives on another node of the cluster.
    public static let moved = Self(rawValue: "MOVED")
    /// The key is just moving to another node of the cluster.
    public static let ask = Self(rawValue: "ASK")
    /// The cluster can't answer for this key.
    public static let clusterDown = Self(rawValue: "CLUSTERDOWN")
    /// The keys of the command are partly here and partly elsewhere: try again.
    public static let tryAgain = Self(rawValue: "TRYAGAIN")
    /// The transaction was dropped because a command in it was refused.
    public static let executionAborted = Self(rawValue: "EXECABORT")

    /// The word as Redis sends it.
    public var description: String { rawValue }

    /// Takes the kind off a message of Redis; one that begins otherwise is ``generic``.
    init(ofMessage message: some StringProtocol) {
        let word = message.prefix { $0 != " " }
        let isCode = !word.isEmpty && word.utf8.allSatisfy { 65...90 ~= $0 || 48...57 ~= $0 || $0 == 95 }
        self = isCode ? Self(rawValue: String(word)) : .generic
    }
}
