/// Where Redis is, and who one is there.
///
/// - `redis://user:password@host:port/database`, `rediss://…` with TLS; everything but the host may be left out.
/// - `redis+sentinel://user:password@host1:port1,host2:port2/master/database`, `rediss+sentinel://…`: the hosts are
///   Sentinels, the user and the password are for the Redis they name.
/// - `redis+cluster://user:password@host1:port1,host2:port2/`, `rediss+cluster://…`: the hosts are nodes of a Redis Cluster,
///   any of which says where the others are; the user and the password are the same on all. A cluster has database 0 only.
///
/// Behind a `?`, joined by `&`: `ca_file` (a PEM file to trust instead of the system's), `server_name` (the name that the
/// certificate must be for, where it isn't the host; one for the server's address is as good), `sentinel_user` and `sentinel_password`. Reserved characters are
/// percent-encoded. A URL's description leaves the passwords out.
public struct RedisURL: Hashable, Sendable, CustomStringConvertible {
    /// How the server is found.
    public enum Target: Hashable, Sendable {
        /// It is there.
        case server(RedisEndpoint)
        /// One of these Sentinels knows which server is the master of this name at present.
        case sentinels([RedisEndpoint], master: String)
        /// One of these nodes of a cluster knows where the others are.
        case cluster([RedisEndpoint])
    }

    /// What a scheme says of the hosts.
    private enum Kind {
        case server, sentinel, cluster
    }

    /// A user's name and password; the description leaves the password out.
    public struct Credentials: Hashable, Sendable, CustomStringConvertible {
        /// The user of the access control list; `nil` for the default user.
        public var user: String?
        /// The password.
        public var password: String

        /// Makes credentials.
        public init(user: String? = nil, password: String) {
            self.user = user
            self.password = password
        }

        /// The user's name.
        public var description: String { user ?? "the default user" }
    }

    /// What TLS trusts, and what it expects.
    public struct TLS: Hashable, Sendable {
        /// A PEM file of certificates to trust; `nil` for the system's.
        public var authorityFile: String?
        /// The name that the certificate must be for; `nil` for the host.
        public var serverName: String?

        /// Makes settings.
        public init(authorityFile: String? = nil, serverName: String? = nil) {
            self.authorityFile = authorityFile
            self.serverName = serverName
        }
    }

    /// How the server is found.
    public var target: Target
    /// Who one is at the server.
    public var credentials: Credentials?
    /// Who one is at the Sentinels.
    public var sentinelCredentials: Credentials?
    /// The number of the database.
    public var database: Int
    /// How the connection is encrypted; `nil`: not at all.
    public var tls: TLS?

    /// Makes an address of its parts.
    public init(
        target: Target,
        credentials: Credentials? = nil,
        sentinelCredentials: Credentials? = nil,
        database: Int = 0,
        tls: TLS? = nil
    ) {
        self.target = target
        self.credentials = credentials
        self.sentinelCredentials = sentinelCredentials
        self.database = database
        self.tls = tls
    }

    /// Reads a URL.
    ///
    /// - Throws: ``RedisError/Code/invalidConfiguration`` with what is wrong; never with the URL, which may hold a password.
    public init(_ text: String) throws(RedisError) {
        let (scheme, hierarchy) = try Self.cut(
            text,
            at: "://",
            "A Redis URL begins with redis://, rediss://, redis+sentinel:// or redis+cluster://."
        )
        let (isEncrypted, kind) = try Self.scheme(scheme)
        let (beforeQuery, query) = hierarchy.cut(at: "?")
        let (authority, path) = beforeQuery.cut(at: "/")
        let (hosts, userInfo) = authority.cutLast(at: "@")
        var segments = (path ?? "").split(separator: "/", omittingEmptySubsequences: false)
        if segments.last?.isEmpty == true { segments.removeLast() }

        let endpoints = try Self.endpoints(hosts, defaultPort: kind == .sentinel ? 26379 : 6379)
        switch kind {
        case .sentinel:
            guard let master = segments.first, !master.isEmpty else {
                throw Self.flaw("A Sentinel URL names the master behind the hosts.")
            }
            segments.removeFirst()
            target = .sentinels(endpoints, master: try Self.decode(master))
        case .server:
            guard endpoints.count == 1, let endpoint = endpoints.first else {
                throw Self.flaw("Only a URL of Sentinels or of a cluster has several hosts.")
            }
            target = .server(endpoint)
        case .cluster: target = .cluster(endpoints)
        }
        database = try Self.database(segments)
        guard kind != .cluster || database == 0 else { throw Self.flaw("A cluster has no database but 0.") }
        credentials = try Self.credentials(userInfo)
        tls = isEncrypted ? TLS() : nil
        sentinelCredentials = nil
        if let query { try readQuery(query) }
    }

