import Testing

@testable import parley

@Suite("Where settings come from")
struct SettingsSourceTests {
    @Test("Every key is read from its variable and from its option", arguments: SettingKey.all)
    func keys(key: SettingKey) async {
        let option = await SettingsSource(options: [key.name: "a value"]).read()
        #expect(option.values == [key.name: "a value"])
        #expect(option.problems == [])
        let variable = await SettingsSource(environment: [key.variable: "a value"]).read()
        #expect(variable.values == [key.name: "a value"])
        #expect(variable.problems == [])
    }

    @Test("What an earlier source leaves out, a later one may say", arguments: [true, false])
    func order(hasOption: Bool) async {
        let source = SettingsSource(
            options: hasOption ? ["http.port": "1"] : [:],
            environment: ["PARLEY_HTTP_PORT": "2", "PARLEY_HTTP_HOST": "::1", "PATH": "/bin"]
        )
        #expect(await source.read().values == ["http.port": hasOption ? "1" : "2", "http.host": "::1"])
    }

    @Test("An empty variable counts as none")
    func empty() async {
        let (values, problems) = await SettingsSource(environment: ["PARLEY_MODEL_URL": "", "PARLEY_CONFIG": ""]).read()
        #expect(values == [:])
        #expect(problems == [])
    }

    @Test(
        "A variable nobody knows is a problem that names the nearest one",
        arguments: [
            ("PARLEY_HTTP_PROT", "PARLEY_HTTP_PORT"), ("PARLEY_HTTPORT", "PARLEY_HTTP_PORT"),
            ("PARLEY_JWT_SECRET_FLE", "PARLEY_JWT_SECRET_FILE"), ("PARLEY_CONFIGURATION", "PARLEY_CONFIG"),
            ("PARLEY_MODEL_APIKEY", "PARLEY_MODEL_API_KEY"), ("PARLEY_store", "PARLEY_STORE"),
        ]
    )
    func unknownVariable(name: String, nearest: String) async {
        let (_, problems) = await SettingsSource(environment: [name: "x"]).read()
        #expect(problems == [SettingProblem(key: name, reason: "is not known; did you mean \(nearest)?")])
    }

    @Test(
        "A file may nest its keys or write them with dots, as YAML or JSON",
        arguments: [
            "http:\n  port: 81\n  origins: [https://a.example, https://b.example]\n",
            "http.port: 81\nhttp.origins: https://a.example,https://b.example\n",
            #"{"http": {"port": 81, "origins": ["https://a.example", "https://b.example"]}}"#,
            "http:\n  port: '81'\n  origins:\n  - https://a.example\n  - https://b.example\nstore: ~\nmodel.url: ''\n",
        ]
    )
    func file(text: String) async throws {
        let (values, problems) = try await read(text)
        #expect(values == ["http.port": "81", "http.origins": "https://a.example,https://b.example"])
        #expect(problems == [])
    }

    @Test("In a file several secrets may be a map by key id")
    func secretsAsMap() async throws {
        let (values, problems) = try await read("jwt:\n  secrets:\n    new: abc\n    old: d=e\n")
        #expect(values == ["jwt.secrets": "new=abc,old=d=e"])
        #expect(problems == [])
    }

    @Test(
        "What is wrong with a file is told in one line each",
        arguments: [
            ("htp:\n  port: 1\n", ["htp.port: is not known; did you mean http.port?"]),
            ("http:\n  file: x\nmodle.url: x\n", nil), ("just words", ["config: the file must hold keys and values."]),
            ("http: [", nil), ("http:\n  port: 1\n  port: 2\n", nil), ("{\"http\": }\n\t", nil),
        ] as [(String, [String]?)]
    )
    func badFile(text: String, expected: [String]?) async throws {
        let (_, problems) = try await read(text)
        #expect(!problems.isEmpty)
        #expect(problems.allSatisfy { !$0.description.contains("\n") })
        if let expected { #expect(problems.map(\.description) == expected) }
    }

    @Test("A file that can't be read is a problem, whichever kind it is")
    func missing() async {
        let config = await SettingsSource(file: "/nowhere/parley.yaml").read()
        #expect(config.problems.map(\.description) == ["config: can't read /nowhere/parley.yaml."])
        let secret = await SettingsSource(environment: ["PARLEY_JWT_SECRET_FILE": "/nowhere/secret"]).read()
        #expect(secret.problems.map(\.description) == ["jwt.secret.file: can't read /nowhere/secret."])
    }

    @Test("A secret's file is read without its last line break; the secret itself counts before it")
    func secretFile() async throws {
        try await ParleyHome.with { home in
            try home.write("from a file \n", to: "key")
            let file = ["PARLEY_MODEL_API_KEY_FILE": home.path("key")]
            #expect(await SettingsSource(environment: file).read().values == ["model.api_key": "from a file "])
            let both = SettingsSource(options: ["model.api_key": "given"], environment: file)
            #expect(await both.read().values == ["model.api_key": "given"])
        }
    }

    @Test(
        "The distance of two words is the least number of letters to change",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("port", "prot", 2), ("kitten", "sitting", 3),
            ("http.port", "http.host", 2), ("é", "e\u{301}", 0), ("flaw", "lawn", 2),
        ]
    )
    func distance(first: String, second: String, expected: Int) {
        #expect(EditDistance.between(first, second) == expected)
        #expect(EditDistance.between(second, first) == expected)
    }

    private func read(_ text: String) async throws -> (values: [String: String], problems: [SettingProblem]) {
        try await ParleyHome.with { home in
            try home.write(text, to: "parley.yaml")
            return await SettingsSource(file: home.path("parley.yaml")).read()
        }
    }
}
