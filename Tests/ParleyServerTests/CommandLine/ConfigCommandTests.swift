import Foundation
import Testing

@testable import parley

@Suite("parley config", .timeLimit(.minutes(15)))
struct ConfigCommandTests {
    @Test("docs/configuration.md is what parley config doc prints")
    func document() async throws {
        let kept = try String(contentsOf: Repository.url("docs/configuration.md"), encoding: .utf8)
        try await ParleyHome.with { home in
            let printed = try await home.run("config", "doc")
            #expect(printed.ending == .exit(0))
            #expect(printed.output == kept, "Make it anew: .build/debug/parley config doc > docs/configuration.md")
        }
    }

    @Test("Without any setting the configuration is in order, and prints its defaults")
    func defaults() async throws {
        try await ParleyHome.with { home in
            #expect(try await home.run("config", "check").ending == .exit(0))
            let printed = try await home.run("config", "print")
            let lines = SettingKey.all.map { "\($0.name): \($0.defaultText ?? "")" }
            #expect(printed.output.split(separator: "\n").map(String.init) == lines)
        }
    }

    @Test("Every problem of every source stands on a line of its own, with status 78", arguments: ["check", "print"])
    func problems(command: String) async throws {
        try await ParleyHome.with { home in
            try home.write("http:\n  hots: example.org\nsignup: maybe\n", to: "parley.yaml")
            let result = try await home.run(
                "config",
                command,
                "--config",
                "parley.yaml",
                "--http-port",
                "65536",
                environment: ["PARLEY_LOG_LEVLE": "info", "PARLEY_JWT_SECRET": "short"]
            )
            #expect(result.ending == .exit(78))
            #expect(result.output == "")
            let complaints: Set = [
                "parley: http.hots: is not known; did you mean http.host?",
                "parley: PARLEY_LOG_LEVLE: is not known; did you mean PARLEY_LOG_LEVEL?",
                "parley: http.port: must be an integer from 0 to 65535, not 65536.",
                "parley: signup: must be one of open, closed, not maybe.",
                "parley: jwt.secret: The secret is 5 bytes long; HS256 needs at least 32.",
            ]
            #expect(Set(result.complaints) == complaints)
            #expect(result.complaints.count == complaints.count)
        }
    }

    @Test("A server with a wrong configuration opens no database and no socket")
    func serve() async throws {
        try await ParleyHome.with { home in
            let result = try await home.run("serve", "--http-port", "x")
            #expect(result.ending == .exit(78))
            #expect(!FileManager.default.fileExists(atPath: home.path("parley.db")))
        }
    }

    @Test("A secret is shown as set, and never itself")
    func secrets() async throws {
        try await ParleyHome.with { home in
            let secret = "a canary that must not be seen anywhere"
            for key in SettingKey.all where key.isSecret {
                let value = key.name == "jwt.secrets" ? "one=\(secret)" : secret
                let printed = try await home.run("config", "print", environment: [key.variable: value])
                #expect(printed.ending == .exit(0))
                #expect(printed.output.contains("\(key.name): (set)\n"), "\(key.name)")
                #expect(!(printed.output + printed.errors).contains("canary"), "\(key.name)")
            }
        }
    }

    /// A value of each key that is not its default.
    private static let values = [
        "http.host": "::1", "http.port": "7", "http.origins": "https://a.example,https://b.example:8443",
        "http.proxies": "10.1.0.0/16,::1", "http.ws_deflate": "on", "http.assets": "/",
        "store": "postgres://parley:pw@db.example/parley?sslmode=require",
        "redis": "rediss://:pw@cache.example/1", "mirror": "sqlite:mirror.db",
        "cache.ttl": "60", "cache.limit": "20", "signup": "closed",
        "operators": "ada@example.org,grace@example.org",
        "jwt.secrets": "one=" + String(repeating: "s", count: 32),
        "jwt.jwks": "keys.json", "jwt.issuer": "an issuer", "jwt.audience": "an audience", "jwt.identity": "sub",
        "model.url": "https://models.example/v1", "model.api_key": "a key", "model.name": "a name",
        "model.names": "a name,another", "model.filters": "source=wiki|mail,year=2026",
        "model.titles": "off", "personas": "personas",
        "model.extensions": "on", "model.first_token_timeout": "7", "model.timeout": "77",
        "limits.rates": "off", "log.level": "debug", "log.format": "json", "log.slow_request": "7",
        "log.slow_statement": "8", "metrics": "on",
    ]

    @Test("Every setting can be an option, a variable and a line of a file", arguments: ["option", "variable", "file"])
    func everySource(source: String) async throws {
        // Beside jwt.secrets it is refused; what it does, the tests of parley token see.
        let keys = SettingKey.all.filter { $0.name != "jwt.secret" }
        #expect(Set(keys.map(\.name)) == Set(Self.values.keys))
        try await ParleyHome.with { home in
            try FileManager.default.createDirectory(
                atPath: home.path("personas"),
                withIntermediateDirectories: false
            )
            var arguments = ["config", "print"]
            var environment: [String: String] = [:]
            var file: [String] = []
            for key in keys {
                let value = try #require(Self.values[key.name])
                switch source {
                case "option": arguments += [key.option, value]
                case "variable": environment[key.variable] = value
                default: file.append("\(key.name): \"\(value)\"")
                }
            }
            if source == "file" {
                try home.write(file.joined(separator: "\n"), to: "parley.yaml")
                arguments += ["--config", "parley.yaml"]
            }
            let printed = try await home.run(arguments, environment: environment)
            let shown = keys.map { "\($0.name): \($0.shown(Self.values[$0.name] ?? ""))" }
            let lines = printed.output.split(separator: "\n").filter { $0 != "jwt.secret: " }
            #expect(lines.map(String.init) == shown)
            #expect(!printed.output.contains("pw"))
            #expect(printed.errors == "")
        }
    }

    @Test("An option counts before the environment, the environment before the file that PARLEY_CONFIG names")
    func precedence() async throws {
        try await ParleyHome.with { home in
            try home.write(#"{"http": {"port": 1, "host": "::1"}, "jwt": {"issuer": "file"}}"#, to: "parley.json")
            let printed = try await home.run(
                "config",
                "print",
                "--http-port",
                "3",
                environment: [
                    "PARLEY_CONFIG": "parley.json", "PARLEY_HTTP_PORT": "2", "PARLEY_HTTP_HOST": "localhost",
                ]
            )
            let lines = printed.output.split(separator: "\n")
            #expect(lines.contains("http.port: 3"))
            #expect(lines.contains("http.host: localhost"))
            #expect(lines.contains("jwt.issuer: file"))
        }
    }
}
