import Foundation
import HTTPTypes
import ParleyCore
import Testing

@Suite("A server that can't start says why in one line", .timeLimit(.minutes(15)))
struct StartFailureTests {
    @Test("A second server on the same file is refused, and the first goes on")
    func sameFile() async throws {
        try await ParleyHome.with { home in
            try await RunningServer.with(in: home) { server in
                let second = try await home.run("serve", "--http-port", "0")
                expect(second, "parley: The database parley.db is in use by another Parley process.")
                try await LiveCaller.with(server) { caller in
                    let answer = try await caller.post("/api/conversations", [:])
                    #expect(answer.status == .created)
                }
            }
        }
    }

    @Test("A port in use is refused, and named")
    func samePort() async throws {
        try await ParleyHome.with { home in
            try await RunningServer.with(in: home) { server in
                let port = try #require(server.address.split(separator: ":").last)
                let second = try await home.run("serve", "--http-port", "\(port)", "--store", "sqlite:other.db")
                expect(second, "parley: can't listen on 127.0.0.1:\(port): Address already in use.")
            }
        }
    }

    @Test("A host that is none is refused, and named", arguments: ["nosuch.invalid", "203.0.113.1"])
    func noHost(host: String) async throws {
        try await ParleyHome.with { home in
            let server = try await home.run("serve", "--http-port", "0", "--http-host", host)
            expect(server, "parley: can't listen on \(host):0: ")
        }
    }

    @Test(
        "A file that is no database of ours is refused, and left as it is",
        arguments: [
            ("garbage", "it is not a SQLite database"), (" SQLite format 3\u{0}", "it is not a SQLite database"),
        ]
    )
    func otherFile(content: String, reason: String) async throws {
        try await ParleyHome.with { home in
            let text = String(repeating: content, count: 1000)
            try home.write(text, to: "parley.db")
            let server = try await home.run("serve", "--http-port", "0")
            expect(server, "parley: The database parley.db can't be opened: \(reason)")
            #expect(try home.read("parley.db") == text)
        }
    }

    @Test("A database whose pages are overwritten is refused")
    func damaged() async throws {
        try await ParleyHome.with { home in
            try await RunningServer.with(in: home) { server in
                server.process.send(SIGTERM)
                #expect(await server.process.ending() == .exit(0))
            }
            let url = home.directory.appendingPathComponent("parley.db")
            var bytes = try Data(contentsOf: url)
            bytes.replaceSubrange(100..<4096, with: repeatElement(0xA5, count: 3996))
            try bytes.write(to: url)
            expect(try await home.run("serve", "--http-port", "0"), "parley: The database parley.db can't be opened: ")
        }
    }

    @Test("A directory that is not there is named")
    func noDirectory() async throws {
        try await ParleyHome.with { home in
            let server = try await home.run("serve", "--http-port", "0", "--store", "sqlite:no/such/parley.db")
            expect(server, "parley: The database no/such/parley.db can't be opened: ")
        }
    }

    @Test("A signing secret that others may read is a fault of the configuration")
    func secretInTheOpen() async throws {
        try await ParleyHome.with { home in
            try home.write(String(repeating: "s", count: 40), to: "parley.db.secret")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644],
                ofItemAtPath: home.path("parley.db.secret")
            )
            let server = try await home.run("serve", "--http-port", "0")
            expect(
                server,
                "parley: jwt.secret: The signing secret 'parley.db.secret' can be read by others",
                status: 78
            )
        }
    }

    @Test("A key set that can't be used is a fault of the configuration, found also by config check")
    func keySet() async throws {
        try await ParleyHome.with { home in
            let (old, twin) = (Provider(kid: "one"), Provider(kid: "one"))
            try home.write(Provider.keySet(of: old, twin), to: "keys.json")
            let complaint =
                "parley: jwt.jwks: The key set can't be used: keys[1] (kid 'one') bears the kid of a key before"
            expect(try await home.run("serve", "--http-port", "0", "--jwt-jwks", "keys.json"), complaint, status: 78)
            expect(try await home.run("config", "check", "--jwt-jwks", "keys.json"), complaint, status: 78)
            let missing = try await home.run("config", "check", "--jwt-jwks", "none.json")
            expect(missing, "parley: jwt.jwks: The key set 'none.json' can't be opened: ", status: 78)
            #expect(!FileManager.default.fileExists(atPath: home.path("parley.db.secret")))
        }
    }

    /// One line of complaint, an exit status to test for, and no greeting.
    private func expect(_ result: CommandResult, _ beginning: String, status: Int32 = 69) {
        #expect(result.ending == .exit(status))
        #expect(result.output == "")
        #expect(result.complaints.count == 1, "\(result.errors)")
        #expect(result.errors.hasPrefix(beginning), "\(result.errors)")
    }
}
