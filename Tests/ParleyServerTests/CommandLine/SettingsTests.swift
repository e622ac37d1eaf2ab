import Logging
import ParleyAuth
import ParleyChat
import ParleyCore
import ParleyServer
import Testing

@testable import parley

@Suite("Settings")
struct SettingsTests {
    @Test("Without values everything has its documented default")
    func defaults() throws {
        let settings = try Settings(values: [:])
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 8080)
        #expect(settings.store == .sqlite(path: "parley.db"))
        #expect(settings.redis == nil)
        #expect(settings.cacheLifetime == .seconds(3600))
        #expect(settings.cacheLimit == 15)
        #expect(settings.issuer == "parley")
        #expect(settings.audience == "parley")
        #expect(settings.identityClaim == .email)
        #expect(settings.modelURL == nil)
        #expect(!settings.usesModelExtensions)
        #expect(settings.firstTokenTimeout == .seconds(120))
        #expect(settings.modelTimeout == .seconds(1800))
        #expect(settings.keepsRates)
        #expect(settings.logLevel == .info)
        #expect(!settings.logsJSON)
        #expect(settings.slowRequest == .seconds(1))
        #expect(settings.metrics == nil)
    }

    @Test("Values become what they mean")
    func values() throws {
        let settings = try Settings(values: [
            "http.port": "0", "http.origins": " https://a.example , ,http://b.example:81", "store": "sqlite:/a b/c.db",
            "jwt.secrets": "new=\(Self.secret),old:\(Self.secret)=", "jwt.identity": "sub", "limits.rates": "off",
            "log.level": "trace", "log.format": "json", "jwt.jwks": "/a b/keys.json",
            "model.url": "http://[::1]:11434/v1", "model.extensions": "on", "model.first_token_timeout": "7",
            "model.timeout": "77", "log.slow_request": "0",
        ])
        #expect(settings.port == 0)
        #expect(settings.origins == ["https://a.example", "http://b.example:81"])
        #expect(settings.store == .sqlite(path: "/a b/c.db"))
        #expect(settings.secrets.map(\.kid) == ["new", "old"])
        #expect(settings.keySet == .file("/a b/keys.json"))
        #expect(settings.identityClaim == .sub)
        #expect(!settings.keepsRates)
        #expect(settings.logLevel == .trace)
        #expect(settings.logsJSON)
        #expect(settings.modelURL == "http://[::1]:11434/v1")
        #expect(settings.usesModelExtensions)
        #expect(settings.firstTokenTimeout == .seconds(7))
        #expect(settings.modelTimeout == .seconds(77))
        #expect(settings.slowRequest == .zero)
    }

    @Test("Models and filters to choose from are lists")
    func choices() throws {
        let settings = try Settings(values: [
            "model.names": "small, large", "model.extensions": "on", "model.filters": "source=wiki|mail, year = 2026",
        ])
        #expect(settings.modelNames == ["small", "large"])
        let filters = [
            FilterChoice(name: "source", values: ["wiki", "mail"]), FilterChoice(name: "year", values: ["2026"]),
        ]
        #expect(settings.modelFilters == filters)
    }

    @Test(
        "What is no list of choices is refused",
        arguments: [
            ("model.names", "a,b,a", "on"), ("model.filters", "source", "on"), ("model.filters", "source=", "on"),
            ("model.filters", "=wiki", "on"), ("model.filters", "a=b|b", "on"), ("model.filters", "a=b,a=c", "on"),
            ("model.filters", "a=b", "off"),
        ]
    )
    func flawedChoices(key: String, value: String, extensions: String) {
        let error = #expect(throws: InvalidSettings.self) {
            try Settings(values: [key: value, "model.extensions": extensions])
        }
        #expect(error?.problems.map(\.key) == [key])
    }

    @Test(
        "What is counted is shown on this machine by default, and elsewhere only where the configuration says so",
        arguments: [
            ("127.0.0.1", nil, .direct), ("::1", nil, .direct), ("0.0.0.0", nil, nil), ("192.0.2.1", nil, nil),
            ("127.0.0.1", "on", .everyone), ("0.0.0.0", "on", .everyone), ("127.0.0.1", "off", nil),
            ("0.0.0.0", "off", nil),
        ] as [(String, String?, MetricsPage.Readers?)]
    )
    func metrics(host: String, setting: String?, readers: MetricsPage.Readers?) throws {
        var values = ["http.host": host]
        values["metrics"] = setting
        #expect(try Settings(values: values).metricsReaders == readers)
    }

    @Test(
        "Sign-up is open where only this machine reaches the server, unless the configuration says otherwise",
        arguments: [
            ("127.0.0.1", nil, SignupPolicy.open), ("127.8.9.1", nil, .open), ("localhost", nil, .open),
            ("::1", nil, .open), ("0.0.0.0", nil, .closed), ("::", nil, .closed), ("192.0.2.1", nil, .closed),
            ("1270.example", nil, .closed), ("0.0.0.0", "open", .open), ("127.0.0.1", "closed", .closed),
        ] as [(String, String?, SignupPolicy)]
    )
    func signup(host: String, setting: String?, policy: SignupPolicy) throws {
        var values = ["http.host": host]
        values["signup"] = setting
        #expect(try Settings(values: values).effectiveSignup == policy)
    }

    @Test(
        "A wrong value is a problem of its key, in words that say what is right",
        arguments: [
            ("http.port", "-1", "from 0 to 65535"), ("http.port", "8080x", "from 0 to 65535"),
            ("http.port", "65536", "from 0 to 65535"), ("http.origins", "a.example", "scheme://host"),
            ("http.origins", "https://a.example/path", "scheme://host"), ("store", "parley.db", "sqlite:"),
            ("store", "sqlite:", "sqlite:"), ("store", "mysql://cache", "postgres://"),
            ("store", "postgres://h/d?nosuch=1", "nosuch"), ("store", "postgres://u:pw@[h/d", "can't be read"),
            ("redis", "cache:6379", "redis://"),
            ("redis", "redis://cache", "store in a file"), ("http.proxies", "proxy", "no network"),
            ("operators", "ada@example.org,ada", "ada is no e-mail address"),
            ("signup", "Open", "one of open, closed"), ("jwt.secret", "31 bytes are not enough bytes..", "at least 32"),
            ("jwt.secret", "a-string-secret-at-least-256-bits-long", "public documentation"),
            ("jwt.secret", "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0", "of another kind"),
            (
                "jwt.secret", #"{"kty":"RSA","n":"sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoW","e":"AQAB"}"#,
                "of another kind"
            ),
            ("jwt.secrets", "no-kid", "kid=secret"), ("jwt.secrets", "one=short", "The secret 'one' is 5 bytes long"),
            ("jwt.secrets", "a=\(secret),a=\(secret)", "stands twice"), ("jwt.identity", "name", "one of email, sub"),
            ("jwt.jwks", "http://127.0.0.1/keys", "https URL"), ("jwt.jwks", "file:///keys.json", "https URL"),
            ("jwt.jwks", "https://", "https URL"), ("jwt.jwks", "", "path of a file"),
            ("model.url", "localhost:11434", "http or https"), ("model.url", "http://", "http or https"),
            ("model.extensions", "yes", "one of on, off"), ("model.timeout", "0", "from 1 to 86400"),
            ("model.first_token_timeout", "3601", "from 1 to 3600"), ("limits.rates", "yes", "one of on, off"),
            ("log.level", "loud", "one of trace, debug"),
            ("log.format", "xml", "one of text, json"), ("log.slow_request", "1s", "from 0 to 3600000"),
            ("metrics", "yes", "one of on, off"),
        ]
    )
    func problem(key: String, value: String, reason: String) {
        let error = #expect(throws: InvalidSettings.self) { try Settings(values: [key: value]) }
        #expect(error?.problems.map(\.key) == [key])
        #expect(error?.problems.first?.reason.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("Operators are named by their addresses, however those are written; each that is none is told of")
    func operators() {
        #expect((try? Settings(values: [:]))?.operators == [])
        let settings = try? Settings(values: ["operators": " Ada@Example.org , ada@example.org,grace@example.org,"])
        #expect(settings?.operators.map(\.value).sorted() == ["ada@example.org", "grace@example.org"])
        let error = #expect(throws: InvalidSettings.self) {
            try Settings(values: ["operators": "ada, grace@example.org, @"])
        }
        #expect(error?.problems.map(\.reason) == ["ada is no e-mail address.", "@ is no e-mail address."])
    }

    @Test("A secret that is refused is not quoted")
    func quoting() {
        let error = #expect(throws: InvalidSettings.self) {
            try Settings(values: ["jwt.secret": "canary", "jwt.secrets": "canary,b=canary"])
        }
        #expect(error?.description.contains("canary") == false)
    }

    @Test("jwt.secret and jwt.secrets together are refused: which of them signs would be a guess")
    func bothSecrets() {
        let error = #expect(throws: InvalidSettings.self) {
            try Settings(values: ["jwt.secret": Self.secret, "jwt.secrets": "a=\(Self.secret)"])
        }
        #expect(error?.problems.map(\.key) == ["jwt.secret"])
    }

    private static let secret = String(repeating: "s", count: 32)
}