    /// The URL without its passwords.
    public var description: String {
        let prefix = tls == nil ? "redis" : "rediss"
        let user = credentials.map { "\($0.user ?? "")@" } ?? ""
        return switch target {
        case .server(let endpoint): "\(prefix)://\(user)\(endpoint)/\(database)"
        case .sentinels(let endpoints, let master):
            "\(prefix)+sentinel://\(user)\(endpoints.map(\.description).joined(separator: ","))/\(master)/\(database)"
        case .cluster(let endpoints):
            "\(prefix)+cluster://\(user)\(endpoints.map(\.description).joined(separator: ","))/"
        }
    }

    private mutating func readQuery(_ query: Substring) throws(RedisError) {
        for item in query.split(separator: "&") {
            let (name, encoded) = item.cut(at: "=")
            let value = try Self.decode(encoded ?? "")
            switch name {
            case "ca_file" where tls != nil: tls?.authorityFile = value
            case "server_name" where tls != nil: tls?.serverName = value
            case "ca_file", "server_name": throw Self.flaw("\(name) needs a URL with TLS: rediss://.")
            case "sentinel_user":
                sentinelCredentials = Credentials(user: value, password: sentinelCredentials?.password ?? "")
            case "sentinel_password":
                sentinelCredentials = Credentials(user: sentinelCredentials?.user, password: value)
            default: throw Self.flaw("A Redis URL has no option of the name \(name).")
            }
        }
    }

    private static func scheme(_ scheme: Substring) throws(RedisError) -> (isEncrypted: Bool, Kind) {
        switch scheme {
        case "redis": (false, .server)
        case "rediss": (true, .server)
        case "redis+sentinel": (false, .sentinel)
        case "rediss+sentinel": (true, .sentinel)
        case "redis+cluster": (false, .cluster)
        case "rediss+cluster": (true, .cluster)
        default: throw flaw("The scheme must be redis or rediss, alone or with +sentinel or +cluster.")
        }
    }

    private static func endpoints(_ hosts: Substring, defaultPort: Int) throws(RedisError) -> [RedisEndpoint] {
        var endpoints: [RedisEndpoint] = []
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            endpoints.append(try endpoint(host, defaultPort: defaultPort))
        }
        return endpoints
    }

    private static func endpoint(_ text: Substring, defaultPort: Int) throws(RedisError) -> RedisEndpoint {
        let host: Substring
        let port: Substring?
        if text.first == "[" {
            let (address, behind) = text.dropFirst().cut(at: "]")
            guard let behind, behind.isEmpty || behind.first == ":" else {
                throw flaw("An IPv6 address stands in brackets.")
            }
            (host, port) = (address, behind.isEmpty ? nil : behind.dropFirst())
        } else {
            (host, port) = text.cut(at: ":")
        }
        guard !host.isEmpty else { throw flaw("A host is missing.") }
        guard let port else { return RedisEndpoint(host: try decode(host), port: defaultPort) }
        guard let number = decimal(port), 1...65535 ~= number else { throw flaw("A port is a number from 1 to 65535.") }
        return RedisEndpoint(host: try decode(host), port: number)
    }

    private static func database(_ segments: [Substring]) throws(RedisError) -> Int {
        guard let segment = segments.first else { return 0 }
        guard segments.count == 1, let number = decimal(segment) else {
            throw flaw("The path ends with the database's number.")
        }
        return number
    }

    private static func credentials(_ userInfo: Substring?) throws(RedisError) -> Credentials? {
        guard let userInfo else { return nil }
        let (user, password) = userInfo.cut(at: ":")
        guard let password else { throw flaw("A user comes with a password, as in user:password@host.") }
        return Credentials(user: user.isEmpty ? nil : try decode(user), password: try decode(password))
    }

    private static func decimal(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
    }

    /// Undoes the percent-encoding.
    private static func decode(_ text: Substring) throws(RedisError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = Substring(rest.prefix(2))
            guard digits.utf8.count == 2, digits.first != "+", digits.first != "-",
                let decoded = UInt8(digits, radix: 16)
            else { throw flaw("Behind a % stand two hexadecimal digits.") }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw flaw("It is no UTF-8.") }
        return decoded
    }

    private static func cut(
        _ text: String,
        at separator: String,
        _ message: String
    ) throws(RedisError) -> (Substring, Substring) {
        guard let range = text.firstRange(of: separator) else { throw flaw(message) }
        return (text[..<range.lowerBound], text[range.upperBound...])
    }

    private static func flaw(_ message: String) -> RedisError { RedisError(.invalidConfiguration, message) }
}

extension Substring {
    /// What is before the first `separator`, and what is behind it.
    fileprivate func cut(at separator: Character) -> (Substring, Substring?) {
        guard let index = firstIndex(of: separator) else { return (self, nil) }
        return (self[..<index], self[self.index(after: index)...])
    }

    /// What is behind the last `separator`, and what is before it.
    fileprivate func cutLast(at separator: Character) -> (Substring, Substring?) {
        guard let index = lastIndex(of: separator) else { return (self, nil) }
        return (self[self.index(after: index)...], self[..<index])
    }
}
