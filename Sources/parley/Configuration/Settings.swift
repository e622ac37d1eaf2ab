import Logging
import ParleyAuth
import ParleyChat
import ParleyCore
import ParleyOpenAI
import ParleyServer
import RedisWire

/// The whole configuration, checked.
struct Settings: Sendable {
    var host = "127.0.0.1"
    var port = 8080
    var origins: [String] = []
    var proxies = TrustedProxies.loopback
    var compressesSockets = false
    /// A folder with the web app's files, if they are not those in the binary.
    var assets: String?
    var store = StorePlace.sqlite(path: "parley.db")
    var mirror: StorePlace?
    var redis: RedisURL?
    var cacheLifetime = Duration.seconds(3600)
    var cacheLimit = 15
    var signup: SignupPolicy?
    var operators: Set<EmailAddress> = []
    var secrets: [HMACSecret] = []
    var keySet: KeySetPlace?
    var issuer = "parley"
    var audience = "parley"
    var identityClaim = TokenSettings.IdentityClaim.email
    var modelURL: String?
    var modelAPIKey: String?
    var modelName: String?
    var modelNames: [String] = []
    var modelFilters: [FilterChoice] = []
    var usesModelExtensions = false
    var firstTokenTimeout = Duration.seconds(120)
    var modelTimeout = Duration.seconds(1800)
    var improvesTitles = true
    var personas = Personas(PersonaFiles.builtIn().personas)
    var keepsRates = true
    var logLevel = Logger.Level.info
    var logsJSON = false
    var slowRequest = Duration.seconds(1)
    var slowStatement = Duration.milliseconds(500)
    var metrics: Bool?

    /// Who may make an account: by default anyone on this machine, and nobody from outside.
    var effectiveSignup: SignupPolicy { signup ?? (listensOnLoopback ? .open : .closed) }

    /// Who is shown what is counted: by default programs on this machine, and nobody from outside.
    var metricsReaders: MetricsPage.Readers? {
        switch metrics {
        case true?: .everyone
        case false?: nil
        case nil: listensOnLoopback ? .direct : nil
        }
    }

    /// Whether only this machine reaches the server.
    var listensOnLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

/// Where the public keys of tokens are.
enum KeySetPlace: Hashable, Sendable {
    /// In a file, by its path.
    case file(String)
    /// Published, by an https URL.
    case url(String)
}

/// What is wrong with a configuration.
struct SettingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key, as its source writes it.
    let key: String
    /// What is wrong, and what to do.
    let reason: String

    var description: String { "\(key): \(reason)" }
}

/// All that is wrong with a configuration, found in one go.
struct InvalidSettings: Error, CustomStringConvertible {
    let problems: [SettingProblem]

    var description: String { problems.map(\.description).joined(separator: "\n") }
}
