import Foundation
import HTTPTypes
import NIOHTTP1
import ParleyCore
import Testing

@Suite("parley token", .timeLimit(.minutes(15)))
struct TokenCommandTests {
    @Test("Without configuration, a token made beside the server is taken by it, and says who and from where")
    func ownSecret() async throws {
        try await ParleyHome.with { home in
            try await RunningServer.with(in: home, environment: [:]) { server in
                let made = try await home.run("token", "Ada@Example.org", "--dept", "Engines")
                #expect(made.ending == .exit(0))
                #expect(made.output.split(separator: "\n").count == 1)
                let me = try await me(of: made.output, at: server)
                #expect(me.status == .ok)
                #expect(me.json == ["email": "ada@example.org", "dept": "Engines"])
            }
        }
    }

    @Test(
        "The first of several secrets signs, and its kid is named",
        arguments: ["jwt.secret.file", "jwt.secrets.file"]
    )
    func secretFile(key: String) async throws {
        let (old, new) = (String(repeating: "o", count: 32), String(repeating: "n", count: 32))
        try await ParleyHome.with { home in
            try home.write((key == "jwt.secret.file" ? new : "new=\(new),old=\(old)") + "\n", to: "secret")
            let environment = ["PARLEY_" + key.uppercased().replacing(".", with: "_"): "secret"]
            try await RunningServer.with(in: home, environment: environment) { server in
                let made = try await home.run(["token", "ada@example.org"], environment: environment)
                #expect(try await me(of: made.output, at: server).status == .ok)
                let other = try await home.run("token", "ada@example.org", "--store", "sqlite:other.db")
                #expect(try await me(of: other.output, at: server).status == .unauthorized)
            }
        }
    }

    @Test("With a provider's key set and no secret, the provider's tokens hold and parley token says why it makes none")
    func keySetAlone() async throws {
        try await ParleyHome.with { home in
            let provider = Provider(kid: "one")
            try home.write(Provider.keySet(of: provider), to: "keys.json")
            let environment = ["PARLEY_JWT_JWKS": "keys.json"]
            try await RunningServer.with(in: home, environment: environment) { server in
                let token = try provider.token(for: "ada@example.org", now: SystemClock().now())
                #expect(try await me(of: token, at: server).json == ["email": "ada@example.org", "dept": "tests"])
                let refused = try await home.run(["token", "ada@example.org"], environment: environment)
                #expect(refused.ending == .exit(78))
                #expect(refused.output == "")
                #expect(refused.errors.hasPrefix("parley: jwt.secret: is not set, and jwt.jwks holds public keys"))
                // No secret is made, and one that lies there does not count.
                let other = try await home.run("token", "ada@example.org")
                #expect(try await me(of: other.output, at: server).status == .unauthorized)
                server.process.send(SIGTERM)
                #expect(await server.process.ending() == .exit(0))
            }
        }
    }

    @Test("A provider that is out of reach keeps no server from starting, and is complained of in the log")
    func providerOutOfReach() async throws {
        try await ParleyHome.with { home in
            // Port 1 of this machine: nobody listens there.
            let environment = [
                "PARLEY_JWT_JWKS": "https://127.0.0.1:1/keys", "PARLEY_JWT_SECRET": RunningServer.secret,
            ]
            try await RunningServer.with(in: home, environment: environment) { server in
                let made = try await home.run(["token", "ada@example.org"], environment: environment)
                #expect(try await me(of: made.output, at: server).status == .ok)
                // A key that nobody knows is fetched for, unless the fetch at the start is under way.
                let stranger = try Provider(kid: "one").token(for: "ada@example.org", now: SystemClock().now())
                #expect(try await me(of: stranger, at: server).status == .unauthorized)
                server.process.send(SIGTERM)
                #expect(await server.process.ending() == .exit(0))
                #expect(try home.read(server.logName).contains("The key set can't be fetched"))
            }
        }
    }

    @Test("Beside a key set a secret that is set still signs")
    func keySetBesideSecret() async throws {
        try await ParleyHome.with { home in
            try home.write(Provider.keySet(of: Provider(kid: "one"), Provider(kid: "two")), to: "keys.json")
            let environment = ["PARLEY_JWT_JWKS": "keys.json", "PARLEY_JWT_SECRET": RunningServer.secret]
            try await RunningServer.with(in: home, environment: environment) { server in
                let made = try await home.run(["token", "ada@example.org"], environment: environment)
                #expect(try await me(of: made.output, at: server).status == .ok)
            }
        }
    }

    private func me(of token: String, at server: RunningServer) async throws -> Answer {
        try await LiveCaller.with(server, as: nil) { caller in
            let token = token.trimmingCharacters(in: .newlines)
            return try await caller.get("/api/auth/me", headers: ["Authorization": "Bearer \(token)"])
        }
    }
}
