/// How a connection is made, and what it does without being told.
public struct PostgresSettings: Sendable {
    /// Where the server is: a connection URL or string of libpq's, with everything that it can say about hosts, TLS and
    /// passwords.
    ///
    /// What it says goes before what is said here.
    public var url: String
    /// What the server calls the connection in its views and its log.
    public var applicationName = "libpq-swift"
    /// How long connecting to one of the hosts may take; libpq counts whole seconds and at least two.
    public var connectTimeout = Duration.seconds(2)
    /// How long a statement may take that says nothing else; the server ends it by itself soon after.
    public var statementTimeout = Duration.seconds(5)
    /// How long a statement whose time is up has to end.
    ///
    /// After that the connection is given up.
    public var cancelGrace = Duration.seconds(1)
    /// How many statements are sent before the first of them is answered.
    public var inFlightLimit = 64
    /// How many further statements wait to be sent; the next one fails with `exhausted`.
    public var waitingLimit = 1024
    /// How many statements are prepared in one connection; later ones are parsed each time.
    public var preparedLimit = 256
    /// Run-time parameters to be set once the connection stands, such as `search_path`.
    public var parameters: [String: String] = [:]
    /// The clock that pools, retries and group commits wait by; not that of statements' deadlines.
    public var time = PostgresTime.continuous

    /// Takes a connection URL, and for the rest what is usual.
    public init(url: String) {
        self.url = url
    }
}

extension PostgresSettings: CustomStringConvertible {
    /// The name only: a URL may hold a password.
    public var description: String { "PostgresSettings(\(applicationName))" }
}
