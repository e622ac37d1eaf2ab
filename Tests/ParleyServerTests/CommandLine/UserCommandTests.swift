import HTTPTypes
import ParleyCore
import Testing

@Suite("parley user add", .timeLimit(.minutes(15)))
struct UserCommandTests {
    @Test("An account made while the server runs, sign-up closed, signs in over HTTP")
    func whileServing() async throws {
        try await ParleyHome.with { home in
            try await RunningServer.with(in: home, options: ["--signup", "closed"]) { server in
                let made = try await home.run("user", "add", "Ada@Example.org", "--name", "Ada", input: "pass word é\n")
                #expect(made.ending == .exit(0))
                #expect(made.output == "Made an account for ada@example.org.\n")
                try await LiveCaller.with(server, as: nil) { caller in
                    let signIn = try await caller.post(
                        "/api/auth/login",
                        ["email": "ada@example.org", "password": "pass word é"]
                    )
                    #expect(signIn.status == .ok)
                    #expect(signIn["name"] == "Ada")
                    let signUp = try await caller.post(
                        "/api/auth/register",
                        ["email": "bob@example.org", "password": "pass word"]
                    )
                    #expect(signUp.status == .forbidden)
                }
            }
        }
    }

    @Test("An account is made once, also before there is a server")
    func twice() async throws {
        try await ParleyHome.with { home in
            #expect(try await home.run("user", "add", "ada@example.org", input: "password").ending == .exit(0))
            let again = try await home.run("user", "add", "ada@example.org", input: "password")
            #expect(again.ending == .exit(65))
            #expect(again.complaints == ["parley: This e-mail address has an account already."])
        }
    }

    @Test(
        "A password that can't be one is refused with status 65",
        arguments: [
            ("", "parley: There is no password on standard input."),
            ("short\n", "parley: password must be 8 to 1024 bytes long."),
            (String(repeating: "x", count: 1025), "parley: password must be 8 to 1024 bytes long."),
        ]
    )
    func badPassword(input: String, complaint: String) async throws {
        try await ParleyHome.with { home in
            let result = try await home.run("user", "add", "ada@example.org", input: input)
            #expect(result.ending == .exit(65))
            #expect(result.complaints == [complaint])
            #expect(result.output == "")
        }
    }
}
