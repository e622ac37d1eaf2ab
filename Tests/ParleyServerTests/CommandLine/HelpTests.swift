import Testing

@testable import parley

@Suite("Help and usage", .timeLimit(.minutes(15)))
struct HelpTests {
    @Test("parley --help names every command")
    func commands() async throws {
        try await ParleyHome.with { home in
            let result = try await home.run("--help")
            #expect(result.ending == .exit(0))
            for command in ["serve", "migrate", "import", "export", "token", "user", "config"] {
                #expect(result.output.contains("\n  \(command) "), "\(command)")
            }
        }
    }

    @Test("Every setting has its option, which parley serve --help explains")
    func options() async throws {
        try await ParleyHome.with { home in
            let result = try await home.run("serve", "--help")
            #expect(result.ending == .exit(0))
            // Whatever the width of the terminal, the words are the same.
            let words = result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            for key in SettingKey.all {
                let help = key.help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                #expect(words.contains("\(key.option) <"), "\(key.name)")
                #expect(words.contains(help), "\(key.name)")
            }
        }
    }

    @Test(
        "Every command explains itself",
        arguments: [
            ["migrate", "--help"], ["import", "--help"], ["export", "--help"], ["token", "--help"],
            ["user", "add", "--help"], ["config", "print", "--help"],
            ["config", "check", "--help"],
            ["config", "doc", "--help"],
        ]
    )
    func help(arguments: [String]) async throws {
        try await ParleyHome.with { home in
            let result = try await home.run(arguments)
            #expect(result.ending == .exit(0))
            #expect(result.output.hasPrefix("OVERVIEW: "))
            #expect(result.errors == "")
        }
    }

    @Test("parley --version says which it is")
    func version() async throws {
        try await ParleyHome.with { home in
            let result = try await home.run("--version")
            #expect(result.output == ParleyVersion.text + "\n")
        }
    }

    @Test(
        "What can't be a command line is refused with status 64 and a word to what is wrong",
        arguments: [
            (["serve", "--http-prot", "1"], "Did you mean '--http-port'?"), (["sevre"], "Unexpected argument 'sevre'"),
            (["serve", "--http-port"], "Missing value for '--http-port <port>'"), (["token"], "<email>"),
            (["token", "nobody"], "'nobody' is not an e-mail address."),
            (["token", "ada@example.org", "--minutes", "0"], "--minutes must be from 1 to 525600"),
            (["user", "add", "nobody"], "'nobody' is not an e-mail address."),
        ] as [([String], String)]
    )
    func usage(arguments: [String], complaint: String) async throws {
        try await ParleyHome.with { home in
            let result = try await home.run(arguments)
            #expect(result.ending == .exit(64))
            #expect(result.output == "")
            #expect(result.errors.contains(complaint), "\(result.errors)")
        }
    }
}
