/// One key of the configuration, as it is documented and checked.
struct SettingKey: Sendable {
    /// What a value must be.
    enum Kind: Sendable {
        case text
        case integer(ClosedRange<Int>)
        case choice([String])
        case list
    }

    /// What of a value `parley config print` hides.
    enum Secrecy: Sendable {
        /// Nothing.
        case none
        /// The password in a URL.
        case password
        /// All of it.
        case whole
    }

    /// The key with dots, as a file nests it: `http.port`.
    let name: String
    /// What a value must be.
    let kind: Kind
    /// The default as it is documented; none means that nothing is set.
    let defaultText: String?
    /// What it does, in a sentence or two.
    let help: String
    /// What of it is nobody's business.
    var secrecy = Secrecy.none

    /// Whether nothing of it is shown.
    var isSecret: Bool { secrecy == .whole }

    /// Whether a file may hold it: `<key>.file`.
    var mayBeInFile: Bool { secrecy != .none }

    /// The option: `--http-port`.
    var option: String { "--" + dashed }

    /// The environment variable: `PARLEY_HTTP_PORT`.
    var variable: String { "PARLEY_" + dashed.uppercased().replacing("-", with: "_") }

    private var dashed: String { name.replacing(".", with: "-").replacing("_", with: "-") }
}

