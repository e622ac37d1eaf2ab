import Foundation
import HTTPTypes
import NIOHTTP1
import ParleyCore
import Testing

@Suite("What a server logs", .timeLimit(.minutes(15)))
struct LogTests {
    @Test("With log.format=json every line is one JSON object, and none tells a text, a token or a secret")
    func json() async throws {
        try await ParleyHome.with { home in
            let options = ["--log-format", "json", "--log-level", "info"]
            let name = try await RunningServer.with(in: home, options: options) { server in
                try await LiveCaller.with(server) { caller in
                    let turn = try await caller.post("/api/chat", ["message": "a canary\n{\"level\":\"forged\"}"])
                    #expect(turn.status == .ok)
                    let wrong = try await caller.get("/api/auth/me", headers: ["Authorization": "Bearer x.canary.y"])
                    #expect(wrong.status == .unauthorized)
                    server.process.send(SIGTERM)
                    #expect(await server.process.ending() == .exit(0))
                }
                return server.logName
            }
            let log = try home.read(name)
            #expect(!log.isEmpty)
            for line in log.split(separator: "\n") {
                let object = try JSON(parsing: Array(line.utf8))
                for member in ["time", "level", "logger", "message"] {
                    #expect(object[member]?.stringValue?.isEmpty == false, "\(line)")
                }
            }
            for canary in ["canary", "forged", RunningServer.secret] { #expect(!log.contains(canary)) }
        }
    }

    @Test(
        "A log that can't be written ends no server",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
        arguments: ["json", "text"]
    )
    func fullDisk(format: String) async throws {
        try await ParleyHome.with { home in
            let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
            try await RunningServer.with(in: home, options: ["--log-format", format], log: full) { server in
                try await LiveCaller.with(server) { caller in
                    let answer = try await caller.post("/api/conversations", [:])
                    #expect(answer.status == .created)
                }
                server.process.send(SIGTERM)
                #expect(await server.process.ending() == .exit(0))
            }
        }
    }
}
