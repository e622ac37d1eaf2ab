import HTTPTypes
import ParleyCore
import Testing

@Suite("parley erase and parley purge", .timeLimit(.minutes(15)))
struct EraseCommandTests {
    @Test("A person is erased while the server runs: looked at first, then gone, and nothing of it in the file")
    func whileServing() async throws {
        let ada = Identity(email: try #require(EmailAddress("ada@example.org")))
        try await ParleyHome.with { home in
            try await RunningServer.with(in: home) { server in
                _ = try await home.run("user", "add", "ada@example.org", "--name", "Ada", input: "password\n")
                let conversation = try await LiveCaller.with(server, as: ada) { caller in
                    let made = try await caller.post("/api/conversations", ["title": "quokkas and numbats"])
                    let id = try #require(made["id"]?.stringValue)
                    let message: JSON = ["role": "user", "content": "thylacine"]
                    #expect(try await caller.post("/api/conversations/\(id)/messages", message).status == .created)
                    return id
                }
                let look = try await home.run("erase", "Ada@example.org", "--dry-run", "--json")
                #expect(look.ending == .exit(0))
                let foreseen = try JSON(parsing: look.output)
                #expect(foreseen["erased"] == false && foreseen["account"] == true)
                #expect(foreseen["conversations"] == 1 && foreseen["messages"] == 1 && foreseen["projects"] == 1)
                let unasked = try await home.run("erase", "ada@example.org")
                #expect(unasked.ending == .exit(65))
                let done = try await home.run("erase", "ada@example.org", "--yes", "--rewrite")
                #expect(done.ending == .exit(0))
                let first = "ada@example.org: an account, sign-ins: 0\n  projects: 1, conversations: 1, messages: 1\n"
                #expect(done.output.hasPrefix(first))
                #expect(done.output.hasSuffix("Erased.\nThe store's files were written anew.\n"))
                for file in ["parley.db", "parley.db-wal"] {
                    let text = try home.read(file)
                    for word in ["thylacine", "numbats", "ada@example.org"] { #expect(!text.contains(word), "\(word)") }
                }
                try await LiveCaller.with(server, as: ada) { caller in
                    let answer = try await caller.get("/api/conversations/\(conversation)")
                    #expect(answer.status == .notFound)
                }
            }
        }
    }

    @Test("What can't be an address, and what contradicts itself, is refused")
    func refused() async throws {
        try await ParleyHome.with { home in
            #expect(try await home.run("erase", "ada").ending == .exit(64))
            #expect(try await home.run("erase", "ada@example.org", "--dry-run", "--rewrite").ending == .exit(64))
            #expect(try await home.run("purge", "--dry-run", "--rewrite").ending == .exit(64))
            let nobody = try await home.run("erase", "ada@example.org", "--yes")
            #expect(nobody.ending == .exit(0) && nobody.output.hasPrefix("ada@example.org: no account"))
        }
    }

    @Test("A purge without anything expired says so")
    func purge() async throws {
        try await ParleyHome.with { home in
            let look = try await home.run("purge", "--dry-run")
            #expect(look.output == "0 expired conversations; nothing was deleted.\n")
            let listed = try await home.run("purge", "--dry-run", "--json")
            #expect(try JSON(parsing: listed.output) == ["expired": [], "has_more": false])
            #expect(try await home.run("purge").output == "Deleted 0 expired conversations.\n")
            let done = try await home.run("purge", "--json", "--rewrite")
            #expect(try JSON(parsing: done.output) == ["deleted": 0, "rewritten": true])
        }
    }
}