extension SettingKey {
    /// All keys, in the order of the documentation.
    static let all: [SettingKey] = [
        SettingKey(
            name: "http.host",
            kind: .text,
            defaultText: "127.0.0.1",
            help: "The address to listen on. Other machines reach the server only when it is not a loopback address."
        ),
        SettingKey(
            name: "http.port",
            kind: .integer(0...65_535),
            defaultText: "8080",
            help: "The port to listen on; 0 takes a free one and prints it."
        ),
        SettingKey(
            name: "http.origins",
            kind: .list,
            defaultText: nil,
            help: """
                Origins besides the server's own whose pages may act with a signed-in browser's cookie, such as \
                https://chat.example.org.
                """
        ),
        SettingKey(
            name: "http.proxies",
            kind: .list,
            defaultText: nil,
            help: """
                Proxies on other machines, as addresses or networks such as 10.1.0.0/16, whose X-Forwarded-For and \
                X-Forwarded-Proto are believed. Those on this machine always are.
                """
        ),
        SettingKey(
            name: "http.ws_deflate",
            kind: .choice(["on", "off"]),
            defaultText: "off",
            help: """
                Whether WebSockets are compressed (RFC 7692) where the client offers it: it saves bytes and costs processor \
                time.
                """
        ),
        SettingKey(
            name: "http.assets",
            kind: .text,
            defaultText: nil,
            help: """
                A folder whose files are served as the web app's, read anew for each request, in place of those in the \
                binary: for work on the web app.
                """
        ),
        SettingKey(
            name: "store",
            kind: .text,
            defaultText: "sqlite:parley.db",
            help: """
                Where conversations are kept: sqlite: and the path of a file, which is made when it is missing; or the URL \
                of a PostgreSQL database, such as postgres://parley@db.example.org/parley?sslmode=verify-full, with all \
                that libpq's URLs can say, several hosts included, whose tables are made when they are missing; or the URL \
                of a Redis 7.0 or later, as for redis, that is for nothing else and keeps what it acknowledges \
                (appendonly yes, appendfsync always, maxmemory-policy noeviction).
                """,
            secrecy: .password
        ),
        SettingKey(
            name: "mirror",
            kind: .text,
            defaultText: nil,
            help: """
                A second store, written as the setting store, that is kept like the first: what is written goes to both, \
                first to the store and a moment later to the mirror, whose failures are counted and fail nothing. With \
                "parley copy" and "parley verify" it is the way from one store to another and back.
                """,
            secrecy: .password
        ),
        SettingKey(
            name: "redis",
            kind: .text,
            defaultText: nil,
            help: """
                The URL of a Redis that several instances share, beside a store in PostgreSQL: for the cache, for events \
                between instances and for rate limits. redis://user:password@host:port/database, rediss:// with TLS, \
                redis+sentinel://host1:port1,host2:port2/master with Sentinels. Without it there can be one instance. \
                Where the store is a Redis, that is the default, and there is no cache.
                """,
            secrecy: .password
        ),
        SettingKey(
            name: "cache.ttl",
            kind: .integer(1...604_800),
            defaultText: "3600",
            help: "How many seconds the newest messages of a conversation stay in Redis."
        ),
        SettingKey(
            name: "cache.limit",
            kind: .integer(1...100),
            defaultText: "15",
            help: "How many of a conversation's newest messages are kept in Redis."
        ),
        SettingKey(
            name: "signup",
            kind: .choice(["open", "closed"]),
            defaultText: nil,
            help: """
                Whether anyone who reaches the server may make an account. Default: open when it listens on a loopback \
                address, closed otherwise.
                """
        ),
        SettingKey(
            name: "operators",
            kind: .list,
            defaultText: nil,
            help: """
                The e-mail addresses of those who operate the server: the app shows them a page of figures (messages, \
                people, tokens, latency, how this instance is doing), never a text, a title or an address. Default: none.
                """
        ),
        SettingKey(
            name: "jwt.secret",
            kind: .text,
            defaultText: nil,
            help: """
                The secret of bearer tokens (HS256), at least 32 bytes. Default: one is made at the first start and kept \
                beside the database, in a file that only its owner can read.
                """,
            secrecy: .whole
        ),
        SettingKey(
            name: "jwt.secrets",
            kind: .list,
            defaultText: nil,
            help: """
                Several secrets by key id, each as kid=secret (in a file also as a map), for rotation: tokens name theirs \
                in the header's kid. The first one signs what "parley token" makes.
                """,
            secrecy: .whole
        ),
        SettingKey(
            name: "jwt.jwks",
            kind: .text,
            defaultText: nil,
            help: """
                The path or https URL of a JSON Web Key Set: the public keys of an identity provider, for tokens signed \
                with RS256, ES256 or EdDSA. Keys rotate without a restart: a file is looked at every 30 seconds, a URL \
                every hour and when a token names a key that is not known. When it is set, no secret is made: tokens \
                signed with HS256 hold only where jwt.secret or jwt.secrets is set too.
                """
        ),
        SettingKey(
            name: "jwt.issuer",
            kind: .text,
            defaultText: "parley",
            help: "What a bearer token's iss must be."
        ),
        SettingKey(
            name: "jwt.audience",
            kind: .text,
            defaultText: "parley",
            help: "What a bearer token's aud must be, or hold."
        ),
        SettingKey(
            name: "jwt.identity",
            kind: .choice(["email", "sub"]),
            defaultText: "email",
            help: "Which claim holds the caller's e-mail address."
        ),
        SettingKey(
            name: "model.url",
            kind: .text,
            defaultText: nil,
            help: """
                The base URL of an OpenAI-compatible server, such as http://127.0.0.1:11434/v1. Default: none, and the \
                built-in echo answers.
                """
        ),
        SettingKey(
            name: "model.api_key",
            kind: .text,
            defaultText: nil,
            help: "The bearer key that the model's server wants.",
            secrecy: .whole
        ),
        SettingKey(
            name: "model.name",
            kind: .text,
            defaultText: nil,
            help: "The model to ask for when a turn names none."
        ),
        SettingKey(
            name: "model.names",
            kind: .list,
            defaultText: nil,
            help: """
                The models that people may choose from in the web app. Default: those that the model's server lists. A \
                program may name others.
                """
        ),
        SettingKey(
            name: "model.extensions",
            kind: .choice(["on", "off"]),
            defaultText: "off",
            help: """
                Whether a turn's filters are sent to the model's server as a top-level filters, and a top-level contexts of \
                its answer is kept. OpenAI's own server refuses requests with such a member.
                """
        ),
        SettingKey(
            name: "model.filters",
            kind: .list,
            defaultText: nil,
            help: """
                The filters that people may choose from in the web app, each as name=value|value; they are sent as a \
                turn's filters, {"name":"value"}. Needs model.extensions=on.
                """
        ),
        SettingKey(
            name: "model.first_token_timeout",
            kind: .integer(1...3600),
            defaultText: "120",
            help: """
                How many seconds the model's server may take to begin its answer, connecting and asking again included.
                """
        ),
        SettingKey(
            name: "model.timeout",
            kind: .integer(1...86_400),
            defaultText: "1800",
            help: "How many seconds an answer of the model's server may take as a whole."
        ),
        SettingKey(
            name: "model.titles",
            kind: .choice(["on", "off"]),
            defaultText: "on",
            help: """
                Whether the model is asked, after a conversation's first answer and in the background, for a better title \
                than the beginning of the first message. The built-in echo is never asked.
                """
        ),
        SettingKey(
            name: "personas",
            kind: .text,
            defaultText: nil,
            help: """
                A directory of personas, one YAML or JSON file each, named after what a project's persona says: \
                ai_pm.yaml. See docs/self-hosting.md. Default: none, and only the built-in ai_pm is known.
                """
        ),
        SettingKey(
            name: "limits.rates",
            kind: .choice(["on", "off"]),
            defaultText: "on",
            help: "Whether rate limits are kept."
        ),
        SettingKey(
            name: "log.level",
            kind: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            defaultText: "info",
            help: "From which level on lines are logged, to standard error."
        ),
        SettingKey(
            name: "log.format",
            kind: .choice(["text", "json"]),
            defaultText: "text",
            help: "One line of text, or one JSON object, for each event."
        ),
        SettingKey(
            name: "log.slow_request",
            kind: .integer(0...3_600_000),
            defaultText: "1000",
            help: """
                From how many milliseconds on a request is logged as slow, by its route and its id; 0 logs none. Turns with \
                a model and streams are never slow.
                """
        ),
        SettingKey(
            name: "log.slow_statement",
            kind: .integer(0...3_600_000),
            defaultText: "500",
            help: """
                From how many milliseconds on a statement or transaction of the store is logged as slow, by the name of what \
                it is for; 0 logs none.
                """
        ),
        SettingKey(
            name: "metrics",
            kind: .choice(["on", "off"]),
            defaultText: nil,
            help: """
                Whether requests, replies and operations of the store are counted, and shown at /metrics in Prometheus' \
                format, without sign-in. Default: where the server listens on a loopback address they are, but only to \
                programs on this machine: a request that a proxy passed on gets 404. Elsewhere they are not.
                """
        ),
    ]

    /// The names that a source may use, the `.file` forms of secrets included.
    static let knownNames = Set(all.map(\.name) + all.filter(\.mayBeInFile).map { $0.name + ".file" })

    /// Whether a name is that of a key with several values.
    static func isList(_ name: String) -> Bool {
        if case .list? = all.first(where: { $0.name == name })?.kind { true } else { false }
    }

    /// The known name that is most like a mistyped one.
    static func nearest(to name: String) -> String {
        let candidates = knownNames.sorted()
        let nearest = candidates.min { EditDistance.between($0, name) < EditDistance.between($1, name) }
        return nearest ?? candidates[0]
    }
}
